import type { DeadLetterCause, Lane, MessageContent, ReleaseOptions, ReplayMessage } from "@helix/core";
import { checkCause, errorSummary, readRelease, settledAlready } from "@helix/core/internal";
import type { Delivery } from "./ack-subject.ts";
import { isSuspect } from "./evidence.ts";
import type { MessageRecord } from "./message-records.ts";

/** One delivery of a message. */
export interface Delivered {
  readonly lane: Lane;
  /** The bytes as they lie in the stream. */
  readonly raw: Uint8Array;
  readonly content: MessageContent;
  /** Names it for good: id and life, or its place in the stream if it cannot be decoded. */
  readonly id: string;
  /** Where settlements are sent. */
  readonly reply: string;
  readonly delivery: Delivery;
  readonly record: MessageRecord;
  readonly expired: boolean;
}

/** What settles messages: the queue. */
export interface MessageSettler {
  readonly leaseMs: number;
  readonly nowMs: () => number;
  ack(message: NatsMessage): void;
  release(message: NatsMessage, delayMs: number, record: MessageRecord | undefined): Promise<void>;
  extend(message: NatsMessage): void;
  mark(message: NatsMessage): Promise<void>;
  deadLetter(message: NatsMessage, cause: DeadLetterCause): Promise<void>;
}

/**
 * A message in a worker's hand, until a settlement succeeds.
 *
 * States: in hand → (ack, release, deadLetter) settling → settled, or back in hand if a dead letter could not be written.
 */
export class NatsMessage implements ReplayMessage {
  readonly delivered: Delivered;
  readonly attempts: number;
  readonly #settler: MessageSettler;
  readonly #onSettled: () => void;
  #leaseUntilMs: number;
  #state: "in hand" | "settling" | "settled" = "in hand";

  constructor(delivered: Delivered, settler: MessageSettler, onSettled: () => void) {
    this.delivered = delivered;
    this.attempts = delivered.record.attempts;
    this.#settler = settler;
    this.#onSettled = onSettled;
    this.#leaseUntilMs = settler.nowMs() + settler.leaseMs;
  }

  get lane(): Lane {
    return this.delivered.lane;
  }

  get content(): MessageContent {
    return this.delivered.content;
  }

  get expired(): boolean {
    return this.delivered.expired;
  }

  get suspect(): boolean {
    return isSuspect(this.delivered.record);
  }

  get leaseUntilMs(): number {
    return this.#leaseUntilMs;
  }

  /** Whether there is a record of it that must be removed with it. */
  get isRecorded(): boolean {
    return this.attempts > 0 || this.suspect;
  }

  async ack(): Promise<void> {
    this.#assertInHand();
    this.#settler.ack(this);
    this.#settled();
  }

  async release(options?: ReleaseOptions): Promise<void> {
    this.#assertInHand();
    const read = readRelease(options);
    const before = this.delivered.record;
    const { delayMs, attempts = this.attempts, error } = read;
    const firstError = before.firstError ?? errorSummary(error);
    const record = attempts === this.attempts ? undefined : { ...before, attempts, firstError };
    this.#state = "settling";
    await this.#settler.release(this, delayMs, record);
    this.#settled();
  }

  extend(): void {
    if (this.#state === "settled") return;
    this.#leaseUntilMs = this.#settler.nowMs() + this.#settler.leaseMs;
    this.#settler.extend(this);
  }

  forget(): void {
    if (this.#state === "in hand") this.#settled();
  }

  /** On each that was delivered before: what kills a process at its first execution comes again. */
  get mark(): (() => Promise<void>) | undefined {
    return this.delivered.delivery.deliveries > 1 ? () => this.#mark() : undefined;
  }

  async #mark(): Promise<void> {
    this.#assertInHand();
    await this.#settler.mark(this);
  }

  async deadLetter(cause: DeadLetterCause): Promise<void> {
    this.#assertInHand();
    checkCause(cause);
    this.#state = "settling";
    try {
      await this.#settler.deadLetter(this, cause);
    } catch (error) {
      this.#state = "in hand";
      throw error;
    }
    this.#settled();
  }

  #settled(): void {
    this.#state = "settled";
    this.#onSettled();
  }

  #assertInHand(): void {
    if (this.#state === "in hand") return;
    throw settledAlready(this.lane);
  }
}
