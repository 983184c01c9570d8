import { decodePayload } from "@helix/codec";
import {
  DEAD_LETTER_REASONS,
  type DeadLetterCause,
  isHelixError,
  type Lane,
  type MessageContent,
  type ReleaseOptions,
  type ReplayMessage,
} from "@helix/core";
import { integer, MAX_TIMER_MS, object, optional, readOptions } from "@helix/core/internal";
import type { ModelQueue } from "./model-queue.ts";
import { MODEL, type Stored, settled } from "./model-store.ts";

const RELEASE_RULES = {
  delayMs: integer({ min: 0, max: MAX_TIMER_MS, fallback: 0 }),
  attempts: optional(integer({ min: 0 })),
  error: optional(object({ expectation: "anything" }, (value) => value)),
};

/** A delivery. It settles once, and a settlement that failed may be tried again. */
export class ModelMessage implements ReplayMessage {
  readonly lane: Lane;
  readonly content: MessageContent;
  readonly attempts: number;
  readonly leaseUntilMs: number;
  readonly #queue: ModelQueue;
  readonly #stored: Stored;
  #settling = false;

  constructor(queue: ModelQueue, stored: Stored) {
    this.#queue = queue;
    this.#stored = stored;
    this.lane = stored.lane;
    this.attempts = stored.attempts;
    this.content = contentOf(stored.bytes);
    this.leaseUntilMs = queue.store.clock.wallMs() + MODEL.leaseMs;
  }

  ack(): Promise<void> {
    return this.#settle(() => this.#queue.store.ack(this.#stored));
  }

  async release(options?: ReleaseOptions): Promise<void> {
    const read = readOptions<ReleaseOptions & { delayMs: number }>("release", RELEASE_RULES, options);
    await this.#settle(() =>
      this.#queue.store.release(this.#stored, read.delayMs, read.attempts, read.error),
    );
  }

  extend(): void {
    if (!this.#settling) this.#queue.store.extend(this.#stored);
  }

  forget(): void {
    this.#settling = true;
  }

  async deadLetter(cause: DeadLetterCause): Promise<void> {
    if (!DEAD_LETTER_REASONS.includes(cause.reason)) throw new TypeError("no such reason");
    await this.#settle(() => this.#queue.store.bury(this.#stored, cause));
  }

  async #settle(act: () => void): Promise<void> {
    if (this.#settling) throw settled(this.lane);
    this.#settling = true;
    try {
      await this.#queue.reach(act);
    } catch (error) {
      this.#settling = isHelixError(error, "HELIX_MESSAGE_SETTLED");
      throw error;
    }
  }
}

export function contentOf(bytes: Uint8Array): MessageContent {
  try {
    return { ok: true, payload: decodePayload(bytes) };
  } catch (error) {
    if (!isHelixError(error)) throw error;
    return { ok: false, raw: bytes, error };
  }
}
