/** Waits by the clock, to some microseconds: Node's own timers count whole milliseconds, and fire together. */
export class ExactTimer {
  readonly #durationMs: number;
  readonly #waiting: { readonly dueAtMs: number; readonly resolve: () => void }[] = [];

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => {
      // All take equally long, so they become due in the order in which they began.
      this.#waiting.push({ dueAtMs: performance.now() + this.#durationMs, resolve });
      if (this.#waiting.length === 1) setImmediate(this.#poll);
    });
  }

  readonly #poll = (): void => {
    const nowMs = performance.now();
    let due = 0;
    for (const { dueAtMs, resolve } of this.#waiting) {
      if (dueAtMs > nowMs) break;
      due++;
      resolve();
    }
    if (due > 0) this.#waiting.splice(0, due);
    if (this.#waiting.length > 0) setImmediate(this.#poll);
  };
}
