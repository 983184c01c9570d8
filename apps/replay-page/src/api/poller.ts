import type { Clock } from "@helix/core";
import { asRefusal, type Refusal } from "./refusal.ts";

/** What is known of something that is asked for again and again. */
export interface Seen<T> {
  /** The last answer: it stays while others fail. */
  readonly value?: T | undefined;
  /** When it came, by the browser's monotonic clock. */
  readonly atMs?: number | undefined;
  /** Why there is no newer one. */
  readonly failure?: Refusal | undefined;
}

export interface PollerOptions<T> {
  readonly ask: (signal: AbortSignal) => Promise<T>;
  /** From an answer to the next question. */
  readonly everyMs: (last: T) => number;
  /** Nobody looks. */
  readonly isHidden: () => boolean;
  readonly onSeen: (seen: Seen<T>) => void;
  readonly clock: Clock;
}

const LEAST_MS = 2_000;
const MOST_FAILED_MS = 15_000;
const HIDDEN_MS = 30_000;

/**
 * Asks again and again, one question at a time, so that a pod that is slow is asked more seldom.
 *
 * resting → (time, or `now`) asking → (answer, or failure) resting; stopped for good by `stop`. What comes in afterwards is ignored.
 */
export class Poller<T> {
  readonly #options: PollerOptions<T>;
  readonly #stopped = new AbortController();
  #seen: Seen<T> = {};
  #failures = 0;
  #everyMs = LEAST_MS;
  #isAsking = false;
  /** Asked for while an older answer was on its way. */
  #isWanted = false;
  #cancel = () => {};

  constructor(options: PollerOptions<T>) {
    this.#options = options;
  }

  /** Asks at once, or as soon as what is under way is answered: that may be older than what has been done meanwhile. */
  now(): void {
    if (this.#isAsking) this.#isWanted = true;
    else void this.#ask();
  }

  stop(): void {
    this.#stopped.abort();
    this.#cancel();
  }

  async #ask(): Promise<void> {
    const { ask, everyMs, onSeen, clock } = this.#options;
    const { signal } = this.#stopped;
    if (signal.aborted) return;
    this.#cancel();
    this.#isAsking = true;
    this.#isWanted = false;
    try {
      const value = await ask(signal);
      this.#everyMs = everyMs(value);
      this.#failures = 0;
      this.#seen = { value, atMs: clock.monotonicMs() };
    } catch (error) {
      this.#failures++;
      this.#seen = { ...this.#seen, failure: asRefusal(error) };
    }
    this.#isAsking = false;
    if (signal.aborted) return;
    onSeen(this.#seen);
    if (this.#isWanted) void this.#ask();
    else this.#cancel = clock.setTimer(() => this.now(), this.#restMs());
  }

  #restMs(): number {
    const failed = this.#failures === 0 ? 0 : Math.min(MOST_FAILED_MS, LEAST_MS * 2 ** (this.#failures - 1));
    // An answer that has no number for it makes none.
    const every = Number.isFinite(this.#everyMs) ? this.#everyMs : 0;
    return Math.max(LEAST_MS, every, failed, this.#options.isHidden() ? HIDDEN_MS : 0);
  }
}
