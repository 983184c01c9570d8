import type { Clock } from "@helix/core";

/** Time that only moves when it is told to. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ dueAtMs: number; callback: () => void }>();

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  wallMs(): number {
    return 1_764_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueAtMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on, timer by timer. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].sort((a, b) => a.dueAtMs - b.dueAtMs);
      if (next === undefined || next.dueAtMs > untilMs) break;
      this.#timers.delete(next);
      this.#nowMs = next.dueAtMs;
      next.callback();
    }
    this.#nowMs = untilMs;
  }
}
