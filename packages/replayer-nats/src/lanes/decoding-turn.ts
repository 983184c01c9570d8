/** What is done one after the other, each when the one before has come to its end, however. */
export class DecodingTurn {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as the task does. */
  take(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(task);
    this.#last = done.catch(() => {});
    return done;
  }
}
