import type { Clock } from "@helix/core";
import {
  errors,
  type Msg,
  type NatsConnection,
  type Payload,
  type PublishOptions,
  type RequestOptions,
  type Status,
  type Subscription,
  type SubscriptionOptions,
} from "@nats-io/nats-core";
import type { Random } from "../scenario/random.ts";
import { ModelMessage } from "./model-message.ts";
import type { ModelNatsServer } from "./model-nats-server.ts";
import { ModelSubscription } from "./model-subscription.ts";
import type { DownFrame, Session, UpFrame } from "./session.ts";
import { StatusListener } from "./status-listener.ts";
import { encode, NO_DATA } from "./wire.ts";

const MAX_PAYLOAD = 1024 * 1024;
/** Between two tries to connect; `reconnectTimeWait`, and up to as much again as jitter. */
const RECONNECT_MS = 250;

/** The process that a connection belongs to. */
export interface ClientProcess {
  readonly name: string;
  readonly isAlive: boolean;
  readonly clock: Clock;
  /** Whether code of it may still act. */
  cross(): boolean;
}

export interface ModelNatsConnectionOptions {
  readonly server: ModelNatsServer;
  readonly process: ClientProcess;
  readonly random: Random;
}

interface Deferred {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Asked {
  readonly subject: string;
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: Error) => void;
  readonly cancelTimer: () => void;
}

/**
 * A connection as `@nats-io/nats-core` 3.4 makes it, in what the adapter and `@nats-io/jetstream` use of it: no buffer while
 * it is away, flushes that fail with the next try to connect, requests that are left to their timeout, subscriptions that
 * come back with it.
 *
 * States: connected ⇄ away → closed. A process that is dead neither sends nor receives.
 */
export class ModelNatsConnection {
  readonly options = { inboxPrefix: "_INBOX" };
  readonly features = { get: () => ({ min: "2.9.0", ok: true }) };
  readonly protocol = { options: { noAsyncTraces: true } };
  readonly info: NatsConnection["info"];
  readonly #server: ModelNatsServer;
  readonly #process: ClientProcess;
  readonly #random: Random;
  readonly #subscriptions = new Map<number, ModelSubscription>();
  readonly #listeners = new Set<StatusListener>();
  readonly #asked = new Map<string, Asked>();
  readonly #closed: Promise<undefined>;
  readonly #everListened = new Set<string>();
  #resolveClosed: (value: undefined) => void = () => {};
  #session: Session | undefined;
  /** What is sent while a try to connect is under way goes out when it succeeds. */
  #outbound: UpFrame[] = [];
  #pongs: Deferred[] = [];
  #lastSid = 0;
  #lastToken = 0;
  #inbox: string | undefined;
  #isClosed = false;
  #isNoticed = true;

  private constructor({ server, process, random }: ModelNatsConnectionOptions) {
    this.#server = server;
    this.#process = process;
    this.#random = random;
    this.info = {
      version: server.version,
      max_payload: MAX_PAYLOAD,
      headers: true,
      jetstream: true,
    } as NatsConnection["info"];
    this.#closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Resolves when it is there, however long that takes; never if the process dies before. */
  static connect(options: ModelNatsConnectionOptions): Promise<ModelNatsConnection> {
    const connection = new ModelNatsConnection(options);
    return new Promise((resolve) => connection.#dial(() => resolve(connection)));
  }

  /** As the adapter takes it. */
  asNatsConnection(): NatsConnection {
    return this as unknown as NatsConnection;
  }

  publish(subject: string, data: Payload = NO_DATA, { reply = "", headers }: PublishOptions = {}): void {
    this.#assertOpen(subject);
    const bytes = typeof data === "string" ? encode(data) : data;
    const header = (headers as { encode(): Uint8Array } | undefined)?.encode();
    if ((header?.length ?? 0) + bytes.length > MAX_PAYLOAD) {
      throw errors.InvalidArgumentError.format("payload", "max_payload size exceeded");
    }
    this.#send({ op: "PUB", packet: { subject, reply, header, data: bytes } });
  }

  request(
    subject: string,
    data?: Payload,
    { timeout = 1000, headers }: Partial<RequestOptions> = {},
  ): Promise<Msg> {
    try {
      this.#assertOpen(subject);
      const reply = `${this.#muxInbox()}.${(this.#lastToken++).toString(36)}`;
      return new Promise((resolve, reject) => {
        const cancelTimer = this.#process.clock.setTimer(() => {
          this.#asked.delete(reply);
          reject(new errors.TimeoutError());
        }, timeout);
        this.#asked.set(reply, { subject, resolve, reject, cancelTimer });
        this.publish(subject, data, { reply, ...(headers && { headers }) });
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  subscribe(subject: string, { callback }: SubscriptionOptions = {}): Subscription {
    this.#assertOpen(subject);
    const sid = ++this.#lastSid;
    const subscription = new ModelSubscription(sid, subject, callback, {
      unsubscribe: () => this.#unsubscribe(sid),
      drain: () => this.#drain(sid),
    });
    this.#subscriptions.set(sid, subscription);
    this.#everListened.add(subject);
    this.#send({ op: "SUB", sid, subject });
    return subscription as unknown as Subscription;
  }

  flush(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new errors.ClosedConnectionError());
    return new Promise((resolve, reject) => {
      this.#pongs.push({ resolve, reject });
      this.#send({ op: "PING" });
    });
  }

  status(): AsyncIterable<Status> {
    const listener = new StatusListener(() => this.#listeners.delete(listener));
    this.#listeners.add(listener);
    return listener;
  }

  async drain(): Promise<void> {
    await Promise.allSettled([...this.#subscriptions.keys()].map((sid) => this.#drain(sid)));
    await this.flush();
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session?.closedByClient();
    this.#session = undefined;
    for (const subscription of this.#subscriptions.values()) subscription.close();
    this.#subscriptions.clear();
    for (const { reject, cancelTimer } of this.#asked.values()) {
      cancelTimer();
      reject(new errors.RequestError("connection closed"));
    }
    this.#asked.clear();
    this.#dispatch({ type: "close" });
    for (const listener of [...this.#listeners]) listener.stop();
    this.#resolveClosed(undefined);
  }

  closed(): Promise<undefined> {
    return this.#closed;
  }

  isClosed(): boolean {
    return this.#isClosed;
  }

  isDraining(): boolean {
    return false;
  }

  getServer(): string {
    return "model:4222";
  }

  /** Whether it has ever subscribed to what the subject is one of. */
  hasListened(subject: string): boolean {
    return this.#everListened.has(`${subject.slice(0, subject.lastIndexOf("."))}.*`);
  }

  /** Its process is no more. */
  died(): void {
    this.#session?.closedByClient();
    this.#session = undefined;
  }

  /**
   * A fault: the network between it and the server is gone. Both ends notice after their times; what is under way to the
   * server arrives or does not, what comes from it does not. Milliseconds.
   */
  cut(options: { arrives: boolean; clientNoticesMs: number; serverNoticesMs: number }): void {
    const session = this.#session;
    if (session === undefined || !this.#isNoticed) return;
    this.#isNoticed = false;
    session.cut(options.arrives);
    this.#process.clock.setTimer(() => {
      if (this.#session === session) this.#lost(options.clientNoticesMs > 1000);
    }, options.clientNoticesMs);
    this.#later(() => session.close(), options.serverNoticesMs);
  }

  #later(callback: () => void, delayMs: number): void {
    this.#process.clock.setTimer(callback, delayMs);
  }

  #assertOpen(subject: string): void {
    if (this.#isClosed) throw new errors.ClosedConnectionError();
    if (subject.length === 0 || /\s/.test(subject)) throw new errors.InvalidSubjectError(subject);
  }

  #send(frame: UpFrame): void {
    if (!this.#process.cross()) return;
    if (this.#session === undefined) this.#outbound.push(frame);
    else this.#session.send(frame);
  }

  #muxInbox(): string {
    if (this.#inbox === undefined) {
      this.#inbox = `${this.options.inboxPrefix}.${this.#process.name}-mux`;
      this.subscribe(`${this.#inbox}.*`, { callback: (_error, message) => this.#answered(message) });
    }
    return this.#inbox;
  }

  #answered(message: Msg): void {
    const asked = this.#asked.get(message.subject);
    if (asked === undefined) return;
    this.#asked.delete(message.subject);
    asked.cancelTimer();
    if (message.data.length === 0 && message.headers?.code === 503) {
      const cause = new errors.NoRespondersError(asked.subject);
      asked.reject(new errors.RequestError(cause.message, { cause }));
    } else {
      asked.resolve(message);
    }
  }

  /** A try to connect; another one follows until one succeeds. */
  #dial(connected: () => void): void {
    if (this.#isClosed || !this.#process.cross()) return;
    // The library forgets what it could not send, and fails the flushes that wait.
    this.#outbound = [];
    const error = new errors.RequestError("connection disconnected");
    for (const { reject } of this.#pongs.splice(0)) reject(error);
    const roundTripMs = this.#server.latencyMs() + this.#server.latencyMs();
    this.#later(() => {
      if (this.#isClosed || !this.#process.cross()) return;
      if (!this.#server.isUp) {
        this.#later(() => this.#dial(connected), RECONNECT_MS * (1 + this.#random.next()));
        return;
      }
      this.#connected();
      connected();
    }, roundTripMs);
  }

  #connected(): void {
    const session: Session = this.#server.connect({
      schedule: (callback, delayMs) => this.#later(callback, delayMs),
      receive: (frame) => this.#session === session && this.#received(frame),
      lost: () => this.#later(() => this.#session === session && this.#lost(false), 0.3),
    });
    this.#session = session;
    this.#isNoticed = true;
    for (const { sid, subject } of this.#subscriptions.values()) session.send({ op: "SUB", sid, subject });
    for (const frame of this.#outbound.splice(0)) if (frame.op !== "SUB") session.send(frame);
  }

  #received(frame: DownFrame): void {
    if (!this.#process.cross()) return;
    switch (frame.op) {
      case "PONG":
        this.#pongs.shift()?.resolve();
        return;
      case "MSG":
        this.#subscriptions
          .get(frame.sid)
          ?.received(new ModelMessage(frame.packet, frame.sid) as unknown as Msg);
        return;
      case "ERR":
        this.#forbidden(frame.subject);
    }
  }

  #forbidden(subject: string): void {
    const text = `Permissions Violation for Publish to "${subject}"`;
    const error = errors.PermissionViolationError.parse(text) ?? new Error(text);
    for (const [reply, asked] of this.#asked) {
      if (asked.subject !== subject) continue;
      this.#asked.delete(reply);
      asked.cancelTimer();
      asked.reject(new errors.RequestError(error.message, { cause: error }));
    }
    this.#dispatch({ type: "error", error });
  }

  #lost(isStale: boolean): void {
    if (this.#isClosed) return;
    this.#session = undefined;
    if (isStale) this.#dispatch({ type: "staleConnection" });
    this.#dispatch({ type: "disconnect", server: this.getServer() });
    // The library dials at once where its last try was long ago.
    this.#later(() => this.#dial(() => this.#dispatch({ type: "reconnect", server: this.getServer() })), 0);
  }

  #dispatch(status: Status): void {
    for (const listener of this.#listeners) listener.push(status);
  }

  #unsubscribe(sid: number): void {
    this.#subscriptions.get(sid)?.close();
    this.#subscriptions.delete(sid);
    if (!this.#isClosed) this.#send({ op: "UNSUB", sid });
  }

  async #drain(sid: number): Promise<void> {
    this.#send({ op: "UNSUB", sid });
    await this.flush().catch(() => {});
    this.#subscriptions.get(sid)?.close();
    this.#subscriptions.delete(sid);
  }
}
