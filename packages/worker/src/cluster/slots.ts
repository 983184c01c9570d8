import type { Clock, ReplayExecutor } from "@helix/core";
import type { Ending } from "../decide/ending.ts";
import type { HeldMessage } from "../decide/held-message.ts";
import { shareOf } from "../decide/waiting-retries.ts";
import { Marking } from "../hand/marking.ts";
import { type Execution, Executions } from "./executions.ts";

/** Retries get one slot in so many, so that a crowd of bad messages leaves the others theirs. */
const RETRY_SHARE = 4;
/** Of those, one in so many is left to retries of other tables, though one table's hang in all the rest. */
const OTHER_TABLES_SHARE = 8;

/** Whether a message may be executed now: as the trial of its cluster, as any other, or not at all. */
export type Permit = "trial" | "normal" | undefined;

export interface SlotsOptions {
  readonly executor: ReplayExecutor;
  readonly executeTimeoutMs: number;
  readonly clock: Clock;
  readonly concurrency: number;
  /** How many the cluster may get at once by now. */
  readonly limit: () => number;
  /** Whether it was started before the breaker's last change. */
  readonly isStale: (execution: Execution) => boolean;
  /** Asked when the execution would begin. Where it says no it has seen to the message. */
  readonly permit: (item: HeldMessage, isMarked: boolean) => Permit;
  /** The queue could not be told that it is going to be executed. */
  readonly onMarkFailed: (item: HeldMessage, error: unknown) => void;
  /** A slot is free. */
  readonly onLeft: (item: HeldMessage) => void;
  readonly onEnd: (execution: Execution, ending: Ending, nowMs: number) => void;
  readonly onBlocked: () => void;
}

/**
 * The slots of one cluster. A message takes one when it begins: free → (where the queue wants to be told) being marked →
 * executing → free. A suspect has a slot of its own.
 */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #executions: Executions;
  readonly #marking: Marking;
  /** Retries that have begun, by what they share their slots by. */
  readonly #retrying = new Map<string, number>();
  #retries = 0;
  /** Executions that were started before the breaker's last change, a suspect's aside. */
  #stale = 0;

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#executions = new Executions({
      ...options,
      onEnd: (...ended) => this.#ended(...ended),
    });
    this.#marking = new Marking({
      clock: options.clock,
      onMarked: (item) => this.#start(item, true),
      onFailed: (item, error) => {
        this.#leave(item);
        options.onMarkFailed(item, error);
      },
    });
  }

  /** Messages that have begun. */
  get size(): number {
    return this.#executions.size + this.#marking.size;
  }

  get isMarking(): boolean {
    return this.#marking.size > 0;
  }

  /** The `order` of the execution that starts next. */
  get nextOrder(): number {
    return this.#executions.nextOrder;
  }

  /** Below 0 where more are taken than there are by now. */
  get free(): number {
    const { concurrency, limit } = this.#options;
    const taken = this.#executions.slots + this.#marking.slots;
    // What still hangs from before an outage is not what the limit after it is about.
    return Math.min(concurrency - taken, limit() - (taken - this.#stale));
  }

  /** Whether another retry of a table may begin. */
  mayRetry(table: string): boolean {
    const share = this.retryShare;
    const ofOne = share - Math.floor(share / OTHER_TABLES_SHARE);
    return this.#retries < share && this.retryingOf(table) < ofOne;
  }

  /** Retries of a table that have a slot. */
  retryingOf(table: string): number {
    return this.#retrying.get(table) ?? 0;
  }

  /** So many retries may be executed at once. */
  get retryShare(): number {
    return Math.max(1, Math.floor(this.#options.limit() / RETRY_SHARE));
  }

  /** Takes a slot. */
  begin(item: HeldMessage): void {
    if (item.kind === "retry") this.#count(item, 1);
    if (item.message.mark === undefined) this.#start(item, false);
    else void this.#marking.begin(item);
  }

  /** What is being executed was started before a change of the breaker. */
  beginEra(): void {
    this.#stale = this.#executions.slots;
  }

  /** Resolves when nothing is being executed. */
  idle(): Promise<void> {
    return this.#executions.idle();
  }

  /** Forgets what is being marked; returns what it was. */
  abandonMarking(): HeldMessage[] {
    const abandoned = this.#marking.abandonAll();
    for (const item of abandoned) this.#leave(item);
    return abandoned;
  }

  /** Aborts what is being executed and forgets it; returns what it was. */
  abandonExecutions(): Execution[] {
    const abandoned = this.#executions.abandonAll();
    for (const { item } of abandoned) this.#leave(item);
    this.#stale = 0;
    return abandoned;
  }

  #start(item: HeldMessage, isMarked: boolean): void {
    const permit = this.#options.permit(item, isMarked);
    if (permit === undefined) this.#leave(item);
    else this.#executions.start(item, permit === "trial");
  }

  #ended(execution: Execution, ending: Ending, nowMs: number): void {
    const { isStale, onEnd } = this.#options;
    if (execution.item.kind !== "suspect" && isStale(execution)) this.#stale--;
    this.#leave(execution.item);
    onEnd(execution, ending, nowMs);
  }

  #leave(item: HeldMessage): void {
    if (item.kind === "retry") this.#count(item, -1);
    this.#options.onLeft(item);
  }

  #count(item: HeldMessage, by: 1 | -1): void {
    const table = shareOf(item);
    const retrying = (this.#retrying.get(table) ?? 0) + by;
    this.#retries += by;
    if (retrying > 0) this.#retrying.set(table, retrying);
    else this.#retrying.delete(table);
  }
}
