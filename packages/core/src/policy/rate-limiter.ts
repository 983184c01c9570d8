import type { Clock } from "./clock.ts";

/** Token bucket: so many per second, of which what has gathered meanwhile is given out at once up to a bound. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #burstSeconds: number;
  #perSecond: number | undefined;
  #tokens = 1;
  #atMs: number;

  /**
   * @param perSecond Above 0; undefined: without a limit.
   * @param burstSeconds So much of a second's worth may start at once, one at least.
   */
  constructor(clock: Clock, perSecond: number | undefined, burstSeconds: number) {
    this.#clock = clock;
    this.#burstSeconds = burstSeconds;
    this.#perSecond = perSecond;
    this.#atMs = clock.monotonicMs();
  }

  /** Replaces the limit; what has been used of the old one still counts. */
  set(perSecond: number | undefined): void {
    this.#refill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, this.#burst);
  }

  /** How many may start now. */
  get available(): number {
    if (this.#perSecond === undefined) return Infinity;
    this.#refill();
    return Math.max(0, Math.floor(this.#tokens));
  }

  /** Milliseconds until the next may start. */
  get nextInMs(): number {
    if (this.#perSecond === undefined || this.available > 0) return 0;
    return Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond);
  }

  /** One starts. Where none may, it is taken off what comes later. */
  spend(): void {
    if (this.#perSecond !== undefined) this.#tokens--;
  }

  get #burst(): number {
    return this.#perSecond === undefined ? 1 : Math.max(1, this.#perSecond * this.#burstSeconds);
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#atMs) / 1000) * (this.#perSecond ?? 0);
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#atMs = nowMs;
  }
}
