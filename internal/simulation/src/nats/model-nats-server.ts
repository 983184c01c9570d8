import type { Random } from "../scenario/random.ts";
import { START_MS, type VirtualTime } from "../world/virtual-time.ts";
import type { ApiError } from "./api-errors.ts";
import type { ConsumerState } from "./model-consumer.ts";
import { type JetStreamObserver, ModelJetStream } from "./model-jetstream.ts";
import type { StoredMessage } from "./model-stream.ts";
import { type ClientEnd, Session } from "./session.ts";
import { encode, headerOf, NO_DATA, type Packet } from "./wire.ts";

/** After a start or a change of leader the server looks soon whether something waits too long. */
const FIRST_LOOK_MS = [500, 1500] as const;

export interface ModelNatsServerOptions {
  readonly time: VirtualTime;
  readonly random: Random;
  /** @default "2.12.8" */
  readonly version?: string | undefined;
  /**
   * To the server that leads all streams and consumers, from the one that clients are connected to, one way.
   * Milliseconds; 0: it is the same. @default 0
   */
  readonly hopMs?: number | undefined;
  readonly observer?: JetStreamObserver | undefined;
}

/** What a rule is asked about. */
export interface Asked {
  readonly kind: "publish" | "api" | "direct" | "pull" | "ack";
  readonly stream: string | undefined;
  readonly subject: string;
}

/**
 * What happens to a request instead of what should: it is lost, or its answer is; nobody is there for it; the server
 * refuses it; the user may not; the answer comes late.
 */
export type Ruling =
  | "lost"
  | "answer lost"
  | "no responders"
  | "forbidden"
  | { readonly error: ApiError }
  | { readonly lateMs: number };

export type Rule = (asked: Asked) => Ruling | undefined;

/** A nats-server, or a cluster of them with one leader for all, with what may go wrong with it. */
export class ModelNatsServer {
  readonly version: string;
  readonly jetStream: ModelJetStream;
  readonly rules = new Set<Rule>();
  /** What makes it slower at this moment; the worst counts. */
  readonly slowdowns = new Set<{ readonly factor: number }>();
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #hopMs: number;
  readonly #sessions = new Set<Session>();
  /** Who listens where, as the leader knows it. */
  readonly #interest = new Map<string, Session>();
  readonly #lost: { readonly stream: string; readonly message: StoredMessage }[] = [];
  #onDisk: Map<string, ConsumerState> | undefined;
  #isUp = true;
  #hasLeader = true;

  constructor({ time, random, version = "2.12.8", hopMs = 0, observer }: ModelNatsServerOptions) {
    this.version = version;
    this.#time = time;
    this.#random = random;
    this.#hopMs = hopMs;
    this.jetStream = new ModelJetStream({
      nowMs: () => START_MS + time.nowMs,
      schedule: (callback, delayMs) => time.scheduleQuietly(callback, delayMs),
      hasInterest: (subject) => this.#listener(subject) !== undefined,
      send: (to, packet) => this.#send(to, packet),
      isNew: !version.startsWith("2.12."),
      observer: {
        ...observer,
        removed: (stream, message, why) => {
          if (this.#onDisk !== undefined && why === "ack") this.#lost.push({ stream, message });
          observer?.removed?.(stream, message, why);
        },
      },
    });
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Between a client and the server, one way, drawn anew each time. Milliseconds. */
  latencyMs(): number {
    const worst = Math.max(1, ...[...this.slowdowns].map(({ factor }) => factor));
    return (0.2 + this.#random.next()) * worst;
  }

  /** A client has reached it. */
  connect(client: ClientEnd): Session {
    const session = new Session(client, {
      time: this.#time,
      latencyMs: () => this.latencyMs(),
      hopMs: this.#hopMs === 0 ? undefined : () => this.#hopMs * (0.5 + this.#random.next()),
      onInterest: (subject, isOn) => this.#setInterest(session, subject, isOn),
      onPacket: (packet) => this.#received(session, packet),
      onClosed: () => this.#closed(session),
      isServed: (subject) => this.jetStream.streamOf(subject) !== undefined,
    });
    this.#sessions.add(session);
    return session;
  }

  /** All connections break, and none can be made until it is up. */
  stop(): void {
    this.#isUp = false;
    for (const session of [...this.#sessions]) session.close();
    for (const consumer of this.jetStream.consumers()) consumer.led(undefined, Number.MAX_SAFE_INTEGER);
  }

  start(): void {
    this.#isUp = true;
    const undone = this.#random.chance(0.8) ? this.#lost.splice(0) : [];
    for (const stream of this.jetStream.names()) {
      const states = new Map<string, ConsumerState>();
      for (const [key, state] of this.#onDisk ?? []) {
        const [of = "", name = ""] = key.split("/");
        // The file of a consumer is written on its own, so it may know more than the stream's.
        if (of === stream && this.#random.chance(0.5)) states.set(name, state);
      }
      const messages = undone.filter((one) => one.stream === stream).map(({ message }) => message);
      this.jetStream.recover(stream, messages, states, () => this.#firstLookMs());
    }
    this.#lost.length = 0;
    this.#onDisk = undefined;
  }

  /** From now on nothing reaches the disk but what is published. */
  stallDisk(streams: readonly (readonly [stream: string, consumer: string])[]): void {
    this.#onDisk = new Map();
    for (const [stream, name] of streams) {
      const consumer = this.jetStream.consumer(stream, name);
      if (consumer !== undefined) this.#onDisk.set(`${stream}/${name}`, consumer.state());
    }
  }

  /** Nobody answers until there is a leader: neither the API nor publishes nor pulls; acknowledgements are lost. */
  loseLeader(): void {
    this.#hasLeader = false;
  }

  electLeader(): void {
    this.#hasLeader = true;
    for (const consumer of this.jetStream.consumers()) {
      consumer.led(this.#random.chance(0.5) ? "409 Leadership Change" : undefined, this.#firstLookMs());
    }
  }

  #firstLookMs(): number {
    return this.#random.int(...FIRST_LOOK_MS);
  }

  #setInterest(session: Session, subject: string, isOn: boolean): void {
    if (isOn) this.#interest.set(subject, session);
    else if (this.#interest.get(subject) === session) this.#interest.delete(subject);
  }

  #closed(session: Session): void {
    this.#sessions.delete(session);
    for (const [subject, of] of this.#interest) if (of === session) this.#interest.delete(subject);
  }

  /** Subscriptions of clients are to a subject, or to all that are one token longer. */
  #listener(subject: string): Session | undefined {
    return (
      this.#interest.get(subject) ?? this.#interest.get(`${subject.slice(0, subject.lastIndexOf("."))}.*`)
    );
  }

  #send(to: string, packet: Packet): void {
    this.#listener(to)?.deliver(to, packet);
  }

  #received(session: Session, packet: Packet): void {
    const asked: Asked = {
      kind: kindOf(packet.subject),
      stream: this.jetStream.streamOf(packet.subject),
      subject: packet.subject,
    };
    let ruling: Ruling | undefined = this.#hasLeader ? undefined : "no responders";
    for (const rule of this.rules) ruling ??= rule(asked);
    switch (ruling) {
      case undefined:
        if (!this.jetStream.handle(packet)) this.#noResponders(packet);
        return;
      case "lost":
        return;
      case "no responders":
        this.#noResponders(packet);
        return;
      case "forbidden":
        session.forbid(packet.subject);
        return;
      case "answer lost":
        this.jetStream.handle({ ...packet, reply: "" });
        return;
      default:
        if ("error" in ruling) this.#refuse(asked, packet, ruling.error);
        else this.#answerLate(packet, ruling.lateMs);
    }
  }

  #noResponders({ subject, reply }: Packet): void {
    if (reply === "") return;
    this.#send(reply, {
      subject: reply,
      reply: "",
      header: headerOf("503", [["Nats-Subject", subject]]),
      data: NO_DATA,
    });
  }

  #refuse({ kind, stream }: Asked, { reply }: Packet, error: ApiError): void {
    if (kind === "ack") return;
    if (kind === "pull" || kind === "direct") {
      const header = headerOf(`${error.code} ${error.description}`, []);
      this.#send(reply, { subject: reply, reply: "", header, data: NO_DATA });
      return;
    }
    const answer = kind === "publish" ? { error, stream, seq: 0 } : { error };
    this.#send(reply, { subject: reply, reply: "", header: undefined, data: encode(JSON.stringify(answer)) });
  }

  #answerLate(packet: Packet, lateMs: number): void {
    this.#time.scheduleQuietly(() => {
      if (this.#isUp && this.#hasLeader) this.jetStream.handle(packet);
    }, lateMs);
  }
}

function kindOf(subject: string): Asked["kind"] {
  if (subject.startsWith("$JS.ACK.")) return "ack";
  if (subject.startsWith("$JS.API.DIRECT.")) return "direct";
  if (subject.startsWith("$JS.API.CONSUMER.MSG.NEXT.")) return "pull";
  return subject.startsWith("$JS.API.") ? "api" : "publish";
}
