import type { DeadLetterCause, Lane, MessageContent, ReleaseOptions, ReplayMessage } from "@helix/core";
import {
  type FailureRecord,
  ListNode,
  MessageLife,
  readRelease,
  recordAfter,
  settled,
} from "@helix/core/queue-kit";
import type { Entry } from "./entry.ts";

/** What settles messages: their lane. */
export interface Settlements {
  ack(message: MemoryMessage): void;
  release(message: MemoryMessage, delayMs: number, record: FailureRecord, hastenedBy?: string): void;
  /** @throws HelixError HELIX_DEAD_LETTERS_FULL */
  deadLetter(message: MemoryMessage, cause: DeadLetterCause): void;
}

/** A message in hand, until the first of its settlements succeeds or the queue is drained. */
export class MemoryMessage extends ListNode<MemoryMessage> implements ReplayMessage {
  readonly lane: Lane;
  readonly content: MessageContent;
  readonly entry: Entry;
  readonly #settlements: Settlements;
  readonly #life: MessageLife;

  constructor(lane: Lane, entry: Entry, content: MessageContent, settlements: Settlements) {
    super();
    this.lane = lane;
    this.entry = entry;
    this.content = content;
    this.#settlements = settlements;
    this.#life = new MessageLife(lane);
  }

  get bytes(): number {
    return this.entry.bytes.length;
  }

  get attempts(): number {
    return this.entry.attempts;
  }

  ack(): Promise<void> {
    return settled((done) => this.ackThen(done));
  }

  ackThen(done: (refusal?: unknown) => void): void {
    this.#life.settleThen((told) => {
      this.#settlements.ack(this);
      told();
    }, done);
  }

  release(options?: ReleaseOptions): Promise<void> {
    return this.#life.settle(() => {
      const { delayMs, hastenedBy, ...failure } = readRelease(options);
      this.#settlements.release(this, delayMs, recordAfter(this.entry, failure), hastenedBy);
    });
  }

  /** Nothing: no lease runs out in memory. */
  extend(): void {}

  /** Hands it back: nobody else would get it. */
  forget(): void {
    if (this.#life.end()) this.#settlements.release(this, 0, this.entry);
  }

  deadLetter(cause: DeadLetterCause): Promise<void> {
    return this.#life.settle(() => this.#settlements.deadLetter(this, cause));
  }

  /** From now on it belongs to somebody else. */
  end(): void {
    this.#life.end();
  }
}
