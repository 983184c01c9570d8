import type { Clock, ReplayMessage } from "@helix/core";
import type { ByteBudget } from "../decide/byte-budget.ts";
import { heldBytes } from "../decide/held-bytes.ts";

/** What a message takes up in memory. */
interface Held {
  readonly bytes: number;
  isAside: boolean;
}

/**
 * Everything of one cluster that was received and is not settled, waiting or executing. Where the queue
 * lends messages for a time, all of it is extended three times per lease, by one timer that exists only
 * while something is in hand. What it takes up in memory is told to the budget.
 */
export class Hand {
  readonly #messages = new Map<ReplayMessage, Held>();
  readonly #budget: ByteBudget;
  readonly #clock: Clock;
  readonly #intervalMs: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #whenEmpty: (() => void)[] = [];

  /** @param leaseMs None: messages may be held for ever. */
  constructor(clock: Clock, leaseMs: number | undefined, budget: ByteBudget) {
    this.#budget = budget;
    this.#clock = clock;
    this.#intervalMs = leaseMs === undefined ? undefined : Math.max(1, Math.floor(leaseMs / 3));
  }

  get size(): number {
    return this.#messages.size;
  }

  add(message: ReplayMessage): void {
    const bytes = heldBytes(message);
    this.#messages.set(message, { bytes, isAside: false });
    this.#budget.take(message.lane, bytes);
    if (this.#intervalMs !== undefined && this.#cancelTimer === undefined) this.#arm(this.#intervalMs);
  }

  /** It is to keep no fresh ones out. False: there are too many of those already; it is to be handed back. */
  setAside(message: ReplayMessage): boolean {
    const held = this.#messages.get(message);
    if (held !== undefined) held.isAside = this.#budget.setAside(message.lane, held.bytes);
    return held?.isAside === true;
  }

  remove(message: ReplayMessage): void {
    this.#free(message, this.#messages.get(message));
    this.#messages.delete(message);
    if (this.#messages.size === 0) this.clear();
  }

  /** Forgets what the queue has not confirmed yet: nothing of it is extended any more. */
  clear(): void {
    for (const [message, held] of this.#messages) this.#free(message, held);
    this.#messages.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const waiting = this.#whenEmpty;
    if (waiting.length === 0) return;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
  }

  /** Whether its lease ran out, as after a blocked event loop: somebody else may have it by now. */
  isLost({ leaseUntilMs }: ReplayMessage): boolean {
    return leaseUntilMs !== undefined && leaseUntilMs <= this.#clock.wallMs();
  }

  /** Resolves when nothing is in hand. */
  empty(): Promise<void> {
    if (this.#messages.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #free({ lane }: ReplayMessage, held: Held | undefined): void {
    if (held !== undefined) this.#budget.give(lane, held.bytes, held.isAside);
  }

  #arm(intervalMs: number): void {
    this.#cancelTimer = this.#clock.setTimer(() => {
      this.#arm(intervalMs);
      for (const message of this.#messages.keys()) {
        // What is lost stays lost: a late extension would take it away from whoever has it now.
        if (this.isLost(message)) continue;
        try {
          message.extend();
        } catch {
          // It runs out, and the queue gives it to somebody else: harmless, and not the others' business.
        }
      }
    }, intervalMs);
  }
}
