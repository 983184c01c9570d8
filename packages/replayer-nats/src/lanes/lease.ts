import type { Clock } from "@helix/core";

/**
 * One delivery: where it is settled, and until when it is this process's to settle. The lease begins when the message
 * arrives, and moves only when the server is known to have begun anew.
 *
 * States: held, which counts against what the lane may hold → free, as soon as a settlement was sent, it was given up, or it
 * has lapsed. What has been given up is over for good.
 */
export class Lease {
  readonly reply: string;
  readonly #clock: Clock;
  #untilMs: number;
  #isGivenUp = false;
  #onFree: ((lease: Lease) => void) | undefined;

  constructor(reply: string, options: { clock: Clock; leaseMs: number; onFree: (lease: Lease) => void }) {
    this.reply = reply;
    this.#clock = options.clock;
    this.#untilMs = options.clock.wallMs() + options.leaseMs;
    this.#onFree = options.onFree;
  }

  /** Wall clock, milliseconds. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** It has lapsed or was given up: somebody else may have the message. */
  get isOver(): boolean {
    return this.#isGivenUp || this.#untilMs <= this.#clock.wallMs();
  }

  get isFree(): boolean {
    return this.#onFree === undefined;
  }

  /** The server has begun anew. */
  moveTo(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }

  free(): void {
    const onFree = this.#onFree;
    this.#onFree = undefined;
    onFree?.(this);
  }

  giveUp(): void {
    this.#isGivenUp = true;
    this.free();
  }
}
