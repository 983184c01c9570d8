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
      if (this.isOver) throw settledAlready(this.#lane);
      this.#state = isHelixError(error, "HELIX_MESSAGE_SETTLED") ? "over" : "in hand";
      throw error;
    }
    this.#state = "over";
  }

  /** Forgets it, without a word to anybody. Returns whether it was not over already. */
  end(): boolean {
    if (this.isOver) return false;
    this.#state = "over";
    return true;
  }
}
