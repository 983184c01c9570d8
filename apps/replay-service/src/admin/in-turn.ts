import type { Clock } from "@helix/core";
import { wait } from "@helix/core/internal";
import { apiRefusal } from "./api-refusal.ts";

/** As long as an answer may take: whoever hangs holds up the next for no longer. */
const MOST_TURN_MS = 30_000;

/** Does one thing after the other: each may have a page of large letters in memory. */
export class InTurn {
  readonly #clock: Clock;
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects with HELIX_API_TIMEOUT, and does nothing, where the turn comes too late for an answer. */
  run<T>(make: () => Promise<T>): Promise<T> {
    const askedAtMs = this.#clock.monotonicMs();
    const over = new AbortController();
    const before = this.#last;
    this.#last = before.then(() => wait(this.#clock, MOST_TURN_MS, over.signal));
    return before
      .then(() => {
        if (this.#clock.monotonicMs() - askedAtMs >= MOST_TURN_MS) throw apiRefusal("HELIX_API_TIMEOUT");
        return make();
      })
      .finally(() => over.abort());
  }
}
