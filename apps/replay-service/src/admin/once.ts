import { createHash } from "node:crypto";
import type { Clock } from "@helix/core";
import { apiRefusal } from "./api-refusal.ts";

const KEPT_MS = 86_400_000;
const MOST_KEPT = 1_000;

/**
 * Makes a change once for each key: whoever repeats it, since the answer was lost, gets that of the first. Kept by this pod, for a day and the
 * last thousand. What was refused, or failed, is not kept: a repeat is another try.
 */
export class Once {
  readonly #clock: Clock;
  readonly #kept = new Map<
    string,
    { readonly what: string; readonly atMs: number; readonly answer: Promise<string> }
  >();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param change All that says what the change is. Rejects with HELIX_API_KEY_REUSED for another one with that key. */
  run(key: string, change: unknown, make: () => Promise<string>): Promise<string> {
    const nowMs = this.#clock.monotonicMs();
    // The eldest comes first.
    for (const [one, { atMs }] of this.#kept) {
      if (nowMs - atMs < KEPT_MS && this.#kept.size < MOST_KEPT) break;
      this.#kept.delete(one);
    }
    const what = createHash("sha256").update(JSON.stringify(change)).digest("base64");
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      return kept.what === what ? kept.answer : Promise.reject(apiRefusal("HELIX_API_KEY_REUSED"));
    }
    const answer = make();
    this.#kept.set(key, { what, atMs: nowMs, answer });
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }
}
