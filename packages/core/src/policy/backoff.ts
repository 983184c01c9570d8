import { integer, milliseconds, readOptions } from "../options/index.ts";

export interface BackoffOptions {
  /** Delay after the first failure. Milliseconds, 1 to 2^31 − 1. */
  readonly initialMs: number;
  /** What no delay exceeds. Milliseconds, `initialMs` to 2^31 − 1. */
  readonly maxMs: number;
  /** Growth per failure, 1 to 10. @default 2 */
  readonly factor?: number | undefined;
}

/**
 * How long to wait after the nth failure in a row: exponential, with the upper half of each delay left
 * to chance, so that what failed together does not come back together, and nothing comes back at once.
 * A value: it counts nothing, whoever fails does.
 */
export class Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;

  /** @throws TypeError, RangeError for a delay or factor out of range. */
  constructor(options: BackoffOptions) {
    const read = readOptions<{ initialMs: number; maxMs: number; factor: number }>(
      "Backoff",
      {
        initialMs: milliseconds({ fallback: 100 }),
        maxMs: milliseconds({ fallback: 30_000, atLeast: "initialMs" }),
        factor: integer({ min: 1, max: 10, fallback: 2 }),
      },
      options,
    );
    this.initialMs = read.initialMs;
    this.maxMs = read.maxMs;
    this.factor = read.factor;
  }

  /**
   * Milliseconds to wait after so many failures in a row, from half of the step to the whole of it.
   *
   * @param failures 1 for the first failure; less counts as 1.
   * @param random A number in [0, 1).
   */
  delayMs(failures: number, random: number = Math.random()): number {
    const step = Math.min(this.maxMs, this.initialMs * this.factor ** (Math.max(1, failures) - 1));
    return Math.max(1, Math.round(step / 2 + (step / 2) * random));
  }
}
