import {
  type DeadLetterCause,
  type Lane,
  type MessageContent,
  messageId,
  type ReleaseOptions,
  type ReplayMessage,
} from "@helix/core";
import { checkCause, MessageLife, readRelease, recordAfter, settled } from "@helix/core/queue-kit";
import type { Delivery } from "./ack-subject.ts";
import { isSuspect } from "./evidence.ts";
import type { Lease } from "./lease.ts";
import type { MessageRecord } from "./message-records.ts";

/** One delivery of a message. */
export interface Delivered {
  readonly lane: Lane;
  /** The bytes as they lie in the stream. */
  readonly raw: Uint8Array;
  readonly content: MessageContent;
  readonly lease: Lease;
  readonly delivery: Delivery;
}

/** Names it for good: id and life, or its place in the stream if it cannot be decoded. */
export function nameOf({ content, delivery }: Delivered): string {
  return content.ok ? messageId(content.payload) : placeOf(delivery);
}

/** The name of one that has none that can be read. */
export function placeOf({ streamSequence, storedAtMs }: Delivery): string {
  return `undecodable.${streamSequence}-${storedAtMs}`;
}

/** What settles messages: the queue. */
export interface MessageSettler {
  /** Calls back when the server has it, or with why that is not so. */
  ack(message: NatsMessage, done: (refusal?: unknown) => void): void;
  release(
    message: NatsMessage,
    delayMs: number,
    record: MessageRecord | undefined,
    hastenedBy?: string,
  ): Promise<void>;
  extend(message: NatsMessage): void;
  forget(message: NatsMessage): void;
  mark(message: NatsMessage): Promise<void>;
  deadLetter(message: NatsMessage, cause: DeadLetterCause): Promise<void>;
}

/**
 * A message in a worker's hand, until it is settled or forgotten. Nothing is told to the server about one whose lease is
 * over: it would take the message away from whoever has it now.
 *
 * Its states are those of a {@link MessageLife}; a settlement is also refused where the lease was over before the server could
 * be told.
 */
export class NatsMessage implements ReplayMessage {
  readonly delivered: Delivered;
  readonly record: MessageRecord;
  readonly expired: boolean;
  readonly #settler: MessageSettler;
  readonly #life: MessageLife;

  /** @param record What is known of its failures. */
  constructor(delivered: Delivered, record: MessageRecord, expired: boolean, settler: MessageSettler) {
    this.delivered = delivered;
    this.record = record;
    this.expired = expired;
    this.#settler = settler;
    this.#life = new MessageLife(delivered.lane);
  }

  /** Names it for good. */
  get id(): string {
    return nameOf(this.delivered);
  }

  get attempts(): number {
    return this.record.attempts;
  }

  get lane(): Lane {
    return this.delivered.lane;
  }

  get content(): MessageContent {
    return this.delivered.content;
  }

  get bytes(): number {
    return this.delivered.raw.length;
  }

  get suspect(): boolean {
    return isSuspect(this.record);
  }

  get leaseUntilMs(): number {
    return this.delivered.lease.untilMs;
  }

  /** Whether there is a record of it that must be removed with it. */
  get isRecorded(): boolean {
    return this.attempts > 0 || this.suspect;
  }

  ack(): Promise<void> {
    return settled((done) => this.ackThen(done));
  }

  ackThen(done: (refusal?: unknown) => void): void {
    this.#life.settleThen((told) => {
      this.assertLent();
      this.#settler.ack(this, told);
    }, done);
  }

  async release(options?: ReleaseOptions): Promise<void> {
    this.#life.assertInHand();
    const { delayMs, hastenedBy, ...failure } = readRelease(options);
    const before = this.record;
    const after = { ...before, ...recordAfter(before, failure) };
    const record = after.attempts === before.attempts ? undefined : after;
    await this.#life.settle(() => {
      this.assertLent();
      return this.#settler.release(this, delayMs, record, hastenedBy);
    });
  }

  extend(): void {
    const { lease } = this.delivered;
    if (!lease.isFree && !lease.isOver) this.#settler.extend(this);
  }

  forget(): void {
    if (this.#life.end()) this.#settler.forget(this);
  }

  /** On each that was delivered before: what kills a process at its first execution comes again. */
  get mark(): (() => Promise<void>) | undefined {
    return this.delivered.delivery.deliveries > 1 ? () => this.#mark() : undefined;
  }

  async #mark(): Promise<void> {
    this.#life.assertInHand();
    await this.#settler.mark(this);
  }

  async deadLetter(cause: DeadLetterCause): Promise<void> {
    this.#life.assertInHand();
    checkCause(cause);
    await this.#life.settle(() => {
      this.assertLent();
      return this.#settler.deadLetter(this, cause);
    });
  }

  /**
   * To be called before anything is sent about it that has waited.
   *
   * @throws HelixError HELIX_LEASE_LAPSED
   */
  assertLent(): void {
    const { lease } = this.delivered;
    if (lease.isOver) throw lease.lapsed();
  }
}
