interface Timer {
  readonly dueAtMs: number;
  readonly callback: () => void;
}

/** What the wall clock shows at the start. Milliseconds since 1970. */
const START_MS = 1_764_000_000_000;

/** Lets every promise that can settle without a timer settle. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Time that passes only when a test says so. */
export class ManualClock {
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
    while (this.#fireNext(untilMs)) await settle();
    this.#nowMs = untilMs;
  }

  /** Lets time pass, timer by timer, at once: nothing settles in between. */
  advanceNow(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    while (this.#fireNext(untilMs));
    this.#nowMs = untilMs;
  }

  /** Time passes and nothing runs, as when the event loop is blocked; then what is due fires, late. */
  async block(byMs: number): Promise<void> {
    this.#nowMs += byMs;
    await this.advance(0);
  }

  #fireNext(untilMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAtMs <= untilMs && (next === undefined || timer.dueAtMs < next.dueAtMs)) next = timer;
    }
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#nowMs = Math.max(this.#nowMs, next.dueAtMs);
    next.callback();
    return true;
  }
}
