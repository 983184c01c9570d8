/**
 * One turn for the suspects of a whole worker. If the process dies while one is executed, that one is the
 * culprit, and no other bears a mark. Who asks first has it first, so that neither cluster starves.
 */
export class SuspectTurn {
  readonly #queue: (() => void)[] = [];

  /** Calls `begin` when it is the caller's turn, never at once. Returns what ends the turn, or the wait for it. */
  join(begin: () => void): () => void {
    // A wrapper of its own, since it is found again by its identity.
    const entry = () => begin();
    this.#queue.push(entry);
    if (this.#queue.length === 1) this.#callFirst();
    return () => {
      const index = this.#queue.indexOf(entry);
      if (index < 0) return;
      this.#queue.splice(index, 1);
      if (index === 0) this.#callFirst();
    };
  }

  #callFirst(): void {
    const [first] = this.#queue;
    queueMicrotask(() => {
      if (first !== undefined && this.#queue[0] === first) first();
    });
  }
}
