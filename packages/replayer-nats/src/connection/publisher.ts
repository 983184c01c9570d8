import type { MsgHdrs, NatsConnection, Subscription } from "@nats-io/nats-core";
import type { EnqueuerSettings } from "../options.ts";
import { newInbox } from "./inbox.ts";
import type { Link } from "./link.ts";

/** Error codes of the server's JetStream API (nats-server, errors.json). */
export const CODES = {
  streamFull: 10077,
  storageFull: 10023,
  messageTooLarge: 10054,
  noLeader: 10008,
  wrongLastSequence: 10071,
} as const;

/** The server's word that a message is stored. */
export interface PubAck {
  readonly seq: number;
  /** It had a message of this id already, and did not store another. */
  readonly duplicate?: boolean;
}

/**
 * Why a publish failed, and what that means for the message.
 *
 * - `refused`: the server said no, with a code of its API. Not stored.
 * - `no-responders`: no stream listens to the subject now. Not stored; a change of leader looks the same.
 * - `down`: there was no connection when it was to be sent. Not stored.
 * - `lost`: the connection broke before the answer. Perhaps stored.
 * - `timeout`: no answer in time. Perhaps stored.
 * - `forbidden`: no right to publish there (not stored) or to receive the answer (perhaps stored).
 * - `overloaded`: too many wait already. Not stored.
 */
export class PublishFailure extends Error {
  readonly kind: "refused" | "no-responders" | "down" | "lost" | "timeout" | "forbidden" | "overloaded";
  /** The error code of the JetStream API. */
  readonly errorCode: number;
  readonly stored: "no" | "maybe";

  constructor(
    kind: PublishFailure["kind"],
    message: string,
    {
      errorCode = 0,
      stored = "no",
      cause,
    }: { errorCode?: number; stored?: "no" | "maybe"; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.errorCode = errorCode;
    this.stored = stored;
  }

  /** Whether the stream, or the server's storage, has no room. */
  get isFull(): boolean {
    return this.errorCode === CODES.streamFull || this.errorCode === CODES.storageFull;
  }
}

interface Pending {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly header: Uint8Array;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (failure: PublishFailure) => void;
  dueAtMs: number;
}

type PublisherSettings = Pick<EnqueuerSettings, "publishTimeoutMs" | "maxInFlight" | "maxWaiting" | "clock">;

/** How often it is looked for publishes that were not answered. */
const SWEEP_MS = 100;
const ENCODER = new TextEncoder();

/**
 * Publishes to streams and waits for the stored acknowledgement, with a bound on how many are under way. One
 * subscription receives all answers and one timer finds those that are overdue, which makes it about twice as
 * fast as a request each.
 *
 * When the connection breaks, what is in flight is `lost` at once and what waits is `down`: neither is waited for.
 */
export class Publisher {
  readonly #link: Link;
  readonly #settings: PublisherSettings;
  readonly #inFlight = new Map<string, Pending>();
  readonly #waiting: Pending[] = [];
  readonly #stopListening: () => void;
  #subscription: Subscription | undefined;
  #inbox = "";
  #next = 0;
  #cancelSweep: (() => void) | undefined;
  #whenIdle: (() => void)[] = [];

  constructor(link: Link, settings: PublisherSettings) {
    this.#link = link;
    this.#settings = settings;
    this.#stopListening = link.listen({
      onChange: (isUp) => isUp || this.#connectionLost(),
      onViolation: ({ operation, subject, message }) => {
        if (operation === "publish") this.#forbidden(subject, message);
        else if (subject.startsWith(this.#inbox) && this.#inbox !== "") this.#answersForbidden(message);
      },
    });
  }

  /** Publishes that are under way or wait for their turn. */
  get size(): number {
    return this.#inFlight.size + this.#waiting.length;
  }

  /**
   * Resolves when the message is stored. The arrays must not be changed before that.
   *
   * Rejects with {@link PublishFailure}.
   */
  publish(subject: string, header: Uint8Array, data: Uint8Array): Promise<PubAck> {
    return new Promise((resolve, reject) => {
      const pending = { subject, data, header, resolve, reject, dueAtMs: 0 };
      if (!this.#link.isUp) reject(new PublishFailure("down", "There is no connection to NATS"));
      else if (this.#inFlight.size < this.#settings.maxInFlight) this.#send(pending);
      else if (this.#waiting.length < this.#settings.maxWaiting) this.#waiting.push(pending);
      else reject(new PublishFailure("overloaded", `${this.#waiting.length} publishes wait already`));
    });
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Gives up what is under way. Twice is safe. */
  close(): void {
    this.#stopListening();
    this.#connectionLost();
    this.#unsubscribe();
  }

  #send(pending: Pending): void {
    const { clock, publishTimeoutMs } = this.#settings;
    const key = (this.#next++).toString(36);
    pending.dueAtMs = clock.monotonicMs() + publishTimeoutMs;
    this.#inFlight.set(key, pending);
    this.#cancelSweep ??= clock.setTimer(() => this.#sweep(), SWEEP_MS);
    try {
      const connection = this.#link.up;
      this.#subscribe(connection);
      // The library asks of headers only that they can be encoded; its own cost four times as much.
      const headers = { encode: () => pending.header } as unknown as MsgHdrs;
      connection.publish(pending.subject, pending.data, { reply: `${this.#inbox}.${key}`, headers });
    } catch (cause) {
      this.#inFlight.delete(key);
      pending.reject(new PublishFailure("down", "The message could not be sent", { cause }));
    }
  }

  #subscribe(connection: NatsConnection): void {
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) return;
    this.#inbox = newInbox(this.#link.inboxPrefix);
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) this.#answersForbidden(error.message);
        else this.#answered(message.subject.slice(this.#inbox.length + 1), message.data);
      },
    });
  }

  #answered(key: string, data: Uint8Array): void {
    const pending = this.#inFlight.get(key);
    // Too late: it has been given up.
    if (pending === undefined) return;
    this.#inFlight.delete(key);
    if (data.length === 0) {
      pending.reject(new PublishFailure("no-responders", `No stream listens to \`${pending.subject}\``));
    } else {
      settle(pending, data);
    }
    this.#refill();
  }

  #refill(): void {
    while (this.#waiting.length > 0 && this.#inFlight.size < this.#settings.maxInFlight) {
      this.#send(this.#waiting.shift() as Pending);
    }
    this.#whenDrained();
  }

  #whenDrained(): void {
    if (this.size > 0) return;
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #sweep(): void {
    const { clock, publishTimeoutMs } = this.#settings;
    this.#cancelSweep = clock.setTimer(() => this.#sweep(), SWEEP_MS);
    const nowMs = clock.monotonicMs();
    for (const [key, pending] of this.#inFlight) {
      if (pending.dueAtMs > nowMs) break;
      this.#inFlight.delete(key);
      const text = `No answer within ${publishTimeoutMs} ms`;
      pending.reject(new PublishFailure("timeout", text, { stored: "maybe" }));
    }
    this.#refill();
  }

  #connectionLost(): void {
    const { cause } = this.#link;
    this.#failInFlight(
      () =>
        new PublishFailure("lost", "The connection to NATS broke before the answer", {
          stored: "maybe",
          cause,
        }),
    );
    const waiting = this.#waiting.splice(0);
    for (const { reject } of waiting) {
      reject(new PublishFailure("down", "There is no connection to NATS", { cause }));
    }
    this.#whenDrained();
  }

  /** The server names the subject, not the message: all that are under way to it are refused. */
  #forbidden(subject: string, message: string): void {
    for (const [key, pending] of this.#inFlight) {
      if (pending.subject !== subject) continue;
      this.#inFlight.delete(key);
      pending.reject(new PublishFailure("forbidden", message));
    }
    this.#refill();
  }

  #answersForbidden(message: string): void {
    this.#unsubscribe();
    this.#failInFlight(() => new PublishFailure("forbidden", message, { stored: "maybe" }));
    this.#refill();
  }

  #failInFlight(failure: () => PublishFailure): void {
    const failed = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { reject } of failed) reject(failure());
  }

  #unsubscribe(): void {
    if (this.#subscription?.isClosed() === false) this.#subscription.unsubscribe();
    this.#subscription = undefined;
  }
}

function settle({ resolve, reject }: Pending, data: Uint8Array): void {
  try {
    const text = Buffer.from(data.buffer, data.byteOffset, data.length).toString();
    const answer = JSON.parse(text) as PubAck & { error?: { err_code: number; description: string } };
    if (answer.error === undefined) {
      resolve(answer);
      return;
    }
    const { err_code: errorCode, description } = answer.error;
    reject(new PublishFailure("refused", description, { errorCode }));
  } catch (cause) {
    reject(new PublishFailure("timeout", "The answer cannot be read", { stored: "maybe", cause }));
  }
}

/** A block of headers as it goes over the wire. Names and values must be plain: no line breaks. */
export function headerBlock(headers: Readonly<Record<string, string>>): Uint8Array {
  let block = "NATS/1.0\r\n";
  for (const name in headers) block += `${name}: ${headers[name]}\r\n`;
  return ENCODER.encode(`${block}\r\n`);
}
