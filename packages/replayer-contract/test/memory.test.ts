import { clusterOf, createPayload, type Lane, priorityOf } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { describe, it, vi } from "vitest";
import { type ContractOptions, replayQueueContract } from "../src/index.ts";

/** By the id of the payload whose place they take. */
const injected = vi.hoisted(() => new Map<string, Uint8Array>());

/** Memory encodes what it stores, so bytes that are no payload can only come from its encoder. */
vi.mock(import("@helix/codec"), async (original) => {
  const codec = await original();
  return {
    ...codec,
    encodePayload: (payload, options) => injected.get(payload.id) ?? codec.encodePayload(payload, options),
  };
});

async function inject(queue: MemoryReplayer, lane: Lane, bytes: Uint8Array): Promise<void> {
  const payload = createPayload({
    targetCluster: clusterOf(lane),
    priority: priorityOf(lane),
    operation: { kind: "statement", query: "not used", params: [] },
    timestampMicros: 0,
  });
  injected.set(payload.id, bytes.slice());
  await queue.enqueue(payload);
}

const MEMORY: ContractOptions = {
  async create() {
    const queue = new MemoryReplayer({ queueCapacity: 25, maxPayloadBytes: 4096, deadLetterCapacity: 12 });
    return {
      queue,
      dispose: () => queue.close(),
      inject: (lane, bytes) => inject(queue, lane, bytes),
    };
  },
  capabilities: {
    quietMs: 20,
    ordered: true,
    injects: true,
    hastens: true,
    bounded: { messages: 25 },
    deadLetterBound: { deadLetters: 12 },
    trashBound: { letters: 12 },
    payloadBound: { bytes: 4096 },
  },
};

describe("MemoryReplayer", () => {
  for (const { group, title, run } of replayQueueContract(MEMORY)) {
    describe(group, () => it(title, run));
  }
});
