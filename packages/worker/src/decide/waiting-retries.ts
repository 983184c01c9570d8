import { type HeldMessage, tableKeyOf } from "./held-message.ts";

/** Whether another retry of a table may start now. */
export type MayRetry = (table: string) => boolean;

/** A message that waits for a slot. */
export interface Waiting {
  readonly item: HeldMessage;
  /** Its place in the order in which the messages of its lane came. */
  readonly arrival: number;
  /** How often it was executed here in vain; 0 where it is no retry. */
  readonly failures: number;
}

/** By which the retries of a cluster share what they may have; what is of no known table is of one. */
export function shareOf({ payload }: HeldMessage): string {
  return tableKeyOf(payload) ?? "";
}

/**
 * The retries of one lane that wait for a slot. Tables take turns, so that a crowd of one does not stand before the others; of
 * one table the older goes first.
 */
export class WaitingRetries {
  /** In the order of the turns. None is empty. */
  readonly #tables = new Map<string, Waiting[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(waiting: Waiting): void {
    const table = shareOf(waiting.item);
    const its = this.#tables.get(table);
    if (its === undefined) this.#tables.set(table, [waiting]);
    else its.push(waiting);
    this.#size++;
  }

  /** The next one that may start. */
  first(mayRetry: MayRetry): Waiting | undefined {
    if (this.#size === 0) return undefined;
    for (const [table, [first]] of this.#tables) if (mayRetry(table)) return first;
    return undefined;
  }

  /** Takes what `first` returned: the next turn is another table's. */
  take({ item }: Waiting): void {
    const table = shareOf(item);
    const its = this.#tables.get(table) ?? [];
    its.shift();
    this.#size--;
    this.#tables.delete(table);
    if (its.length > 0) this.#tables.set(table, its);
  }

  /**
   * Takes one of the table that has the most, with those of it that have a slot: else what hangs in all of them would have
   * those as well that wait. It takes the one that failed most often, so that each has its turn before any has another.
   */
  takeOfCrowd(executingOf: (table: string) => number): HeldMessage | undefined {
    let most = 0;
    let crowd = "";
    for (const [table, { length }] of this.#tables) {
      const has = length + executingOf(table);
      if (has < most) continue;
      most = has;
      crowd = table;
    }
    const its = this.#tables.get(crowd) ?? [];
    let worst: Waiting | undefined;
    for (const one of its) if (worst === undefined || one.failures >= worst.failures) worst = one;
    if (worst === undefined) return undefined;
    its.splice(its.indexOf(worst), 1);
    if (its.length === 0) this.#tables.delete(crowd);
    this.#size--;
    return worst.item;
  }

  /** Takes those at the head of each table that match, until one does not. */
  takeLeading(matches: (item: HeldMessage) => boolean, onTaken: (item: HeldMessage) => void): void {
    if (this.#size === 0) return;
    for (const [table, its] of this.#tables) {
      while (its[0] !== undefined && matches(its[0].item)) {
        const { item } = its.shift() as Waiting;
        this.#size--;
        onTaken(item);
      }
      if (its.length === 0) this.#tables.delete(table);
    }
  }
}
