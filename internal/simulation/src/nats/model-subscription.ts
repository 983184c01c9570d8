import { errors, type Msg, type SubscriptionOptions } from "@nats-io/nats-core";

interface Connection {
  readonly unsubscribe: () => void;
  readonly drain: () => Promise<void>;
}

/** A subscription with a callback. */
export class ModelSubscription {
  readonly sid: number;
  readonly subject: string;
  readonly closed: Promise<undefined>;
  readonly #callback: SubscriptionOptions["callback"];
  readonly #connection: Connection;
  #resolveClosed: (value: undefined) => void = () => {};
  #isClosed = false;
  #drained: Promise<void> | undefined;

  constructor(
    sid: number,
    subject: string,
    callback: SubscriptionOptions["callback"],
    connection: Connection,
  ) {
    this.sid = sid;
    this.subject = subject;
    this.#callback = callback;
    this.#connection = connection;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  received(message: Msg): void {
    this.#callback?.(null, message);
  }

  unsubscribe(): void {
    this.#connection.unsubscribe();
  }

  /** Resolves when nothing more can arrive from the server that it is connected to. */
  drain(): Promise<void> {
    if (this.#isClosed) {
      return Promise.reject(new errors.InvalidOperationError("subscription is already closed"));
    }
    this.#drained ??= this.#connection.drain();
    return this.#drained;
  }

  isClosed(): boolean {
    return this.#isClosed;
  }

  isDraining(): boolean {
    return this.#drained !== undefined;
  }

  getSubject(): string {
    return this.subject;
  }

  close(): void {
    this.#isClosed = true;
    this.#resolveClosed(undefined);
  }
}
