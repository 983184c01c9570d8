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

/** What the live line tells of the replay's side. */
export interface Backlog {
  /** For how long the oldest write that a cluster misses has waited. Milliseconds; 0: none waits. */
  readonly oldestMs: number;
  /** How much each of several pods has replayed. */
  readonly pods?: readonly number[] | undefined;
}

/** The live line. With the time before it, it fits into 80 columns as long as figures have six digits and nobody sees an error. */
export function progressLine(
  { share, perSecond }: Progress,
  tally: Tally,
  { oldestMs, pods }: Backlog,
): string {
  const parts = [
    `${(share * 100).toFixed(0)} %`,
    `${Math.round(perSecond)}/s`,
    ...(tally.errors === 0 ? [] : [`errors ${tally.errors}`]),
    `queue ${Math.max(0, tally.queued - tally.replayed - tally.deadLettered)}`,
    pods === undefined ? `replayed ${tally.replayed}` : `pods ${pods.join("+")}`,
    `oldest ${(oldestMs / 1000).toFixed(1)} s`,
  ];
  return parts.join(" · ");
}
