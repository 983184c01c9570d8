import {
  type DeadLetterCause,
  helixError,
  type Lane,
  type MessageContent,
  type ReleaseOptions,
  type ReplayMessage,
} from "@helix/core";
import { integer, MAX_TIMER_MS, optional, readOptions } from "@helix/core/internal";
import type { Entry } from "./entry.ts";

/** What settles messages: their lane. */
export interface Settlements {
  ack(message: MemoryMessage): void;
  release(message: MemoryMessage, delayMs: number, attempts: number, error: unknown): void;
  /** @throws HelixError HELIX_DEAD_LETTERS_FULL */
  deadLetter(message: MemoryMessage, cause: DeadLetterCause): void;
}

const RELEASE_RULES = {
  delayMs: integer({ min: 0, max: MAX_TIMER_MS, fallback: 0 }),
  attempts: optional(integer({ min: 0, max: 2 ** 32 - 1, fallback: 0 })),
  error: (value: unknown) => value,
};

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
    const { delayMs, attempts, error } = readOptions<ReleaseOptions & { delayMs: number }>(
      "release",
      RELEASE_RULES,
      options,
    );
    settlements.release(this, delayMs, attempts ?? this.attempts, error);
    this.settle();
  }

  /** Nothing: no lease runs out in memory. */
  extend(): void {}

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
    throw helixError("HELIX_MESSAGE_SETTLED", "The message has been settled already", { lane: this.lane });
  }
}
