import { decodeContent } from "@helix/codec";
import {
  HelixError,
  helixError,
  LANES,
  type Lane,
  type LaneDepth,
  type LaneSource,
  PollingLaneSource,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
} from "@helix/core";
import { integer, wait } from "@helix/core/queue-kit";
import { ModelDeadLetters } from "./model-dead-letters.ts";
import { ModelMessage } from "./model-message.ts";
import { MODEL, type ModelStore, type Stored } from "./model-store.ts";

/** One way to the store and back. */
const TRIP_MS = 2;
const MAX_DEMAND = 1000;
const readDemand = integer({ min: 0, max: MAX_DEMAND }).check;

declare module "@helix/core" {
  interface HelixErrors {
    MODEL_UNREACHABLE: Record<never, never>;
  }
}

/** A queue on a {@link ModelStore}, some milliseconds away and over a connection that can be cut. */
export class ModelQueue implements ReplayQueue {
  readonly traits = { leaseMs: MODEL.leaseMs, maxDemand: MAX_DEMAND };
  readonly store: ModelStore;
  readonly deadLetters: ModelDeadLetters = new ModelDeadLetters(this);
  readonly sources = new Map<Lane, LaneSource>();
  /** What is in hand. */
  readonly held = new Set<ReplayMessage>();
  isCut = false;
  isClosed = false;

  constructor(store: ModelStore) {
    this.store = store;
  }

  /** Does something at the store, if it can be reached. */
  async reach<T>(act: () => T): Promise<T> {
    await wait(this.store.clock, TRIP_MS);
    if (this.isCut) throw new HelixError("MODEL_UNREACHABLE", "there is no connection", {});
    const result = act();
    await wait(this.store.clock, TRIP_MS);
    return result;
  }

  async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    this.assertOpen();
    options?.signal?.throwIfAborted();
    const bytes = this.store.encode(payload);
    await this.reach(() => this.store.publish(payload, bytes));
  }

  open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    { pollIntervalMs }: { pollIntervalMs: number },
  ): LaneSource {
    this.assertOpen();
    if (!LANES.includes(lane) || this.sources.has(lane)) throw new TypeError(`cannot open ${lane}`);
    const polling = new PollingLaneSource((max) => this.receive(lane, max), onMessage, {
      pollIntervalMs,
      clock: this.store.clock,
    });
    const source = {
      hasten: (word: string) => this.store.hasten(lane, word),
      demand: (messages: number) => polling.demand(readDemand(messages, "messages")),
      stop: async () => {
        this.sources.delete(lane);
        await polling.stop();
      },
    };
    this.sources.set(lane, source);
    return source;
  }

  receive(lane: Lane, max: number): Promise<ReplayMessage[]> {
    return this.reach(() => {
      this.sweep();
      const held = [...this.held].filter((message) => message.lane === lane).length;
      return this.store.take(lane, Math.min(max, MODEL.held - held)).map((stored) => this.messageOf(stored));
    });
  }

  /** Lets go of what has lapsed. */
  sweep(): void {
    const nowMs = this.store.clock.wallMs();
    for (const message of this.held) if ((message.leaseUntilMs ?? 0) <= nowMs) this.ended(message);
  }

  ended(message: ReplayMessage): void {
    this.held.delete(message);
  }

  messageOf(stored: Stored): ReplayMessage {
    const message = new ModelMessage(this, stored);
    this.held.add(message);
    return message;
  }

  depths(): Promise<LaneDepth[]> {
    return this.reach(() => LANES.map((lane) => this.depthOf(lane)));
  }

  depthOf(lane: Lane): LaneDepth {
    const stored = this.store.messages.filter((one) => one.lane === lane);
    const nowMs = this.store.clock.monotonicMs();
    const hidden = stored.filter(({ visibleAtMs }) => visibleAtMs > nowMs);
    const inFlight = hidden.filter(({ inHand }) => inHand).length;
    const writtenAtMs = stored.map(({ bytes, storedAtMs }) => {
      const content = decodeContent(bytes, lane);
      return content.ok ? content.payload.writtenAtMs : storedAtMs;
    });
    const oldestAgeMs = this.store.clock.wallMs() - Math.min(...writtenAtMs);
    return {
      lane,
      pending: stored.length - hidden.length,
      inFlight,
      delayed: hidden.length - inFlight,
      stuck: 0,
      ...(stored.length === 0 ? {} : { oldestAgeMs }),
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.sources.values()].map((source) => source.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  assertOpen(): void {
    if (this.isClosed) throw helixError("HELIX_QUEUE_CLOSED", "closed", {});
  }
}
