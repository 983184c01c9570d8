export { MemoryControlStore } from "./control/memory-control-store.ts";
export type { Counts } from "./ledger.ts";
export { MemoryReplayer, type MemoryReplayerOptions } from "./memory-replayer.ts";
