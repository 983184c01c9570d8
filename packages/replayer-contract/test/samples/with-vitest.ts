import { replayQueueContract } from "@helix/replayer-contract";
import { MemoryReplayer } from "@helix/replayer-memory";
import { describe, it } from "vitest";

const contract = replayQueueContract({
  async create() {
    const queue = new MemoryReplayer({ queueCapacity: 100 });
    return { queue, dispose: () => queue.close() };
  },
  capabilities: { quietMs: 20, ordered: true, bounded: { messages: 100 } },
});

describe("MemoryReplayer", () => {
  for (const { group, title, run } of contract) it.concurrent(`${group}: ${title}`, run, 60_000);
});
