export type { Counts } from "./ledger.ts";
export { MemoryReplayer, type MemoryReplayerOptions } from "./memory-replayer.ts";
