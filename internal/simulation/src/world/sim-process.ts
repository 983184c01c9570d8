import type { Clock } from "@helix/core";
import { START_MS, type VirtualTime } from "./virtual-time.ts";

/** What a request to a server comes to: its effect, and when the answer arrives after that. */
export interface Call<T> {
  /** Until the request has its effect. Milliseconds. */
  readonly requestMs: number;
  /** Until the answer is here. Milliseconds; none: it never is. */
  readonly answerMs: number | undefined;
  /** Takes place even if the process has died in the meantime. */
  readonly effect: () => T;
}

/**
 * One process of the simulated system: a clock of its own, and the only way from its code to anything
 * outside. It dies at a chosen one of its crossings, in either direction: nothing that it does later has
 * an effect, and nothing reaches it any more. Since code that awaits nothing cannot be told from code that
 * ran at once, those are all the moments at which a death makes a difference.
 */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #time: VirtualTime;
  readonly #onDeath: (process: SimProcess) => void;
  #isAlive = true;
  #crossings = 0;
  #diesAt = Number.POSITIVE_INFINITY;
  #frozenUntilMs = 0;
  readonly #usualSkewMs: number;
  #skewMs: number;

  constructor(
    name: string,
    time: VirtualTime,
    options: { skewMs?: number; onDeath: (process: SimProcess) => void },
  ) {
    this.name = name;
    this.#time = time;
    this.#usualSkewMs = options.skewMs ?? 0;
    this.#skewMs = this.#usualSkewMs;
    this.#onDeath = options.onDeath;
    this.clock = {
      wallMs: () => START_MS + Math.floor(time.nowMs) + this.#skewMs,
      monotonicMs: () => time.nowMs,
      setTimer: (callback, delayMs) => this.#later(callback, delayMs),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** The wall clock is set. */
  stepClock(byMs: number): void {
    this.#skewMs += byMs;
  }

  get skewMs(): number {
    return this.#skewMs;
  }

  /** The wall clock is as it was before it was set. */
  correctClock(): void {
    this.#skewMs = this.#usualSkewMs;
  }

  /** The event loop stands still: nothing runs, and what arrives waits. */
  freeze(forMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#time.nowMs + forMs);
  }

  /** From now on, after so many crossings. */
  dieAfter(crossings: number): void {
    this.#diesAt = this.#crossings + crossings;
  }

  die(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#onDeath(this);
  }

  /** Whether code of this process may still act; counts as a crossing. */
  cross(): boolean {
    if (this.#isAlive && ++this.#crossings > this.#diesAt) this.die();
    return this.#isAlive;
  }

  /** A request to a server. Settles as its effect returns or throws, or never. */
  call<T>({ requestMs, answerMs, effect }: Call<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!this.cross()) return;
      this.#time.schedule(() => {
        let settle: () => void;
        try {
          const result = effect();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        if (answerMs !== undefined) this.deliver(settle, answerMs);
      }, requestMs);
    });
  }

  /** Something arrives from outside, after so long. */
  deliver(callback: () => void, afterMs: number): () => void {
    return this.#later(() => {
      if (this.cross()) callback();
    }, afterMs);
  }

  #later(callback: () => void, delayMs: number): () => void {
    if (!this.#isAlive) return () => {};
    const run = () => {
      if (!this.#isAlive) return;
      const frozenForMs = this.#frozenUntilMs - this.#time.nowMs;
      if (frozenForMs > 0) cancel = this.#time.schedule(run, frozenForMs);
      else callback();
    };
    let cancel = this.#time.schedule(run, delayMs);
    return () => cancel();
  }
}
