import type { Msg, NatsConnection, Subscription } from "@nats-io/nats-core";
import type { EnqueuerSettings } from "../options.ts";
import { type ApiErrorMeaning, meaningOf } from "./api-errors.ts";
import { newInbox, unheardText, unsubscribe } from "./inbox.ts";
import type { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";
import { parsed } from "./parsed.ts";
import { type Sized, SizedMap } from "./sized.ts";
import { STATUS, statusIn } from "./status.ts";

/** The server's word that a message is stored. */
export interface PubAck {
  /** Its place in the stream. */
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
 * - `forbidden`: no right to publish there. Not stored, where it is proved which publish was refused.
 * - `unheard`: no right to receive the answer. Perhaps stored.
 * - `overloaded`: too many wait already. Not stored.
 */
export class PublishFailure extends Error {
  readonly kind:
    | "refused"
    | "no-responders"
    | "down"
    | "lost"
    | "timeout"
    | "forbidden"
    | "unheard"
    | "overloaded";
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

  /** Of a publish that was `refused`, what that means; undefined for any other failure. */
  get meaning(): ApiErrorMeaning | undefined {
    return this.kind === "refused" ? meaningOf(this.errorCode, this.message) : undefined;
  }
}

interface Pending extends Sized {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly header: Uint8Array;
  readonly resolve: (ack: PubAck) => void;
  readonly reject: (failure: PublishFailure) => void;
  dueAtMs: number;
}

/** What is known of a subject that the server has refused. */
interface Refusals {
  count: number;
  /** Keys of those in flight: any of them may be what was refused. */
  readonly unanswered: Set<string>;
}

type PublisherSettings = Pick<
  EnqueuerSettings,
  "publishTimeoutMs" | "maxInFlight" | "maxWaiting" | "maxWaitingBytes" | "clock"
>;

/**
 * More would gain nothing and be late: what is sent is read by the server one after the other, within `publishTimeoutMs`. One
 * that is larger is sent alone.
 */
const MOST_BYTES_IN_FLIGHT = 16 * 1024 * 1024;

/**
 * How often it is looked for publishes that were not answered. A look that comes as much too late shows that nothing
 * could run meanwhile: the answers are perhaps there, unread.
 */
const SWEEP_MS = 100;

/**
 * Publishes to streams and waits for the stored acknowledgement, with a bound on how many are under way. One
 * subscription receives all answers and one timer finds those that are overdue, which makes it about twice as
 * fast as a request each.
 *
 * When the connection breaks, what is in flight is `lost` at once and what waits is `down`: neither is waited for.
 *
 * The server names the subject that it refuses, not the message, and rights may change while earlier messages are
 * being stored. So it is counted: when as many were refused as have no answer, each of those is proved to be refused.
 * Until then nothing more is sent to that subject.
 */
export class Publisher {
  readonly #link: Link;
  readonly #outbox: Outbox;
  readonly #settings: PublisherSettings;
  readonly #inFlight = new SizedMap<string, Pending>();
  readonly #waiting: Pending[] = [];
  #waitingBytes = 0;
  readonly #stopListening: () => void;
  #subscription: Subscription | undefined;
  #inbox = "";
  #next = 0;
  /** By subject. */
  readonly #refusals = new Map<string, Refusals>();
  /** Not undefined while a refusal may be that of a message that was given up: until a later one is answered. */
  #doubtfulUntil: number | undefined;
  #cancelSweep: (() => void) | undefined;
  #sweepAtMs = 0;
  #blockedMs = 0;
  #whenIdle: (() => void)[] = [];

  constructor(link: Link, settings: PublisherSettings) {
    this.#link = link;
    this.#outbox = new Outbox(link);
    this.#settings = settings;
    this.#stopListening = link.listen({
      onChange: (isUp) => isUp || this.#connectionLost(),
      onViolation: ({ operation, subject, message }) => {
        if (operation === "publish") this.#forbidden(subject);
        else if (subject.startsWith(this.#inbox) && this.#inbox !== "") this.#answersForbidden(message);
      },
    });
  }

  /** Publishes that are under way or wait for their turn. */
  get size(): number {
    return this.#inFlight.size + this.#waiting.length;
  }

  /** Publishes that wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How long a publish is waited for, in which the process could run. Milliseconds. */
  get timeoutMs(): number {
    return this.#settings.publishTimeoutMs;
  }

  /** How long nothing could run so far, in all. Not the publisher's fault, nor the server's. */
  get blockedMs(): number {
    return this.#blockedMs + this.#lateMs();
  }

  /**
   * Resolves when the message is stored. The arrays must not be changed before that.
   *
   * Rejects with {@link PublishFailure}.
   */
  publish(subject: string, header: Uint8Array, data: Uint8Array): Promise<PubAck> {
    return new Promise((resolve, reject) => {
      const bytes = header.length + data.length;
      const pending = { subject, data, header, bytes, resolve, reject, dueAtMs: 0 };
      if (!this.#link.isUp) reject(new PublishFailure("down", "There is no connection to NATS"));
      else if (this.#waiting.length === 0 && this.#hasTurn(pending)) this.#send(pending);
      else if (this.#mayWait(pending)) this.#wait(pending);
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

  #hasTurn({ bytes }: Pending): boolean {
    const { size } = this.#inFlight;
    const fits = this.#inFlight.bytes + bytes <= MOST_BYTES_IN_FLIGHT || size === 0;
    return size < this.#settings.maxInFlight && fits;
  }

  #mayWait({ bytes }: Pending): boolean {
    const { maxWaiting, maxWaitingBytes } = this.#settings;
    return this.#waiting.length < maxWaiting && this.#waitingBytes + bytes <= maxWaitingBytes;
  }

  #wait(pending: Pending): void {
    this.#waiting.push(pending);
    this.#waitingBytes += pending.bytes;
  }

  #send(pending: Pending): void {
    const { clock, publishTimeoutMs } = this.#settings;
    if (this.#refusals.has(pending.subject)) {
      pending.reject(forbidden(pending.subject));
      return;
    }
    const key = (this.#next++).toString(36);
    pending.dueAtMs = clock.monotonicMs() + publishTimeoutMs;
    this.#inFlight.set(key, pending);
    if (this.#cancelSweep === undefined) this.#arm();
    try {
      this.#subscribe(this.#link.up);
      this.#outbox.send(pending.subject, `${this.#inbox}.${key}`, pending.header, pending.data);
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
        else this.#answered(message.subject.slice(this.#inbox.length + 1), message);
      },
    });
  }

  #answered(key: string, message: Msg): void {
    const { data } = message;
    const pending = this.#inFlight.get(key);
    // Too late: it has been given up.
    if (pending === undefined) return;
    this.#inFlight.delete(key);
    if (this.#doubtfulUntil !== undefined && Number.parseInt(key, 36) >= this.#doubtfulUntil) {
      this.#doubtfulUntil = undefined;
    }
    if (data.length === 0 && statusIn(message)?.code === STATUS.noResponders) {
      pending.reject(new PublishFailure("no-responders", `No stream listens to \`${pending.subject}\``));
    } else {
      settle(pending, data);
    }
    this.#ended(key, pending.subject);
    this.#refill();
  }

  #refill(): void {
    for (
      let first = this.#waiting[0];
      first !== undefined && this.#hasTurn(first);
      first = this.#waiting[0]
    ) {
      this.#waiting.shift();
      this.#waitingBytes -= first.bytes;
      this.#send(first);
    }
    this.#whenDrained();
  }

  #whenDrained(): void {
    if (this.size > 0) return;
    this.#blockedMs += this.#lateMs();
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #arm(): void {
    const { clock } = this.#settings;
    this.#sweepAtMs = clock.monotonicMs() + SWEEP_MS;
    this.#cancelSweep = clock.setTimer(() => this.#sweep(), SWEEP_MS);
  }

  /** By how much the next look is overdue already, if that is much. */
  #lateMs(): number {
    if (this.#cancelSweep === undefined) return 0;
    const lateMs = this.#settings.clock.monotonicMs() - this.#sweepAtMs;
    return lateMs < SWEEP_MS ? 0 : lateMs;
  }

  #sweep(): void {
    const lateMs = this.#lateMs();
    this.#arm();
    let nowMs = this.#sweepAtMs - SWEEP_MS;
    if (lateMs > 0) {
      this.#blockedMs += lateMs;
      for (const pending of this.#inFlight.values()) pending.dueAtMs += lateMs;
      // What has become due meanwhile gets one more turn, in which the socket is read.
      nowMs -= SWEEP_MS;
    }
    for (const [key, pending] of this.#inFlight) {
      if (pending.dueAtMs > nowMs) break;
      this.#giveUp(key, pending);
    }
    this.#refill();
  }

  #giveUp(key: string, { subject, reject }: Pending): void {
    this.#inFlight.delete(key);
    this.#doubtfulUntil = this.#next;
    const refusals = this.#refusals.get(subject);
    // Perhaps it was one of those that were refused.
    if (refusals !== undefined) refusals.count--;
    this.#ended(key, subject);
    const text = `No answer within ${this.#settings.publishTimeoutMs} ms`;
    reject(new PublishFailure("timeout", text, { stored: "maybe" }));
  }

  #connectionLost(): void {
    const { cause } = this.#link;
    this.#refusals.clear();
    this.#doubtfulUntil = undefined;
    this.#failInFlight(
      () =>
        new PublishFailure("lost", "The connection to NATS broke before the answer", {
          stored: "maybe",
          cause,
        }),
    );
    const waiting = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const { reject } of waiting) {
      reject(new PublishFailure("down", "There is no connection to NATS", { cause }));
    }
    this.#whenDrained();
  }

  #forbidden(subject: string): void {
    let refusals = this.#refusals.get(subject);
    if (refusals === undefined) {
      const sent = [...this.#inFlight].filter(([, pending]) => pending.subject === subject);
      refusals = { count: 0, unanswered: new Set(sent.map(([key]) => key)) };
      this.#refusals.set(subject, refusals);
    }
    refusals.count++;
    this.#settleRefused(subject, refusals);
    this.#refill();
  }

  /** One that was in flight has been answered or given up. */
  #ended(key: string, subject: string): void {
    const refusals = this.#refusals.get(subject);
    refusals?.unanswered.delete(key);
    if (refusals !== undefined) this.#settleRefused(subject, refusals);
  }

  #settleRefused(subject: string, { count, unanswered }: Refusals): void {
    const isDoubtful = this.#doubtfulUntil !== undefined;
    if (count < unanswered.size && count > 0 && !isDoubtful) return;
    this.#refusals.delete(subject);
    if (count <= 0) return;
    for (const key of unanswered) {
      const pending = this.#inFlight.get(key);
      this.#inFlight.delete(key);
      pending?.reject(forbidden(subject, isDoubtful ? "maybe" : "no"));
    }
  }

  #answersForbidden(message: string): void {
    this.#unsubscribe();
    const text = unheardText(message, this.#link.inboxPrefix);
    this.#failInFlight(() => new PublishFailure("unheard", text, { stored: "maybe" }));
    this.#refill();
  }

  #failInFlight(failure: () => PublishFailure): void {
    const failed = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { reject } of failed) reject(failure());
  }

  #unsubscribe(): void {
    unsubscribe(this.#subscription);
    this.#subscription = undefined;
  }
}

function settle({ resolve, reject }: Pending, data: Uint8Array): void {
  const answer = answerIn(data);
  if (answer === undefined) {
    reject(new PublishFailure("timeout", "The answer cannot be read", { stored: "maybe" }));
  } else if ("seq" in answer) {
    resolve(answer);
  } else {
    reject(new PublishFailure("refused", answer.description, { errorCode: answer.err_code }));
  }
}

type Answer = PubAck | { readonly err_code: number; readonly description: string };

/** Undefined for whatever is neither an acknowledgement nor an error of the API. */
export function answerIn(data: Uint8Array): Answer | undefined {
  const { seq, duplicate, error } = parsed(data) ?? {};
  if (error !== undefined) {
    const { err_code, description } = (error ?? {}) as Readonly<Record<string, unknown>>;
    const isRefusal = typeof err_code === "number" && typeof description === "string";
    return isRefusal ? { err_code, description } : undefined;
  }
  const isStored = Number.isSafeInteger(seq) && (seq as number) > 0;
  return isStored ? { seq: seq as number, duplicate: duplicate === true } : undefined;
}

function forbidden(subject: string, stored: "no" | "maybe" = "no"): PublishFailure {
  return new PublishFailure("forbidden", `No right to publish to \`${subject}\``, { stored });
}

/** A block of headers as it goes over the wire. Names and values must be plain: no line breaks. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  let block = "NATS/1.0\r\n";
  for (const name in headers) block += `${name}: ${headers[name]}\r\n`;
  return Buffer.from(`${block}\r\n`);
}
