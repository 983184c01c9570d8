import type { Clock } from "@helix/core";
import { Heap } from "./heap.ts";

interface Delayed<T> {
  readonly item: T;
  readonly dueAtMs: number;
  readonly order: number;
}

/**
 * Items that wait for their time, with one timer for the earliest of them. What is due at the same time
 * comes out in the order in which it went in. After `close` nothing comes out by itself any more.
 */
export class Delays<T> {
  readonly #clock: Clock;
  readonly #onDue: (item: T) => void;
  readonly #heap = new Heap<Delayed<T>>(({ dueAtMs }) => dueAtMs);
  #cancel: (() => void) | undefined;
  #armedForMs = Number.POSITIVE_INFINITY;
  #closed = false;
  #order = 0;

  constructor(clock: Clock, onDue: (item: T) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  add(item: T, delayMs: number): void {
    const dueAtMs = this.#clock.monotonicMs() + delayMs;
    this.#heap.push({ item, dueAtMs, order: this.#order++ });
    if (dueAtMs < this.#armedForMs) this.#arm();
  }

  /** Those that match are due now, in the order in which they would have been. Returns how many. */
  hasten(matches: (item: T) => boolean): number {
    const all = [...this.#heap];
    const hastened = all.filter(({ item }) => matches(item));
    if (hastened.length === 0) return 0;
    this.#heap.clear();
    for (const one of all) if (!matches(one.item)) this.#heap.push(one);
    this.#comeOut(hastened);
    this.#arm();
    return hastened.length;
  }

  /** In no order. */
  *items(): Generator<T, void, void> {
    for (const { item } of this.#heap) yield item;
  }

  clear(): void {
    this.#disarm();
    this.#heap.clear();
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
  }

  #disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    this.#disarm();
    const first = this.#heap.peek();
    if (first === undefined || this.#closed) return;
    this.#armedForMs = first.dueAtMs;
    const delayMs = Math.max(0, first.dueAtMs - this.#clock.monotonicMs());
    this.#cancel = this.#clock.setTimer(() => this.#expire(), Math.ceil(delayMs));
  }

  #expire(): void {
    this.#cancel = undefined;
    const nowMs = this.#clock.monotonicMs();
    const due: Delayed<T>[] = [];
    for (
      let next = this.#heap.peek();
      next !== undefined && next.dueAtMs <= nowMs;
      next = this.#heap.peek()
    ) {
      this.#heap.pop();
      due.push(next);
    }
    this.#comeOut(due);
    this.#arm();
  }

  #comeOut(due: Delayed<T>[]): void {
    due.sort((a, b) => a.dueAtMs - b.dueAtMs || a.order - b.order);
    for (const { item } of due) this.#onDue(item);
  }
}
