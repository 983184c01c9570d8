import type { Clock, Lane, ReplayMessage } from "@helix/core";
import type { ByteBudget } from "../decide/byte-budget.ts";
import { heldBytes } from "../decide/held-bytes.ts";

/**
 * Everything of one cluster that was received and is not settled, waiting or executing. Where the queue
 * lends messages for a time, all of it is extended three times per lease, by one timer that exists only
 * while something is in hand. What it takes up in memory is told to the budget.
 */
export class Hand {
  /** With the bytes that each takes up in memory. */
  readonly #messages = new Map<ReplayMessage, number>();
  /** Those of them that keep no fresh ones out. */
  readonly #aside = new Set<ReplayMessage>();
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

  /** Looks at each of them: for who asks now and then. */
  sizeOf(lane: Lane): number {
    let size = 0;
    for (const message of this.#messages.keys()) if (message.lane === lane) size++;
    return size;
  }

  add(message: ReplayMessage): void {
    const bytes = heldBytes(message);
    this.#messages.set(message, bytes);
    this.#budget.take(message.lane, bytes);
    if (this.#intervalMs !== undefined && this.#cancelTimer === undefined) this.#arm(this.#intervalMs);
  }

  /** It is to keep no fresh ones out. False: there are too many of those already; it is to be handed back. */
  setAside(message: ReplayMessage): boolean {
    const bytes = this.#messages.get(message);
    if (bytes === undefined || !this.#budget.setAside(message.lane, bytes)) return false;
    this.#aside.add(message);
    return true;
  }

  remove(message: ReplayMessage): void {
    const bytes = this.#messages.get(message);
    if (bytes !== undefined) this.#free(message, bytes);
    this.#messages.delete(message);
    if (this.#messages.size === 0) this.#emptied();
  }

  /** Forgets what the queue has not confirmed yet: nothing of it is extended any more. */
  clear(): void {
    for (const [message, bytes] of this.#messages) this.#free(message, bytes);
    this.#messages.clear();
    this.#emptied();
  }

  #emptied(): void {
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

  #free(message: ReplayMessage, bytes: number): void {
    const isAside = this.#aside.size > 0 && this.#aside.delete(message);
    this.#budget.give(message.lane, bytes, isAside);
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
