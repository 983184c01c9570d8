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
  /** Executes one that has been marked; returns false where it handed it back instead. */
  readonly start: (item: HeldMessage) => boolean;
  /** One could not be marked, and is not executed. */
  readonly onMarkFailed: (item: HeldMessage, error: unknown) => void;
}

/**
 * One cluster's messages that are suspected of killing the process. Each goes through waiting → (the
 * worker's turn) → being marked → executing, in a slot of its own, so that nothing else waits for any of it.
 */
export class Suspects {
  readonly #options: SuspectsOptions;
  /** In the order of arrival: where high ones went first, those that hang and come back would starve the low. */
  readonly #waiting: HeldMessage[] = [];
  #isMarking = false;
  #isExecuting = false;
  #endTurn: (() => void) | undefined;

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** In hand and not executing. */
  get held(): number {
    return this.#waiting.length + (this.#isMarking ? 1 : 0);
  }

  get isExecuting(): boolean {
    return this.#isExecuting;
  }

  waiting(priority: Priority): number {
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
    if (isClosed ? this.waiting(priority) >= MAX_WAITING : this.held > 0) return false;
    return !hasFailed(payload) || this.#waiting.every((item) => hasFailed(item.payload));
  }

  hold(item: HeldMessage): void {
    this.#waiting.push(item);
  }

  /** To be called after each change: the next one begins when it may and it is its turn. */
  advance(): void {
    if (this.#endTurn !== undefined || this.#nextIndex() < 0) return;
    this.#endTurn = this.#options.turn.join(() => void this.#begin());
  }

  /** The execution has ended, however. */
  ended(): void {
    this.#isExecuting = false;
    this.#leaveTurn();
  }

  /** Everything that waits. One that is being marked is offered to `start` all the same. */
  takeAll(): HeldMessage[] {
    const all = this.#waiting.splice(0);
    if (!this.#isMarking && !this.#isExecuting) this.#leaveTurn();
    return all;
  }

  async #begin(): Promise<void> {
    const index = this.#nextIndex();
    const item = index < 0 ? undefined : this.#waiting.splice(index, 1)[0];
    if (item === undefined) {
      this.#leaveTurn();
      return;
    }
    this.#isMarking = true;
    let failure: { readonly error: unknown } | undefined;
    try {
      await item.message.mark?.();
    } catch (error) {
      failure = { error };
    }
    this.#isMarking = false;
    if (failure !== undefined) this.#options.onMarkFailed(item, failure.error);
    else this.#isExecuting = this.#options.start(item);
    if (!this.#isExecuting) this.ended();
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
