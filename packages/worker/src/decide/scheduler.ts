import type { Priority, SchedulingOptions } from "@helix/core";

/** Which lanes of a cluster have a message that could start now. */
export interface AvailableLanes {
  readonly high: boolean;
  readonly low: boolean;
}

/**
 * Says which lane is next, one message at a time. Pure and synchronous: it knows nothing of queues.
 *
 * - **strict**: low only when there is no high.
 * - **ratio N**: while both have some, N high for each low. A low message that waits at the head of its
 *   lane is passed by at most N high ones, and an empty lane is never waited for.
 */
export class LaneScheduler {
  readonly #strict: boolean;
  readonly #ratio: number;
  /** High ones started in a row while a low one was waiting. */
  #passed = 0;

  /** `highPriorityRatio` 0 means 1:1. @default ratio 10, not strict */
  constructor({ highPriorityRatio = 10, strictPriority = false }: SchedulingOptions = {}) {
    this.#strict = strictPriority;
    this.#ratio = Math.max(1, highPriorityRatio);
  }

  /** The lane to start one message of, and the choice is taken as made; undefined if there is none. */
  next({ high, low }: AvailableLanes): Priority | undefined {
    if (!high && !low) return undefined;
    if (high && (this.#strict || !low || this.#passed < this.#ratio)) {
      // Only what somebody waits behind is counted: a low one that arrives later owes nothing.
      this.#passed = low ? this.#passed + 1 : 0;
      return "high";
    }
    this.#passed = 0;
    return "low";
  }
}
