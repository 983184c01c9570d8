import { type DeadLetterCause, isHelixError, type ReleaseOptions, type ReplayMessage } from "@helix/core";
import type { HeldMessage } from "../decide/held-message.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Hand } from "./hand.ts";

/** How long a message waits in its lane that the dead letters have no room for. */
const FULL_RETRY_MS = 30_000;

export interface SettlerOptions {
  readonly hand: Hand;
  readonly reporter: Reporter;
  /** Called after each message that has left the hand. */
  readonly onSettled: () => void;
}

/**
 * Ends messages, each in one of three ways, and reports an end only when the queue has confirmed it. A
 * settlement that the queue refuses is reported and forgotten: the message is delivered again in time.
 * None of its promises rejects.
 */
export class Settler {
  readonly #options: SettlerOptions;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** It was applied. */
  async ack(item: HeldMessage): Promise<void> {
    try {
      await item.message.ack();
      this.#options.reporter.applied(item);
    } catch (error) {
      this.#options.reporter.settleFailed(item.message.lane, error);
    }
    this.#leave(item.message);
  }

  /** Back into its lane; without `attempts` the count stays. */
  async release(message: ReplayMessage, options: ReleaseOptions): Promise<void> {
    await this.#release(message, options);
    this.#leave(message);
  }

  /** Out of its lane for good; where there is no room, back into it for a while, at no cost. */
  async drop(message: ReplayMessage, cause: DeadLetterCause): Promise<void> {
    const { reporter } = this.#options;
    try {
      await message.deadLetter(cause);
      reporter.dropped(message, cause);
    } catch (error) {
      if (isHelixError(error, "HELIX_DEAD_LETTERS_FULL")) {
        reporter.deadLettersFull(message.lane, FULL_RETRY_MS);
        await this.#release(message, { delayMs: FULL_RETRY_MS });
      } else {
        reporter.settleFailed(message.lane, error);
      }
    }
    this.#leave(message);
  }

  /** Its lease ran out: it is not ours to settle any more. */
  lose(message: ReplayMessage): void {
    this.#options.reporter.lost(message);
    this.#leave(message);
  }

  async #release(message: ReplayMessage, options: ReleaseOptions): Promise<void> {
    try {
      await message.release(options);
    } catch (error) {
      this.#options.reporter.settleFailed(message.lane, error);
    }
  }

  #leave(message: ReplayMessage): void {
    this.#options.hand.remove(message);
    this.#options.onSettled();
  }
}
