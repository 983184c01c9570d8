import type { Priority } from "@helix/core";
import type { HeldMessage } from "./held-message.ts";
import type { SuspectTurn } from "./suspect-turn.ts";

export interface SuspectsOptions {
  readonly turn: SuspectTurn;
  /** Whether a low one may begin. */
  readonly allowsLow: () => boolean;
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
  readonly #waiting: Readonly<Record<Priority, HeldMessage[]>> = { high: [], low: [] };
  #isMarking = false;
  #isExecuting = false;
  #endTurn: (() => void) | undefined;

  constructor(options: SuspectsOptions) {
    this.#options = options;
  }

  /** In hand and not executing. */
  get held(): number {
    const { high, low } = this.#waiting;
    return high.length + low.length + (this.#isMarking ? 1 : 0);
  }

  get isExecuting(): boolean {
    return this.#isExecuting;
  }

  waiting(priority: Priority): number {
    return this.#waiting[priority].length;
  }

  hold(item: HeldMessage): void {
    this.#waiting[item.priority].push(item);
  }

  /** To be called after each change: the next one begins when it may and it is its turn. */
  advance(): void {
    if (this.#endTurn !== undefined || this.#nextLane() === undefined) return;
    this.#endTurn = this.#options.turn.join(() => void this.#begin());
  }

  /** The execution has ended, however. */
  ended(): void {
    this.#isExecuting = false;
    this.#leaveTurn();
  }

  /** Everything that waits. One that is being marked is offered to `start` all the same. */
  takeAll(): HeldMessage[] {
    const { high, low } = this.#waiting;
    const all = [...high.splice(0), ...low.splice(0)];
    if (!this.#isMarking && !this.#isExecuting) this.#leaveTurn();
    return all;
  }

  async #begin(): Promise<void> {
    const lane = this.#nextLane();
    const item = lane && this.#waiting[lane].shift();
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

  #nextLane(): Priority | undefined {
    if (this.#waiting.high.length > 0) return "high";
    return this.#waiting.low.length > 0 && this.#options.allowsLow() ? "low" : undefined;
  }

  #leaveTurn(): void {
    this.#endTurn?.();
    this.#endTurn = undefined;
  }
}
