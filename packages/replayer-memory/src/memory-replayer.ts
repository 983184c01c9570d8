import { DEFAULT_MAX_PAYLOAD_BYTES, decodePayload, encodePayload } from "@helix/codec";
import {
  type Clock,
  type ClusterId,
  type DeadLetterStore,
  type Examination,
  type Finding,
  helixError,
  LANES,
  type Lane,
  type LaneDepth,
  type LaneSource,
  laneOf,
  type QueueRoom,
  type QueueTraits,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
} from "@helix/core";
import {
  clock,
  expected,
  integer,
  type OptionsOf,
  queueSchedulingOptions,
  readOptions,
} from "@helix/core/queue-kit";
import { Delays } from "./delays.ts";
import type { Entry } from "./entry.ts";
import { type Counts, Ledger } from "./ledger.ts";
import { MemoryDeadLetters } from "./memory-dead-letters.ts";
import { MemoryLane, type Shared, type Waiting } from "./memory-lane.ts";
import { MAX_DEMAND } from "./memory-lane-source.ts";
import { Room } from "./room.ts";

export interface MemoryReplayerOptions {
  /**
   * What may be pending (ready, delayed or in hand), in both clusters and priorities together; any of them
   * may use all of it. When it is reached `enqueue` rejects with HELIX_QUEUE_FULL.
   *
   * Messages, at least 1. @default 10_000
   */
  readonly queueCapacity?: number | undefined;
  /** The same bound in bytes of encoded payloads. Bytes, at least 1. @default 268_435_456 (256 MiB) */
  readonly maxBytes?: number | undefined;
  /**
   * What one payload may have when it is encoded; a longer one is refused with HELIX_PAYLOAD_TOO_LARGE. The
   * default is what the durable queue takes of a NATS server as it comes, so that what is accepted in development is
   * accepted in production. Bytes, at least 1. @default 1_032_192
   */
  readonly maxPayloadBytes?: number | undefined;
  /**
   * Dead letters that are kept, beside what is pending. When it is reached no more messages become dead
   * letters: they stay in their lanes. As many are kept in the trash, beside them. At least 1. @default 10_000
   */
  readonly deadLetterCapacity?: number | undefined;
  /** Default for the worker that drains this queue. High per low message, 0 to 1 000 000; 0 means 1:1. @default the worker's */
  readonly highPriorityRatio?: number | undefined;
  /** Default for the worker that drains this queue. @default the worker's */
  readonly strictPriority?: boolean | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
}

interface Settings {
  readonly queueCapacity: number;
  readonly maxBytes: number;
  readonly maxPayloadBytes: number;
  readonly deadLetterCapacity: number;
  readonly highPriorityRatio: number | undefined;
  readonly strictPriority: boolean | undefined;
  readonly clock: Clock;
}

/** Every option of the queue. */
export const MEMORY_OPTIONS: OptionsOf<Settings> = {
  queueCapacity: integer({
    min: 1,
    fallback: 10_000,
    unit: "messages",
    about: "What may be pending (ready, delayed, in hand), both clusters and priorities together.",
  }),
  maxBytes: integer({
    min: 1,
    fallback: 256 * 1024 * 1024,
    unit: "bytes",
    about: "The same in bytes of encoded payloads, exactly.",
  }),
  maxPayloadBytes: integer({
    min: 1,
    fallback: DEFAULT_MAX_PAYLOAD_BYTES,
    unit: "bytes",
    about: "One payload, encoded: what the durable queue takes too. More is `HELIX_PAYLOAD_TOO_LARGE`.",
  }),
  deadLetterCapacity: integer({
    min: 1,
    fallback: 10_000,
    unit: "dead letters",
    about:
      "Kept beside what is pending; full, messages stay in their lanes. As many are kept in the trash, seven days long.",
  }),
  ...queueSchedulingOptions,
  clock,
};

/**
 * A bounded replay queue in the memory of one process, for development and for single instances. **A crash
 * loses all that it holds**; so does an exit, unless `drainAll` is called first. Use a durable queue
 * where a failed write must survive.
 *
 * It holds encoded payloads, so what was enqueued is a snapshot and the bound in bytes is exact. Enqueue,
 * delivery and settlement take constant time, however much is waiting; handing back and becoming due is
 * logarithmic in the number of messages that are delayed or handed back.
 *
 * States: open → (`close`) → closed, for good: nothing is accepted or delivered any more and no timer runs,
 * but what is in hand can be settled, `drainAll` hands out the rest, and dead letters can be read.
 */
export class MemoryReplayer implements ReplayQueue {
  readonly traits: QueueTraits;
  readonly #clock: Clock;
  readonly #maxPayloadBytes: number;
  readonly #shared: Shared;
  readonly #deadLetters: MemoryDeadLetters;
  readonly #lanes: ReadonlyMap<Lane, MemoryLane>;
  #sequence = 0;
  #closed = false;

  /** @throws TypeError, RangeError for an option that does not exist or is out of range. */
  constructor(options?: MemoryReplayerOptions) {
    const settings = readOptions<Settings>("MemoryReplayer", MEMORY_OPTIONS, options);
    const { highPriorityRatio, strictPriority, clock } = settings;
    this.traits = Object.freeze({ maxDemand: MAX_DEMAND, scheduling: { highPriorityRatio, strictPriority } });
    this.#clock = clock;
    this.#maxPayloadBytes = settings.maxPayloadBytes;
    const ledger = new Ledger();
    this.#deadLetters = new MemoryDeadLetters({
      capacity: settings.deadLetterCapacity,
      clock,
      ledger,
      readmit: (payload) => this.#admit(payload),
    });
    this.#shared = {
      room: new Room(settings.queueCapacity, settings.maxBytes),
      ledger,
      delays: new Delays<Waiting>(clock, ({ lane, entry }) => lane.append(entry)),
      deadLetters: this.#deadLetters,
    };
    this.#lanes = new Map(LANES.map((lane) => [lane, new MemoryLane(lane, this.#shared)]));
  }

  /** Messages that are pending: ready, delayed or in hand. */
  get length(): number {
    return this.#shared.room.messages;
  }

  /** Bytes of their encoded payloads: what counts against `maxBytes`. */
  get byteLength(): number {
    return this.#shared.room.bytes;
  }

  get deadLetters(): DeadLetterStore {
    return this.#deadLetters;
  }

  /**
   * Stores the payload before it returns; the promise is only the interface's. An abort later than that
   * changes nothing; a signal that is aborted already rejects with its reason.
   *
   * Rejects with HELIX_QUEUE_FULL, HELIX_QUEUE_CLOSED, HELIX_PAYLOAD_INVALID, HELIX_PAYLOAD_TOO_LARGE, or a
   * TypeError or RangeError for a payload of the wrong shape.
   */
  async enqueue(payload: ReplayPayload, options?: { signal?: AbortSignal | undefined }): Promise<void> {
    options?.signal?.throwIfAborted();
    this.#admit(payload);
    this.#shared.ledger.enqueued(payload.targetCluster);
  }

  /**
   * @throws TypeError for a lane that does not exist or is open already.
   * @throws HelixError HELIX_QUEUE_CLOSED
   */
  open(lane: Lane, onMessage: (message: ReplayMessage) => void): LaneSource {
    this.#assertOpen();
    if (typeof onMessage !== "function") throw new TypeError(expected("onMessage", "a function", onMessage));
    return this.#lane(lane).open(onMessage);
  }

  async examine(): Promise<Examination> {
    const what =
      "It is in the memory of this process: a crash loses what waits, and so does an exit without `drainAll`.";
    const cure = "Use `@helix/replayer-nats` where a failed write must survive.";
    const finding: Finding = { code: "in-memory", harm: "loss", where: "the queue", what, cure };
    return { findings: [finding], unseen: [] };
  }

  async depths(): Promise<LaneDepth[]> {
    const nowMs = this.#clock.wallMs();
    return [...this.#lanes.values()].map((lane) => lane.depth(nowMs));
  }

  async room(): Promise<QueueRoom[]> {
    return [...this.#shared.room.limits, this.#deadLetters.limit];
  }

  /** What became of the messages since the queue was made, per cluster. */
  counts(): Record<ClusterId, Counts> {
    return this.#shared.ledger.snapshot();
  }

  /**
   * Hands all pending messages to the caller, oldest first, and forgets them: also those in a worker's
   * hand, whose settlements then reject with HELIX_MESSAGE_SETTLED. A worker that is executing one may
   * apply it all the same. Dead letters stay. Works on a closed queue too.
   */
  drainAll(): ReplayPayload[] {
    const entries: Entry[] = [];
    for (const lane of this.#lanes.values()) for (const entry of lane.entries()) entries.push(entry);
    entries.sort((a, b) => a.sequence - b.sequence);
    // Before anything is forgotten: if one cannot be decoded, all are still there.
    const payloads = entries.map(({ bytes }) => decodePayload(bytes));
    for (const lane of this.#lanes.values()) lane.clear();
    this.#shared.delays.clear();
    return payloads;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#shared.delays.close();
    for (const lane of this.#lanes.values()) lane.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #admit(payload: ReplayPayload): void {
    this.#assertOpen();
    const bytes = encodePayload(payload, { maxPayloadBytes: this.#maxPayloadBytes });
    const lane = laneOf(payload.targetCluster, payload.priority);
    this.#shared.room.take(lane, bytes.length);
    const { writtenAtMs } = payload;
    this.#lane(lane).append({ sequence: this.#sequence++, attempts: 0, writtenAtMs, bytes });
  }

  #lane(lane: Lane): MemoryLane {
    const found = this.#lanes.get(lane);
    if (found === undefined) throw new TypeError(expected("lane", LANES.join(", "), lane));
    return found;
  }

  #assertOpen(): void {
    if (this.#closed) throw helixError("HELIX_QUEUE_CLOSED", "The queue has been closed", {});
  }
}
