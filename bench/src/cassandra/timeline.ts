import { setTimeout as after } from "node:timers/promises";
import { quantile } from "../measure/spread.ts";

const BUCKET_MS = 250;

/** Calls at an even pace, and how long each took, by when it began. */
export class Timeline implements AsyncDisposable {
  readonly #call: (i: number) => Promise<unknown>;
  readonly #perSecond: number;
  readonly #calls: { readonly atMs: number; readonly tookMs: number }[] = [];
  readonly #pending = new Set<Promise<void>>();
  readonly #startedAt = performance.now();
  readonly #running: Promise<void>;
  #failure: unknown;
  #isStopped = false;

  constructor(perSecond: number, call: (i: number) => Promise<unknown>) {
    this.#perSecond = perSecond;
    this.#call = call;
    this.#running = this.#run();
  }

  /** Milliseconds since it began. */
  get nowMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Of the calls that began in between. */
  quantile(share: number, fromMs: number, toMs: number): number {
    const took = this.#calls.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ tookMs }) => tookMs);
    return quantile(took, share);
  }

  /** The p99 of each quarter of a second: seconds since the beginning, milliseconds. */
  p99s(): [number, number][] {
    const buckets = Math.floor(Math.max(...this.#calls.map(({ atMs }) => atMs)) / BUCKET_MS);
    return Array.from({ length: buckets }, (_, i) => [
      ((i + 0.5) * BUCKET_MS) / 1000,
      this.quantile(0.99, i * BUCKET_MS, (i + 1) * BUCKET_MS),
    ]);
  }

  /** Rejects if a call did. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
    await Promise.all(this.#pending);
    if (this.#failure !== undefined) throw this.#failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    for (let i = 0; !this.#isStopped; ) {
      const due = (this.nowMs * this.#perSecond) / 1000;
      for (; i < due; i++) this.#begin(i);
      await after(1);
    }
  }

  #begin(i: number): void {
    const atMs = this.nowMs;
    const call = this.#call(i)
      .then(
        () => void this.#calls.push({ atMs, tookMs: this.nowMs - atMs }),
        (error) => {
          this.#failure ??= error;
        },
      )
      .finally(() => this.#pending.delete(call));
    this.#pending.add(call);
  }
}
