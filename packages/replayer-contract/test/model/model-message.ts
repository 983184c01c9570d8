import { decodeContent } from "@helix/codec";
import type { DeadLetterCause, Lane, MessageContent, ReleaseOptions, ReplayMessage } from "@helix/core";
import { checkCause, MessageLife, readRelease } from "@helix/core/queue-kit";
import type { ModelQueue } from "./model-queue.ts";
import { MODEL, type Stored } from "./model-store.ts";

/** A delivery. It settles once, and a settlement that failed may be tried again. */
export class ModelMessage implements ReplayMessage {
  readonly lane: Lane;
  readonly content: MessageContent;
  readonly attempts: number;
  leaseUntilMs: number;
  readonly #queue: ModelQueue;
  readonly #stored: Stored;
  readonly #life: MessageLife;

  constructor(queue: ModelQueue, stored: Stored) {
    this.#queue = queue;
    this.#stored = stored;
    this.lane = stored.lane;
    this.#life = new MessageLife(stored.lane);
    this.attempts = stored.attempts;
    this.content = decodeContent(stored.bytes, stored.lane);
    this.leaseUntilMs = queue.store.clock.wallMs() + MODEL.leaseMs;
  }

  ack(): Promise<void> {
    return this.#settle(() => this.#queue.store.ack(this.#stored));
  }

  async release(options?: ReleaseOptions): Promise<void> {
    const { delayMs, attempts, ...failed } = readRelease(options);
    await this.#settle(() => this.#queue.store.release(this.#stored, delayMs, attempts, failed));
  }

  extend(): void {
    if (this.#life.isOver) return;
    const untilMs = this.#queue.store.clock.wallMs() + MODEL.leaseMs;
    const moved = () => {
      this.leaseUntilMs = untilMs;
    };
    this.#queue.reach(() => this.#queue.store.extend(this.#stored)).then(moved, () => {});
  }

  forget(): void {
    this.#life.end();
    this.#queue.ended(this);
  }

  async deadLetter(cause: DeadLetterCause): Promise<void> {
    checkCause(cause);
    await this.#settle(() => this.#queue.store.bury(this.#stored, cause));
  }

  async #settle(act: () => void): Promise<void> {
    await this.#life.settle(() => this.#queue.reach(act));
    this.#queue.ended(this);
  }
}
