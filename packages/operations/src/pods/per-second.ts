/** Over so much of the past, or over what there is of it, five seconds at the least. */
export interface PerSecond {
  readonly last1Min?: number | undefined;
  readonly last15Min?: number | undefined;
}

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const LEAST_MS = 5_000;

interface Sample<K extends string> {
  readonly atMs: number;
  readonly counts: Readonly<Record<K, number>>;
}

/** How fast counts have changed, from samples of them. It keeps those of the last quarter of an hour. */
export class PerSecondOf<K extends string> {
  readonly #samples: Sample<K>[] = [];

  /** @param atMs Of a clock that never goes back. */
  add(atMs: number, counts: Readonly<Record<K, number>>): void {
    this.#samples.push({ atMs, counts });
    // One that is older, so that there is a whole quarter.
    while ((this.#samples[1]?.atMs ?? Infinity) <= atMs - QUARTER_MS) this.#samples.shift();
  }

  of(key: K): PerSecond {
    return { last1Min: this.#over(MINUTE_MS, key), last15Min: this.#over(QUARTER_MS, key) };
  }

  #over(windowMs: number, key: K): number | undefined {
    const last = this.#samples.at(-1);
    if (last === undefined) return undefined;
    const first = this.#samples.find(({ atMs }) => atMs >= last.atMs - windowMs) ?? last;
    const ms = last.atMs - first.atMs;
    if (ms < LEAST_MS) return undefined;
    return Math.round((100_000 * (last.counts[key] - first.counts[key])) / ms) / 100;
  }
}
