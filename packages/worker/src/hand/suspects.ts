import type { Clock, Priority, ReplayPayload } from "@helix/core";
import type { HeldMessage } from "../decide/held-message.ts";
import type { SuspectTurn } from "./suspect-turn.ts";

/** How many a lane may hold: each is extended for as long as it waits for its turn. */
const MAX_WAITING = 8;
/** So long is room kept for one that was turned away, at the most, and so much later may it come than it was told to. */
const MAX_KEPT_MS = 30_000;
const LATE_MS = 1000;

export interface SuspectsOptions {
  readonly turn: SuspectTurn;
  readonly clock: Clock;
  /** Whether low ones wait for messages of high priority that are no suspects. */
  readonly isLowHeldUp: () => boolean;
  /** Whether low ones wait for high suspects. */
  readonly isStrict: boolean;
  /** How often it was executed here in vain. */
  readonly failuresOf: (payload: ReplayPayload) => number;
  /** Begins one whose turn it is. `ended` is to be called when it has come to its end, however. */
  readonly begin: (item: HeldMessage) => void;
}

/**
 * One cluster's messages that are suspected of killing the process. Each goes through waiting → (the
 * worker's turn) → begun, in a slot of its own, so that nothing else waits for any of it.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  /** In the order of arrival: where high ones went first, those that hang and come back would starve the low. */
  readonly #waiting: HeldMessage[] = [];
  /** By lane, the fewest failures of one that was turned away and is to come again until then. */
  readonly #turnedAway = new Map<Priority, { readonly failures: number; readonly untilMs: number }>();
  #hasBegun = false;
  #endTurn: (() => void) | undefined;

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** In hand and not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  waitingOf(priority: Priority): number {
    return this.#waiting.filter((item) => item.priority === priority).length;
  }

  /**
   * Whether one more may wait. It comes after those that were executed here less often, also those for which there was no
   * room: a few that hang and come back at once would have all of it, and starve the others.
   *
   * @param isClosed Whether the breaker is; else one at a time is tried.
   */
  admits({ priority, payload }: Pick<HeldMessage, "priority" | "payload">, isClosed: boolean): boolean {
    const { failuresOf, clock, isLowHeldUp } = this.#options;
    const isFull = isClosed ? this.waitingOf(priority) >= MAX_WAITING : this.waiting > 0 || this.#hasBegun;
    if (isFull) return false;
    const failures = failuresOf(payload);
    const away = this.#turnedAway.get(priority);
    if (away !== undefined && away.failures < failures && clock.monotonicMs() < away.untilMs) return false;
    // What is held up by good messages, perhaps for hours, holds up nothing itself.
    const mayBegin = (item: HeldMessage) => item.priority === "high" || priority === "low" || !isLowHeldUp();
    return this.#waiting.every((item) => failuresOf(item.payload) >= failures || !mayBegin(item));
  }

  /** It was not held, and comes again after `delayMs`. */
  turnedAway({ priority, payload }: Pick<HeldMessage, "priority" | "payload">, delayMs: number): void {
    const { failuresOf, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const failures = failuresOf(payload);
    const untilMs = nowMs + Math.min(delayMs, MAX_KEPT_MS) + LATE_MS;
    const before = this.#turnedAway.get(priority);
    if (before === undefined || before.untilMs <= nowMs || failures < before.failures)
      this.#turnedAway.set(priority, { failures, untilMs });
    else if (failures === before.failures)
      this.#turnedAway.set(priority, { failures, untilMs: Math.max(untilMs, before.untilMs) });
  }

  hold(item: HeldMessage): void {
    this.#waiting.push(item);
  }

  /** To be called after each change: the next one begins when it may and it is its turn. */
  advance(): void {
    if (this.#endTurn !== undefined || this.#nextIndex() < 0) return;
    this.#endTurn = this.#options.turn.join(() => this.#begin());
  }

  /** The one that had begun has been executed, or was not to be. */
  ended(): void {
    this.#hasBegun = false;
    this.#leaveTurn();
  }

  /** Everything that waits. */
  takeAll(): HeldMessage[] {
    const all = this.#waiting.splice(0);
    if (!this.#hasBegun) this.#leaveTurn();
    return all;
  }

  #begin(): void {
    const index = this.#nextIndex();
    const item = index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
    if (item === undefined) {
      this.#leaveTurn();
      return;
    }
    this.#hasBegun = true;
    this.#options.begin(item);
  }

  /** Whether a low one may begin. */
  get allowsLow(): boolean {
    const { isLowHeldUp, isStrict } = this.#options;
    // Urgent ones wait for their turn, which only another suspect could take from them.
    return !isLowHeldUp() && !(isStrict && this.waitingOf("high") > 0);
  }

  /** Of the one that begins next; -1: none may. */
  #nextIndex(): number {
    if (this.#waiting.length === 0) return -1;
    const { allowsLow } = this;
    return this.#waiting.findIndex(({ priority }) => priority === "high" || allowsLow);
  }

  #leaveTurn(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }
}
