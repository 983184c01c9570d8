import { decodeContent } from "@helix/codec";
import {
  type ClusterId,
  clusterOf,
  type DeadLetterCause,
  type Lane,
  type LaneDepth,
  type ReplayMessage,
} from "@helix/core";
import { type FailureRecord, LinkedList } from "@helix/core/queue-kit";
import type { Delays } from "./delays.ts";
import { detached, type Entry } from "./entry.ts";
import { Heap } from "./heap.ts";
import type { Ledger } from "./ledger.ts";
import type { MemoryDeadLetters } from "./memory-dead-letters.ts";
import { MemoryLaneSource } from "./memory-lane-source.ts";
import { MemoryMessage, type Settlements } from "./memory-message.ts";
import { RecordLog } from "./record-log.ts";
import type { Room } from "./room.ts";

/** What the lanes of a queue have in common. */
export interface Shared {
  readonly room: Room;
  readonly ledger: Ledger;
  readonly delays: Delays<Waiting>;
  readonly deadLetters: MemoryDeadLetters;
}

export interface Waiting {
  readonly lane: MemoryLane;
  readonly entry: Entry;
  readonly hastenedBy: string | undefined;
}

/**
 * The messages for one cluster and priority. Each is in one of four places: the log (ready), the front
 * (handed back, ready before all of the log, in the order of acceptance), the delays, or in hand. What
 * becomes due goes to the end of the log: a message that failed must not hold up those that have not.
 */
export class MemoryLane implements Settlements {
  readonly lane: Lane;
  readonly #cluster: ClusterId;
  readonly #shared: Shared;
  readonly #log = new RecordLog();
  readonly #front = new Heap<Entry>(({ sequence }) => sequence);
  readonly #inHand = new LinkedList<MemoryMessage>();
  #source: MemoryLaneSource | undefined;

  constructor(lane: Lane, shared: Shared) {
    this.lane = lane;
    this.#cluster = clusterOf(lane);
    this.#shared = shared;
  }

  /** @throws TypeError if it is open already. */
  open(onMessage: (message: ReplayMessage) => void): MemoryLaneSource {
    if (this.#source !== undefined)
      throw new TypeError(`Lane \`${this.lane}\` of this queue is open already`);
    const source = new MemoryLaneSource(
      () => this.#take(),
      onMessage,
      () => {
        this.#source = undefined;
      },
      (word) => this.#hasten(word),
    );
    this.#source = source;
    return source;
  }

  /** Ends the open source for good. */
  stop(): void {
    void this.#source?.stop();
  }

  /** Puts an entry at the end. */
  append(entry: Entry): void {
    this.#log.append(entry);
    this.#source?.wake();
  }

  ack(message: MemoryMessage): void {
    this.#leave(message);
    this.#shared.ledger.applied(this.#cluster);
  }

  release(message: MemoryMessage, delayMs: number, record: FailureRecord, hastenedBy?: string): void {
    this.#inHand.delete(message);
    const entry = detached({ ...message.entry, ...record });
    if (delayMs > 0) {
      this.#shared.delays.add({ lane: this, entry, hastenedBy }, delayMs);
    } else {
      this.#front.push(entry);
      this.#source?.wake();
    }
  }

  deadLetter(message: MemoryMessage, cause: DeadLetterCause): void {
    this.#shared.deadLetters.add(message, cause);
    this.#leave(message);
    this.#shared.ledger.deadLettered(this.#cluster);
  }

  depth(nowMs: number): LaneDepth {
    const delayed = this.#delayed();
    let oldestMs = this.#log.oldestMs();
    for (const { writtenAtMs } of this.#front) oldestMs = Math.min(oldestMs, writtenAtMs);
    for (const { entry } of this.#inHand) oldestMs = Math.min(oldestMs, entry.writtenAtMs);
    for (const { writtenAtMs } of delayed) oldestMs = Math.min(oldestMs, writtenAtMs);
    return {
      lane: this.lane,
      pending: this.#log.length + this.#front.size,
      inFlight: this.#inHand.size,
      delayed: delayed.length,
      stuck: 0,
      ...(oldestMs === Number.POSITIVE_INFINITY ? {} : { oldestAgeMs: Math.max(0, nowMs - oldestMs) }),
    };
  }

  /** All that the lane holds, in no order. */
  *entries(): Generator<Entry, void, void> {
    yield* this.#log.entries();
    yield* this.#front;
    yield* this.#delayed();
    for (const { entry } of this.#inHand) yield entry;
  }

  /** Forgets all but the delays, which are the queue's. */
  clear(): void {
    for (const { bytes } of this.entries()) {
      this.#shared.room.give(bytes.length);
      this.#shared.ledger.drained(this.#cluster);
    }
    for (const message of this.#inHand.take()) message.end();
    this.#front.clear();
    this.#log.clear();
  }

  #hasten(word: string): number {
    return this.#shared.delays.hasten((waiting) => waiting.lane === this && waiting.hastenedBy === word);
  }

  #delayed(): Entry[] {
    const entries: Entry[] = [];
    for (const { lane, entry } of this.#shared.delays.items()) if (lane === this) entries.push(entry);
    return entries;
  }

  #take(): MemoryMessage | undefined {
    const entry = this.#front.pop() ?? this.#log.take();
    if (entry === undefined) return undefined;
    const message = new MemoryMessage(this.lane, entry, decodeContent(entry.bytes, this.lane), this);
    this.#inHand.append(message);
    return message;
  }

  #leave(message: MemoryMessage): void {
    this.#inHand.delete(message);
    this.#shared.room.give(message.entry.bytes.length);
  }
}
