import type { Clock } from "@helix/core";
import { wait } from "@helix/core/internal";

/** Counts what has been begun and not ended, so that a close can wait for it. */
export class InFlight {
  #count = 0;
  #onIdle: (() => void) | undefined;

  async track<T>(run: () => Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await run();
    } finally {
      this.#count--;
      if (this.#count === 0) this.#onIdle?.();
    }
  }

  /** Resolves when nothing is in flight, or after the timeout. Leaves no timer. */
  async drain(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#count === 0) return;
    const idle = new AbortController();
    this.#onIdle = () => idle.abort();
    await wait(clock, timeoutMs, idle.signal);
  }
}
