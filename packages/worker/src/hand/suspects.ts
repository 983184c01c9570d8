import type { Priority, ReplayPayload } from "@helix/core";
import type { HeldMessage } from "../decide/held-message.ts";
import type { SuspectTurn } from "./suspect-turn.ts";

/** How many a lane may hold: each is extended for as long as it waits for its turn. */
const MAX_WAITING = 8;

export interface SuspectsOptions {
  readonly turn: SuspectTurn;
  /** Whether a low one may begin. */
  readonly allowsLow: () => boolean;
  /** Whether it was executed here before. */
  readonly hasFailed: (payload: ReplayPayload) => boolean;
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
   * Whether one more may wait. One that failed here comes after those that were not executed yet: a few that hang
   * would starve the low ones of a strict worker.
   *
   * @param isClosed Whether the breaker is; else one at a time is tried.
   */
  admits({ priority, payload }: Pick<HeldMessage, "priority" | "payload">, isClosed: boolean): boolean {
    const { hasFailed } = this.#options;
    const isFull = isClosed ? this.waitingOf(priority) >= MAX_WAITING : this.waiting > 0 || this.#hasBegun;
    if (isFull) return false;
    return !hasFailed(payload) || this.#waiting.every((item) => hasFailed(item.payload));
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

  /** Of the one that begins next; -1: none may. */
  #nextIndex(): number {
    if (this.#waiting.length === 0) return -1;
    const allowsLow = this.#options.allowsLow();
    return this.#waiting.findIndex(({ priority }) => priority === "high" || allowsLow);
  }

  #leaveTurn(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }
}
