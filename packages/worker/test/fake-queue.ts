import {
  type ClusterId,
  type DeadLetterCause,
  type DeadLetterStore,
  helixError,
  LANES,
  type Lane,
  type LaneDepth,
  type LaneSource,
  laneOf,
  type MessageContent,
  type QueueTraits,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
} from "@helix/core";
import type { ManualClock } from "@helix/testkit/manual-clock";

/** What a queue knows of a message beyond its content. */
interface MessageState extends Partial<Pick<ReplayMessage, "attempts" | "expired" | "suspect">> {
  /** Then the queue wants to be told before it is executed, as of a suspect. */
  readonly redelivered?: boolean | undefined;
}

interface Entry extends Omit<MessageState, "expired"> {
  readonly lane: Lane;
  readonly content: MessageContent;
  attempts: number;
  expired?: boolean | undefined;
}

/** One settlement, in the order in which the queue was asked for it. */
export interface Settlement {
  readonly kind: "ack" | "release" | "deadLetter";
  readonly id: string;
  readonly atMs: number;
  readonly delayMs?: number;
  readonly attempts?: number | undefined;
  readonly error?: unknown;
  readonly cause?: DeadLetterCause;
}

/** A queue in plain arrays that remembers what was done to it and misbehaves on demand. */
export class FakeQueue implements ReplayQueue {
  readonly traits: QueueTraits;
  readonly settlements: Settlement[] = [];
  readonly dead: { id: string; cause: DeadLetterCause; attempts: number }[] = [];
  readonly demands: Record<Lane, number> = { "high.A": 0, "low.A": 0, "high.B": 0, "low.B": 0 };
  readonly pollIntervals: number[] = [];
  readonly inHand = new Set<string>();
  /** Ids of the messages that were forgotten, in that order. */
  readonly forgotten: string[] = [];
  mostInHand = 0;
  extended = 0;
  /** Replaces what a settlement does. */
  onSettle: ((settlement: Settlement) => Promise<void> | undefined) | undefined;
  /** Replaces what a mark does. */
  onMark: ((id: string) => Promise<void> | undefined) | undefined;
  onOpen: ((lane: Lane) => void) | undefined;
  /** Replaces the stop of a lane that is open. */
  onStop: ((lane: Lane) => Promise<void>) | undefined;
  /** Replaces what the lanes are said to have. */
  onDepths: (() => Promise<LaneDepth[]>) | undefined;
  /** How often it was asked for that. */
  asked = 0;
  /** Lanes that deliver nothing until they are opened anew. */
  readonly stalled = new Set<Lane>();
  /** Called before a lease is extended. */
  onExtend: ((id: string) => void) | undefined;
  /** Ids of the messages whose execution was announced, in that order. */
  readonly marked: string[] = [];
  readonly #clock: ManualClock;
  readonly #lanes = new Map<Lane, Entry[]>(LANES.map((lane) => [lane, []]));
  readonly #listeners = new Map<Lane, (message: ReplayMessage) => void>();
  readonly #delayed = new Set<Entry>();
  #delivered = 0;

  constructor(clock: ManualClock, traits: Partial<QueueTraits> = {}) {
    this.#clock = clock;
    this.traits = { maxDemand: 1000, ...traits };
  }

  /** Payloads that wait or are delayed, without those in hand. */
  get size(): number {
    return [...this.#lanes.values()].reduce((sum, { length }) => sum + length, this.#delayed.size);
  }

  get openLanes(): number {
    return this.#listeners.size;
  }

  put(...payloads: ReplayPayload[]): void {
    for (const payload of payloads) {
      this.putContent(laneOf(payload.targetCluster, payload.priority), { ok: true, payload });
    }
  }

  /** One that the queue knows something of. */
  putKnown(payload: ReplayPayload, state: MessageState): void {
    this.putContent(laneOf(payload.targetCluster, payload.priority), { ok: true, payload }, state);
  }

  putContent(lane: Lane, content: MessageContent, state: MessageState = {}): void {
    this.#entries(lane).push({ attempts: 0, ...state, lane, content });
    this.#deliver(lane);
  }

  /** From its next delivery on it is older than the queue keeps. */
  expire(id: string): void {
    for (const entry of [...this.#delayed, ...[...this.#lanes.values()].flat()]) {
      if (entry.content.ok && entry.content.payload.id === id) entry.expired = true;
    }
  }

  async enqueue(payload: ReplayPayload): Promise<void> {
    this.put(payload);
  }

  open(
    lane: Lane,
    onMessage: (message: ReplayMessage) => void,
    { pollIntervalMs }: { pollIntervalMs: number },
  ): LaneSource {
    this.onOpen?.(lane);
    if (this.#listeners.has(lane)) throw new Error(`Lane ${lane} is open already`);
    this.pollIntervals.push(pollIntervalMs);
    this.#listeners.set(lane, onMessage);
    this.stalled.delete(lane);
    this.demands[lane] = 0;
    return {
      demand: (messages) => {
        this.demands[lane] = messages;
        this.#deliver(lane);
      },
      stop: async () => {
        await this.onStop?.(lane);
        this.#listeners.delete(lane);
        this.demands[lane] = 0;
      },
    };
  }

  listener(lane: Lane): ((message: ReplayMessage) => void) | undefined {
    return this.#listeners.get(lane);
  }

  /** As if a lane whose stop failed were stopped in the end. */
  forgetListener(lane: Lane): void {
    this.#listeners.delete(lane);
  }

  /** Gives a message to a listener that has demanded nothing, or is stopped: one that was under way. */
  deliverLate(listener: ((message: ReplayMessage) => void) | undefined, payload: ReplayPayload): void {
    this.inHand.add(payload.id);
    const lane = laneOf(payload.targetCluster, payload.priority);
    listener?.(this.#message({ lane, content: { ok: true, payload }, attempts: 0 }, payload.id));
  }

  async depths(): Promise<LaneDepth[]> {
    this.asked++;
    if (this.onDepths !== undefined) return this.onDepths();
    return LANES.map((lane) => ({
      lane,
      pending: this.#entries(lane).length,
      inFlight: 0,
      delayed: 0,
      stuck: 0,
    }));
  }

  get deadLetters(): DeadLetterStore {
    throw new Error("Not part of the fake");
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  /** How often each kind of settlement happened to messages of a cluster. */
  count(kind: Settlement["kind"], cluster: ClusterId = "A"): number {
    return this.settlements.filter((one) => one.kind === kind && one.id.endsWith(cluster)).length;
  }

  #entries(lane: Lane): Entry[] {
    return this.#lanes.get(lane) ?? [];
  }

  #deliver(lane: Lane): void {
    queueMicrotask(() => {
      const entries = this.#entries(lane);
      while (!this.stalled.has(lane) && this.demands[lane] > 0 && entries.length > 0) {
        this.demands[lane]--;
        const entry = entries.shift();
        if (entry !== undefined) this.#give(entry);
      }
    });
  }

  #give(entry: Entry): void {
    const id = entry.content.ok ? entry.content.payload.id : `raw-${entry.lane}`;
    this.inHand.add(id);
    this.mostInHand = Math.max(this.mostInHand, this.inHand.size);
    this.#listeners.get(entry.lane)?.(this.#message(entry, id));
  }

  #message(entry: Entry, id: string): ReplayMessage {
    let isSettled = false;
    const { leaseMs } = this.traits;
    const lease = () => (leaseMs === undefined ? undefined : this.#clock.wallMs() + leaseMs);
    let leaseUntilMs = lease();
    const end = async (kind: Settlement["kind"], details: Partial<Settlement>, effect: () => void) => {
      if (isSettled) throw helixError("HELIX_MESSAGE_SETTLED", "Settled already", { lane: entry.lane });
      const settlement = { kind, id, atMs: this.#clock.monotonicMs(), ...details };
      this.settlements.push(settlement);
      await this.onSettle?.(settlement);
      isSettled = true;
      this.inHand.delete(id);
      effect();
    };
    return {
      lane: entry.lane,
      content: entry.content,
      attempts: entry.attempts,
      expired: entry.expired,
      suspect: entry.suspect,
      get leaseUntilMs() {
        return leaseUntilMs;
      },
      ...((entry.suspect || entry.redelivered) && {
        mark: async () => {
          this.marked.push(id);
          await this.onMark?.(id);
        },
      }),
      ack: () => end("ack", {}, () => {}),
      // Every other one, so that each test meets both.
      ...(this.#delivered++ % 2 === 0 && {
        ackThen: (done) => void end("ack", {}, () => {}).then(() => done(), done),
      }),
      release: ({ delayMs = 0, attempts, error } = {}) =>
        end("release", { delayMs, attempts, error }, () => this.#putBack(entry, delayMs, attempts)),
      extend: () => {
        this.onExtend?.(id);
        this.extended++;
        leaseUntilMs = lease();
      },
      forget: () => {
        if (isSettled) return;
        isSettled = true;
        this.inHand.delete(id);
        this.forgotten.push(id);
        if (leaseMs === undefined) this.#putBack(entry, 0);
      },
      deadLetter: (cause) =>
        end("deadLetter", { cause }, () => void this.dead.push({ id, cause, attempts: entry.attempts })),
    };
  }

  #putBack(entry: Entry, delayMs: number, attempts = entry.attempts): void {
    entry.attempts = attempts;
    if (delayMs === 0) {
      this.#entries(entry.lane).unshift(entry);
      this.#deliver(entry.lane);
      return;
    }
    this.#delayed.add(entry);
    this.#clock.setTimer(() => {
      this.#delayed.delete(entry);
      this.#entries(entry.lane).push(entry);
      this.#deliver(entry.lane);
    }, delayMs);
  }

  /** Timers of the queue's own, which are not the worker's. */
  get timers(): number {
    return this.#delayed.size;
  }
}
