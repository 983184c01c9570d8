const CAPACITY = 100_000;

/**
 * How often this process handed a message back. The server counts every delivery, and cannot tell a hand-back from the
 * death of a process; whoever remembers its own hand-backs can. Bounded: the oldest are forgotten first.
 */
export class ReleaseMemory {
  readonly #counts = new Map<number, number>();

  count(streamSequence: number): number {
    return this.#counts.get(streamSequence) ?? 0;
  }

  released(streamSequence: number): void {
    const count = this.count(streamSequence) + 1;
    this.#counts.delete(streamSequence);
    this.#counts.set(streamSequence, count);
    if (this.#counts.size <= CAPACITY) return;
    for (const oldest of this.#counts.keys()) {
      this.#counts.delete(oldest);
      return;
    }
  }

  forget(streamSequence: number): void {
    this.#counts.delete(streamSequence);
  }
}
