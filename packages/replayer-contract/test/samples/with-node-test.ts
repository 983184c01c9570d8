import { describe, it } from "node:test";
import { replayQueueContract } from "@helix/replayer-contract";
import { MemoryReplayer } from "@helix/replayer-memory";

const contract = replayQueueContract({
  async create() {
    const queue = new MemoryReplayer({ queueCapacity: 100 });
    return { queue, dispose: () => queue.close() };
  },
  capabilities: { quietMs: 20, ordered: true, bounded: { messages: 100 } },
});

describe("MemoryReplayer", { concurrency: true }, () => {
  for (const { group, title, run } of contract) it(`${group}: ${title}`, run);
});
