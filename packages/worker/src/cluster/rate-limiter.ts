import type { Clock } from "@helix/core";

/** What has gathered while nothing was executed is given out at once, up to so much of a second's worth. */
const BURST_SECONDS = 0.1;

/** Token bucket: so many executions per second, at most a tenth of them (or one) at once. */
export class RateLimiter {
  readonly #clock: Clock;
  #perSecond: number | undefined;
  #tokens = 1;
  #atMs: number;

  /** @param perSecond Above 0; undefined: without a limit. */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#atMs = clock.monotonicMs();
  }

  /** Replaces the limit; what has been used of the old one still counts. */
  set(perSecond: number | undefined): void {
    this.#refill();
    this.#perSecond = perSecond;
    this.#tokens = Math.min(this.#tokens, this.#burst);
  }

  /** Executions that may start now. */
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
    return this.#perSecond === undefined ? 1 : Math.max(1, this.#perSecond * BURST_SECONDS);
  }

  #refill(): void {
    const nowMs = this.#clock.monotonicMs();
    const gained = ((nowMs - this.#atMs) / 1000) * (this.#perSecond ?? 0);
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#atMs = nowMs;
  }
}
