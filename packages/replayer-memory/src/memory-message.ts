import type { DeadLetterCause, Lane, MessageContent, ReleaseOptions, ReplayMessage } from "@helix/core";
import { readRelease, settledAlready } from "@helix/core/internal";
import type { Entry } from "./entry.ts";

/** What settles messages: their lane. */
export interface Settlements {
  ack(message: MemoryMessage): void;
  release(message: MemoryMessage, delayMs: number, attempts: number, error: unknown): void;
  /** @throws HelixError HELIX_DEAD_LETTERS_FULL */
  deadLetter(message: MemoryMessage, cause: DeadLetterCause): void;
}

/** A message in hand, until the first of its settlements succeeds or the queue is drained. */
export class MemoryMessage implements ReplayMessage {
  readonly lane: Lane;
  readonly content: MessageContent;
  readonly entry: Entry;
  #settlements: Settlements | undefined;

  constructor(lane: Lane, entry: Entry, content: MessageContent, settlements: Settlements) {
    this.lane = lane;
    this.entry = entry;
    this.content = content;
    this.#settlements = settlements;
  }

  get attempts(): number {
    return this.entry.attempts;
  }

  async ack(): Promise<void> {
    this.#inHand().ack(this);
    this.settle();
  }

  async release(options?: ReleaseOptions): Promise<void> {
    const settlements = this.#inHand();
    const { delayMs, attempts, error } = readRelease(options);
    settlements.release(this, delayMs, attempts ?? this.attempts, error);
    this.settle();
  }

  /** Nothing: no lease runs out in memory. */
  extend(): void {}

  /** Hands it back: nobody else would get it. */
  forget(): void {
    this.#settlements?.release(this, 0, this.attempts, undefined);
    this.settle();
  }

  async deadLetter(cause: DeadLetterCause): Promise<void> {
    this.#inHand().deadLetter(this, cause);
    this.settle();
  }

  /** From now on it belongs to somebody else. */
  settle(): void {
    this.#settlements = undefined;
  }

  #inHand(): Settlements {
    if (this.#settlements !== undefined) return this.#settlements;
    throw settledAlready(this.lane);
  }
}
