import type { Clock, Lane, ReplayMessage } from "@helix/core";
import { LinkedList, ListNode, Moment } from "@helix/core/internal";
import type { ByteBudget } from "../decide/byte-budget.ts";
import { heldBytes } from "../decide/held-bytes.ts";

class InHand extends ListNode<InHand> {
  readonly message: ReplayMessage;
  /** What it takes up in memory. */
  readonly bytes: number;
  /** Whether it keeps no fresh ones out. */
  isAside = false;

  constructor(message: ReplayMessage) {
    super();
    this.message = message;
    this.bytes = heldBytes(message);
  }
}

/**
 * Everything of one cluster that was received and is not settled, waiting or executing. Where the queue
 * lends messages for a time, all of it is extended three times per lease, by one timer that exists only
 * while something is in hand. What it takes up in memory is told to the budget.
 */
export class Hand {
  readonly #inHand = new LinkedList<InHand>();
  /** Weak, since the tables of a Map keep what was in them until the next full collection. */
  readonly #places = new WeakMap<ReplayMessage, InHand>();
  readonly #budget: ByteBudget;
  readonly #clock: Clock;
  readonly #moment: Moment;
  readonly #intervalMs: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #whenEmpty: (() => void)[] = [];

  /** @param leaseMs None: messages may be held for ever. */
  constructor(clock: Clock, leaseMs: number | undefined, budget: ByteBudget) {
    this.#budget = budget;
    this.#clock = clock;
    this.#moment = new Moment(() => clock.wallMs());
    this.#intervalMs = leaseMs === undefined ? undefined : Math.max(1, Math.floor(leaseMs / 3));
  }

  get size(): number {
    return this.#inHand.size;
  }

  /** Looks at each of them: for who asks now and then. */
  sizeOf(lane: Lane): number {
    let size = 0;
    for (const { message } of this.#inHand) if (message.lane === lane) size++;
    return size;
  }

  add(message: ReplayMessage): void {
    const place = new InHand(message);
    this.#places.set(message, place);
    this.#inHand.append(place);
    this.#budget.take(message.lane, place.bytes);
    if (this.#intervalMs !== undefined && this.#cancelTimer === undefined) this.#arm(this.#intervalMs);
  }

  /** It is to keep no fresh ones out. False: there are too many of those already; it is to be handed back. */
  setAside(message: ReplayMessage): boolean {
    const place = this.#places.get(message);
    if (place === undefined || !this.#budget.setAside(message.lane, place.bytes)) return false;
    place.isAside = true;
    return true;
  }

  remove(message: ReplayMessage): void {
    const place = this.#places.get(message);
    if (place === undefined) return;
    this.#places.delete(message);
    if (this.#inHand.delete(place)) this.#free(place);
    if (this.#inHand.size === 0) this.#emptied();
  }

  /** Forgets what the queue has not confirmed yet: nothing of it is extended any more. */
  clear(): void {
    for (const place of this.#inHand.take()) this.#free(place);
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

  /** Whether it did before this {@link Moment}: for who looks at each of many, where whoever comes next looks as well. */
  wasLost({ leaseUntilMs }: ReplayMessage): boolean {
    return leaseUntilMs !== undefined && leaseUntilMs <= this.#moment.nowMs;
  }

  /** Resolves when nothing is in hand. */
  empty(): Promise<void> {
    if (this.#inHand.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #free({ message, bytes, isAside }: InHand): void {
    this.#budget.give(message.lane, bytes, isAside);
  }

  #arm(intervalMs: number): void {
    this.#cancelTimer = this.#clock.setTimer(() => {
      this.#arm(intervalMs);
      for (const { message } of this.#inHand) {
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
