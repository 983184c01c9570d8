import type { Clock } from "@helix/core";

interface Timer {
  readonly dueAtMs: number;
  readonly callback: () => void;
}

const START_MS = Date.UTC(2030, 0, 1);

/** Lets every promise that can settle without a timer settle. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>();
  #nowMs = 0;

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  wallMs(): number {
    return START_MS + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueAtMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets time pass, timer by timer, and everything settle that each of them sets off. */
  async advance(byMs: number): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    await settle();
    for (let next = this.#earliest(untilMs); next !== undefined; next = this.#earliest(untilMs)) {
      this.#nowMs = next.dueAtMs;
      this.#timers.delete(next);
      next.callback();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  #earliest(untilMs: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= untilMs && timer.dueAtMs < (earliest?.dueAtMs ?? Infinity)) earliest = timer;
    }
    return earliest;
  }
}
