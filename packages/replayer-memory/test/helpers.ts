import {
  createPayload,
  type Lane,
  type LaneSource,
  type PayloadInput,
  type ReplayMessage,
  type ReplayPayload,
} from "@helix/core";
import type { MemoryReplayer } from "../src/index.ts";

export function payloadOf(id: string, input: Partial<PayloadInput> = {}): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [id] },
    tables: ["ks.t"],
    timestampMicros: 1_764_000_000_123_456n,
    writtenAtMs: 1_764_000_000_000,
    enqueuedAtMs: 1_764_000_000_000,
    id,
    ...input,
  });
}

export function idOf(message: ReplayMessage | undefined): string | undefined {
  return message?.content.ok === true ? message.content.payload.id : undefined;
}

/** A receiver of one lane that remembers what it got. */
export class Receiver {
  readonly received: ReplayMessage[] = [];
  readonly source: LaneSource;
  /** What the listener does besides. */
  listen: (message: ReplayMessage) => unknown = () => {};

  constructor(queue: MemoryReplayer, lane: Lane = "high.B") {
    this.source = queue.open(lane, (message) => {
      this.received.push(message);
      return this.listen(message) as undefined;
    });
  }

  get ids(): (string | undefined)[] {
    return this.received.map(idOf);
  }

  /** Demands so many and lets the deliveries happen. */
  async demand(messages: number): Promise<void> {
    this.source.demand(messages);
    await microtasks();
  }

  /** The next message. */
  async next(): Promise<ReplayMessage> {
    const before = this.received.length;
    await this.demand(1);
    const message = this.received[before];
    if (message === undefined) throw new Error("nothing was delivered");
    return message;
  }
}

/** Resolves when what has been queued as a microtask has run. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await null;
}
