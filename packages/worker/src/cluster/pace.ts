import type { Clock } from "@helix/core";
import { RateLimiter } from "@helix/core/internal";

/** At most a tenth of a second's worth at once. */
const BURST_SECONDS = 0.1;

/** A rate limit that wakes its owner when the next may start. It has a timer only while somebody waits. */
export class Pace {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  readonly #wake: () => void;
  #cancelTimer: (() => void) | undefined;

  /** @param perSecond Undefined: without a limit. */
  constructor(clock: Clock, perSecond: number | undefined, wake: () => void) {
    this.#clock = clock;
    this.#limiter = new RateLimiter(clock, perSecond, BURST_SECONDS);
    this.#wake = wake;
  }

  /** Executions that may start now. */
  get available(): number {
    return this.#limiter.available;
  }

  /** Replaces the limit. */
  set(perSecond: number | undefined): void {
    this.#limiter.set(perSecond);
    this.stop();
    this.#wake();
  }

  /** One starts. Where none may, it is taken off what comes later. */
  spend(): void {
    this.#limiter.spend();
  }

  /** Wakes the owner once, when one may start. */
  await(): void {
    this.#cancelTimer ??= this.#clock.setTimer(() => {
      this.#cancelTimer = undefined;
      this.#wake();
    }, this.#limiter.nextInMs);
  }

  /** Nobody waits any more. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
