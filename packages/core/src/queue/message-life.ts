import type { Lane } from "../cluster.ts";
import { isHelixError } from "../errors.ts";
import { settledAlready } from "./settlement-input.ts";

/**
 * Who may still say what about one delivery of a message. A message keeps one, and asks it at each settlement: it trades a
 * small object per message for a single place where two settlements, a refusal and a lapsed lease meet.
 *
 * in hand → (`settle`) settling → over, or in hand again if the queue refuses. `end` leads to over from any of them, and
 * nothing leads back.
 */
export class MessageLife {
  readonly #lane: Lane;
  #state: "in hand" | "settling" | "over" = "in hand";

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** Settled, forgotten, or somebody else's. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  /** @throws HelixError HELIX_MESSAGE_SETTLED unless it is in hand. */
  assertInHand(): void {
    if (this.#state !== "in hand") throw settledAlready(this.#lane);
  }

  /**
   * Settles it by `act`, which tells the queue and resolves when the queue is known to have it, or returns when it has it
   * at once. `confirm`, called then, may still refuse by throwing. Resolves after both; it is over then.
   *
   * Rejects with HELIX_MESSAGE_SETTLED if it is not in hand, `act` not called, or was ended while they failed; else with
   * what they fail with: it is in hand again, unless that was HELIX_MESSAGE_SETTLED.
   */
  async settle(act: () => Promise<void> | void, confirm?: () => void): Promise<void> {
    this.assertInHand();
    this.#state = "settling";
    try {
      const told = act();
      if (told !== undefined) await told;
      confirm?.();
    } catch (error) {
      throw this.#refused(error);
    }
    this.#state = "over";
  }

  /**
   * As `settle`, without a promise: `act` is given what it is to call when the queue has it, or with why it refuses, and `done` is
   * called then, without an argument or with what `settle` would reject with. Throws nothing.
   */
  settleThen(act: (told: (refusal?: unknown) => void) => void, done: (refusal?: unknown) => void): void {
    const told = (refusal?: unknown) => {
      if (refusal !== undefined) {
        done(this.#refused(refusal));
        return;
      }
      this.#state = "over";
      done();
    };
    if (this.#state !== "in hand") {
      done(settledAlready(this.#lane));
      return;
    }
    this.#state = "settling";
    try {
      act(told);
    } catch (error) {
      told(error);
    }
  }

  /** Returns what its settlement rejects with. */
  #refused(error: unknown): unknown {
    if (this.isOver) return settledAlready(this.#lane);
    this.#state = isHelixError(error, "HELIX_MESSAGE_SETTLED") ? "over" : "in hand";
    return error;
  }

  /** Forgets it, without a word to anybody. Returns whether it was not over already. */
  end(): boolean {
    if (this.isOver) return false;
    this.#state = "over";
    return true;
  }
}

/** A promise of what is told by a call. */
export function settled(settle: (done: (refusal?: unknown) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    settle((refusal) => (refusal === undefined ? resolve() : reject(refusal)));
  });
}
