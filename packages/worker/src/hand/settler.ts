import {
  type Backoff,
  type Clock,
  type DeadLetterCause,
  isHelixError,
  messageId,
  type ReleaseOptions,
  type ReplayMessage,
} from "@helix/core";
import { wait } from "@helix/core/internal";
import type { HeldMessage } from "../decide/held-message.ts";
import { RecentMap } from "../decide/recent-map.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Hand } from "./hand.ts";

/** How long a message waits in its lane that the dead letters have no room for, or that has no name to count by. */
const LONG_DELAY_MS = 30_000;
const MAX_REFUSED = 10_000;

export interface SettlerOptions {
  readonly hand: Hand;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly random: () => number;
  /** Called after each message that has left the hand. */
  readonly onSettled: () => void;
}

/**
 * Ends messages, and reports an end only when the queue has confirmed it. No message leaves the hand before it has
 * ended: where the queue refuses, it is reported and handed back, after a longer delay each time that the same message is
 * refused; where the queue refuses that as well, it stays in hand and is handed back later. A message whose lease has
 * lapsed is forgotten, whatever came of it: whoever has it now reports it. None of the promises rejects.
 */
export class Settler {
  readonly #options: SettlerOptions;
  /** Messages whose end was refused, and how often. */
  readonly #refused = new RecentMap<string, number>(MAX_REFUSED);
  #stopping = new AbortController();

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** It was applied. */
  ack(item: HeldMessage): void {
    const { message } = item;
    // The queue looks as well: it acknowledges none that has lapsed.
    if (this.#options.hand.wasLost(message)) {
      this.lose(message);
      return;
    }
    if (message.ackThen === undefined) {
      void this.#ack(item);
      return;
    }
    try {
      message.ackThen((refusal) => {
        if (refusal === undefined) this.#applied(item);
        else void this.#endRefused(message, refusal);
      });
    } catch (error) {
      // It must not, and nobody above is ready for it.
      void this.#endRefused(message, error);
    }
  }

  async #ack(item: HeldMessage): Promise<void> {
    try {
      await item.message.ack();
    } catch (error) {
      await this.#endRefused(item.message, error);
      return;
    }
    this.#applied(item);
  }

  #applied(item: HeldMessage): void {
    this.#options.reporter.applied(item);
    this.#ended(item.message);
  }

  /** Out of its lane for good; where there is no room, back into it for a while, at no cost. */
  async drop(message: ReplayMessage, cause: DeadLetterCause): Promise<void> {
    if (this.#isLost(message)) return;
    try {
      await message.deadLetter(cause);
    } catch (error) {
      await this.#endRefused(message, error);
      return;
    }
    this.#options.reporter.dropped(message, cause);
    this.#ended(message);
  }

  /** Back into its lane; without `attempts` the count stays. */
  async release(message: ReplayMessage, options: ReleaseOptions): Promise<void> {
    const { reporter, clock, backoff, random } = this.#options;
    const { signal } = this.#stopping;
    for (let refusals = 1; ; refusals++) {
      if (this.#isLost(message)) return;
      const isLastTry = signal.aborted;
      try {
        await message.release(options);
        break;
      } catch (error) {
        reporter.settleFailed(message.lane, error);
        if (isHelixError(error, "HELIX_MESSAGE_SETTLED")) break;
      }
      if (isLastTry) {
        message.forget();
        break;
      }
      await wait(clock, backoff.delayMs(refusals, random()), signal);
    }
    this.#leave(message);
  }

  /** Its lease has lapsed: it is not ours to settle any more. */
  lose(message: ReplayMessage): void {
    message.forget();
    this.#options.reporter.lost(message);
    this.#leave(message);
  }

  /** What the queue refuses to take back is tried until `stop`. */
  start(): void {
    this.#stopping = new AbortController();
  }

  /** From now on what the queue refuses to take back is tried once more and then forgotten. Leaves no timer. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Whether it was, and is forgotten. */
  #isLost(message: ReplayMessage): boolean {
    if (!this.#options.hand.isLost(message)) return false;
    this.lose(message);
    return true;
  }

  /** The queue has confirmed it. */
  #ended(message: ReplayMessage): void {
    if (this.#refused.size > 0 && message.content.ok)
      this.#refused.delete(messageId(message.content.payload));
    this.#leave(message);
  }

  async #endRefused(message: ReplayMessage, error: unknown): Promise<void> {
    const { reporter } = this.#options;
    if (isHelixError(error, "HELIX_DEAD_LETTERS_FULL")) {
      reporter.deadLettersFull(message.lane, LONG_DELAY_MS);
      await this.release(message, { delayMs: LONG_DELAY_MS });
      return;
    }
    reporter.settleFailed(message.lane, error);
    if (isHelixError(error, "HELIX_MESSAGE_SETTLED")) this.#leave(message);
    else await this.release(message, { delayMs: this.#refusedDelayMs(message) });
  }

  #refusedDelayMs({ content }: ReplayMessage): number {
    if (!content.ok) return LONG_DELAY_MS;
    const { backoff, random } = this.#options;
    const key = messageId(content.payload);
    // Where there are more than can be remembered each waits for the longest: else they would come again at once, for ever.
    const before = this.#refused.peek(key) ?? (this.#refused.size < MAX_REFUSED ? 0 : Infinity);
    const refusals = before + 1;
    this.#refused.set(key, refusals);
    return backoff.delayMs(refusals, random());
  }

  #leave(message: ReplayMessage): void {
    this.#options.hand.remove(message);
    this.#options.onSettled();
  }
}
