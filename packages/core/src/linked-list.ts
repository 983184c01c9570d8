/** What may stand in a {@link LinkedList}: in one at a time. */
export abstract class ListNode<T extends ListNode<T>> {
  list: LinkedList<T> | undefined;
  before: T | undefined;
  after: T | undefined;
}

/**
 * Items in the order in which they came, each of which leaves when it likes. A Set of what comes and goes makes itself a new table
 * every few dozen items; the tables before it, once they are old, keep what was in them in memory until the next full collection.
 */
export class LinkedList<T extends ListNode<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first;
  }

  append(item: T): void {
    item.list = this;
    item.before = this.#last;
    if (this.#last === undefined) this.#first = item;
    else this.#last.after = item;
    this.#last = item;
    this.#size++;
  }

  /** Returns whether it was in this list. What has left refers to nothing that is in it. */
  delete(item: T): boolean {
    if (item.list !== this) return false;
    const { before, after } = item;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    item.list = undefined;
    item.before = undefined;
    item.after = undefined;
    this.#size--;
    return true;
  }

  /** In the order in which they came. What leaves meanwhile must be the current one, or one before it. */
  *[Symbol.iterator](): Generator<T, void, void> {
    for (let item = this.#first; item !== undefined; ) {
      const { after }: ListNode<T> = item;
      yield item;
      item = after;
    }
  }

  /** Takes the first ones out, as long as they are wanted; those that come meanwhile too. */
  *take(isWanted: (item: T) => boolean = () => true): Generator<T> {
    for (let item = this.#first; item !== undefined && isWanted(item); item = this.#first) {
      this.delete(item);
      yield item;
    }
  }
}
