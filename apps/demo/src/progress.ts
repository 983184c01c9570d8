import type { Tally } from "./tally.ts";

const EVERY_MS = 100;

/** What the live line tells of the callers' side. */
export interface Progress {
  /** Of all writes, those whose call has begun: 0 to 1. */
  readonly share: number;
  readonly perSecond: number;
}

/** Makes a rate of a count. */
export class ProgressMeter {
  readonly #total: number;
  #at = performance.now();
  #count = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** The progress since the last one, or undefined where that was a moment ago. */
  update(count: number): Progress | undefined {
    const now = performance.now();
    const elapsedMs = now - this.#at;
    if (elapsedMs < EVERY_MS) return undefined;
    const perSecond = ((count - this.#count) * 1000) / elapsedMs;
    this.#at = now;
    this.#count = count;
    return { share: count / this.#total, perSecond };
  }
}

/** Fits into 80 columns behind the time, with six digits in every figure. */
export function progressLine({ share, perSecond }: Progress, tally: Tally, depth: number): string {
  return [
    `${(share * 100).toFixed(0)} %`,
    `${Math.round(perSecond)}/s`,
    `errors ${tally.errors}`,
    `queue ${depth}`,
    `replayed ${tally.replayed}`,
    `lag ${(tally.longestLagMs / 1000).toFixed(1)} s`,
  ].join(" · ");
}
