import type { Clock } from "@helix/core";
import { wait } from "@helix/core/internal";

/** Counts what has been begun and not ended, so that a close can wait for it. */
export class InFlight {
  #count = 0;
  #onIdle: (() => void) | undefined;
  /** The same for all, so that none is made for each. */
  readonly #resolved = (value: unknown): unknown => {
    this.#end();
    return value;
  };
  readonly #rejected = (error: unknown): never => {
    this.#end();
    throw error;
  };

  /** What `run` throws is thrown. */
  track<T>(run: () => Promise<T>): Promise<T> {
    this.#count++;
    let running: Promise<T>;
    try {
      running = run();
    } catch (error) {
      this.#end();
      throw error;
    }
    return running.then(this.#resolved as (value: T) => T, this.#rejected);
  }

  /** Resolves when nothing is in flight, or after the timeout. Leaves no timer. */
  async drain(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#count === 0) return;
    const idle = new AbortController();
    this.#onIdle = () => idle.abort();
    await wait(clock, timeoutMs, idle.signal);
  }

  #end(): void {
    this.#count--;
    if (this.#count === 0) this.#onIdle?.();
  }
}
