import { type HeldMessage, tableKeyOf } from "./held-message.ts";

/** Whether another retry of a table may start now. */
export type MayRetry = (table: string) => boolean;

/** A message that waits for a slot. */
export interface Waiting {
  readonly item: HeldMessage;
  /** Its place in the order in which the messages of its lane came. */
  readonly arrival: number;
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

  /** Takes the latest one of the table that has the most. */
  takeOfCrowd(): HeldMessage | undefined {
    let crowd: [string, Waiting[]] | undefined;
    for (const one of this.#tables) if (one[1].length > (crowd?.[1].length ?? 0)) crowd = one;
    if (crowd === undefined) return undefined;
    const [table, its] = crowd;
    const last = its.pop();
    if (its.length === 0) this.#tables.delete(table);
    this.#size--;
    return last?.item;
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
