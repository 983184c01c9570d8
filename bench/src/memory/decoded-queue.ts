import {
  createPayload,
  LANES,
  type Lane,
  type LaneSource,
  type ReplayMessage,
  type ReplayQueue,
} from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";

/** A queue of payloads that are decoded already: what the worker and its scheduler cost, and nothing else. All in the lane `high.B`. */
export class DecodedQueue implements ReplayQueue {
  readonly traits = { maxDemand: 10_000 };
  readonly deadLetters = new MemoryReplayer().deadLetters;
  readonly #payload = createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.users (id) VALUES (?)", params: [1] },
    timestampMicros: 0,
  });
  #left: number;

  constructor(messages: number) {
    this.#left = messages;
  }

  open(lane: Lane, onMessage: (message: ReplayMessage) => void): LaneSource {
    let demanded = 0;
    let isDue = false;
    const deliver = () => {
      isDue = false;
      for (; demanded > 0 && this.#left > 0; demanded--, this.#left--) onMessage(this.#message(lane));
    };
    return {
      demand: (messages) => {
        demanded = lane === "high.B" ? messages : 0;
        if (isDue || demanded === 0) return;
        isDue = true;
        queueMicrotask(deliver);
      },
      stop: async () => {
        demanded = 0;
      },
    };
  }

  #message(lane: Lane): ReplayMessage {
    return {
      lane,
      content: { ok: true, payload: this.#payload },
      attempts: 0,
      ack: async () => {},
      release: async () => {},
      extend() {},
      forget() {},
      deadLetter: async () => {},
    };
  }

  async enqueue(): Promise<void> {}

  async depths() {
    return LANES.map((lane) => ({ lane, pending: 0, inFlight: 0, delayed: 0, stuck: 0 }));
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}
