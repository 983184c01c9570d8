import type { Status } from "@nats-io/nats-core";

/** What `status()` gives: what happens to a connection from now on, until it is stopped. */
export class StatusListener implements AsyncIterableIterator<Status> {
  readonly #onStop: () => void;
  #queue: Status[] = [];
  #wake: (() => void) | undefined;
  #isStopped = false;

  constructor(onStop: () => void) {
    this.#onStop = onStop;
  }

  push(status: Status): void {
    if (this.#isStopped) return;
    this.#queue.push(status);
    this.#wake?.();
  }

  stop(): void {
    this.#isStopped = true;
    this.#onStop();
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Status, undefined>> {
    while (this.#queue.length === 0 && !this.#isStopped) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const value = this.#queue.shift();
    return value === undefined ? { value: undefined, done: true } : { value, done: false };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
