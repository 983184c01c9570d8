import type { Backoff } from "./backoff.ts";
import type { Clock } from "./clock.ts";

export type BreakerState = "closed" | "open" | "half-open";

export interface BreakerOptions {
  /** How long it stays open: after the first opening, and after each trial that failed. */
  readonly backoff: Backoff;
  readonly clock: Clock;
  /**
   * So long it must have been closed before an opening counts as the first again. Until then a cluster that
   * flaps stays out for longer each time. Milliseconds. @default 0
   */
  readonly calmMs?: number | undefined;
  /** A number in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  /** Called after each change, with what caused an opening. Must not throw. */
  readonly onChange?:
    | ((state: BreakerState, info: { cause?: unknown; retryInMs: number }) => void)
    | undefined;
}

/**
 * Circuit breaker as a state machine without I/O or timers of its own; when to open is its owner's rule.
 *
 * - **closed**: everything may be sent. `open(cause)` → open.
 * - **open**: nothing may be sent until the interval is over; then the first `tryTrial()` → half-open.
 *   `open` again is ignored. `close()` → closed (any late answer proves that the cluster is there).
 * - **half-open**: exactly one trial is under way. `close()` → closed; `open(cause)` → open, for longer;
 *   `abandonTrial()` → open, and due at once (the trial said nothing about the cluster).
 */
export class Breaker {
  readonly #options: BreakerOptions;
  #state: BreakerState = "closed";
  #failures = 0;
  #closedAtMs = -Infinity;
  #dueAtMs = 0;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a trial may be made; 0 when it may be made now, or is under way. */
  get trialInMs(): number {
    return this.#state === "open" ? Math.max(0, this.#dueAtMs - this.#options.clock.monotonicMs()) : 0;
  }

  /** There is a sign that it is back: where it is open, a trial may be made at once. */
  hasten(): void {
    if (this.#state === "open") this.#dueAtMs = this.#options.clock.monotonicMs();
  }

  open(cause: unknown): void {
    if (this.#state === "open") return;
    const { backoff, clock, calmMs = 0, random = Math.random } = this.#options;
    const isCalm = this.#state === "closed" && clock.monotonicMs() - this.#closedAtMs >= calmMs;
    this.#failures = isCalm ? 1 : this.#failures + 1;
    const delayMs = backoff.delayMs(this.#failures, random());
    this.#dueAtMs = clock.monotonicMs() + delayMs;
    this.#change("open", cause);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#closedAtMs = this.#options.clock.monotonicMs();
    this.#change("closed");
  }

  /** Whether the caller may make the trial now. It must end it with `close`, `open` or `abandonTrial`. */
  tryTrial(): boolean {
    if (this.#state !== "open" || this.trialInMs > 0) return false;
    this.#change("half-open");
    return true;
  }

  abandonTrial(): void {
    if (this.#state !== "half-open") return;
    this.#dueAtMs = this.#options.clock.monotonicMs();
    this.#change("open");
  }

  #change(state: BreakerState, cause?: unknown): void {
    this.#state = state;
    this.#options.onChange?.(state, { cause, retryInMs: this.trialInMs });
  }
}
