import { API_ERRORS, type ApiError, invalidUpdate, notDeleted } from "./api-errors.ts";
import { readConsumer, readPull, readStream, sameConfig, UNCHANGEABLE } from "./configs.ts";
import { type ConsumerState, ModelConsumer } from "./model-consumer.ts";
import { ModelStream, type Removal, type StoredMessage, type StreamConfig } from "./model-stream.ts";
import { decode, encode, headerOf, NO_DATA, type Packet } from "./wire.ts";

const API = "$JS.API.";
const ACK = "$JS.ACK.";

/** What JetStream needs of the server that it is a part of. */
export interface JetStreamSurroundings {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly schedule: (callback: () => void, delayMs: number) => () => void;
  readonly hasInterest: (subject: string) => boolean;
  readonly send: (to: string, packet: Packet) => void;
  /** Of 2.15, or later. */
  readonly isNew: boolean;
  readonly observer?: JetStreamObserver | undefined;
}

/** Sees what lies in the streams. */
export interface JetStreamObserver {
  stored?(stream: string, message: StoredMessage): void;
  removed?(stream: string, message: StoredMessage, why: Removal): void;
  delivered?(stream: string, message: StoredMessage, to: string): void;
}

interface Entry {
  readonly stream: ModelStream;
  readonly consumers: Map<string, ModelConsumer>;
}

type Answer = Record<string, unknown> | { readonly error: ApiError };

/** Streams, consumers and the API to them, by the rules of nats-server; what it is asked takes no time. */
export class ModelJetStream {
  readonly #around: JetStreamSurroundings;
  readonly #entries = new Map<string, Entry>();

  constructor(around: JetStreamSurroundings) {
    this.#around = around;
  }

  stream(name: string): ModelStream | undefined {
    return this.#entries.get(name)?.stream;
  }

  consumers(): readonly ModelConsumer[] {
    return [...this.#entries.values()].flatMap(({ consumers }) => [...consumers.values()]);
  }

  consumer(stream: string, name: string): ModelConsumer | undefined {
    return this.#entries.get(stream)?.consumers.get(name);
  }

  /** The stream that a subject is published to, or that a request is about. */
  streamOf(subject: string): string | undefined {
    if (subject.startsWith(ACK)) return subject.split(".")[2];
    if (subject.startsWith(API)) return streamIn(subject.slice(API.length).split("."));
    for (const [name, { stream }] of this.#entries) if (stream.takes(subject)) return name;
    return undefined;
  }

  /** Whether anything here is listening to the subject. */
  handle(packet: Packet): boolean {
    const { subject } = packet;
    if (subject.startsWith(ACK)) return this.#ack(packet);
    if (subject.startsWith(`${API}DIRECT.GET.`)) return this.#direct(packet);
    if (subject.startsWith(`${API}CONSUMER.MSG.NEXT.`)) return this.#pull(packet);
    if (subject.startsWith(API)) return this.#api(packet);
    const name = this.streamOf(subject);
    if (name === undefined) return false;
    this.#answer(packet.reply, this.#publish(name, packet));
    return true;
  }

  delete(stream: string): void {
    const entry = this.#entries.get(stream);
    if (entry === undefined) return;
    this.#entries.delete(stream);
    for (const consumer of entry.consumers.values()) consumer.delete();
  }

  deleteConsumer(stream: string, name: string): void {
    const consumers = this.#entries.get(stream)?.consumers;
    consumers?.get(name)?.delete();
    consumers?.delete(name);
  }

  /** After a restart: consumers as the disk has them, and removals that it has not. */
  recover(
    stream: string,
    undone: readonly StoredMessage[],
    states: ReadonlyMap<string, ConsumerState>,
    lookInMs: () => number,
  ): void {
    const entry = this.#entries.get(stream);
    if (entry === undefined) return;
    entry.stream.recover(undone);
    for (const [name, consumer] of entry.consumers) {
      consumer.restore(states.get(name) ?? consumer.state());
      consumer.led(undefined, lookInMs());
    }
  }

  names(): string[] {
    return [...this.#entries.keys()];
  }

  #publish(name: string, packet: Packet): Answer {
    const { stream, consumers } = this.#entries.get(name) as Entry;
    const result = stream.publish(packet);
    if ("error" in result) return { error: result.error, stream: name, seq: 0 };
    for (const consumer of consumers.values()) consumer.wake();
    return { stream: name, ...result };
  }

  #ack({ subject, reply, data }: Packet): boolean {
    const [, , stream = "", name = "", , streamSeq, consumerSeq] = subject.split(".");
    const entry = this.#entries.get(stream);
    const consumer = entry?.consumers.get(name);
    if (entry === undefined || consumer === undefined) return false;
    const seq = Number(streamSeq);
    const verb = decode(data);
    if (verb === "" || verb === "+ACK" || verb === "+OK" || verb.startsWith("+TERM")) {
      if (consumer.ack(seq, Number(consumerSeq))) entry.stream.remove(seq, "ack");
    } else if (verb.startsWith("-NAK")) {
      consumer.nak(seq, Number(consumerSeq), delayIn(verb.slice("-NAK".length).trim()));
    } else if (verb === "+WPI") {
      consumer.inProgress(seq);
    }
    if (reply !== "")
      this.#around.send(reply, { subject: reply, reply: "", header: undefined, data: NO_DATA });
    return true;
  }

  #pull({ subject, reply, data }: Packet): boolean {
    const [stream = "", name = ""] = subject.slice(`${API}CONSUMER.MSG.NEXT.`.length).split(".");
    const consumer = this.consumer(stream, name);
    if (consumer === undefined) return false;
    const request = readPull(data);
    if (typeof request !== "string") {
      consumer.pull(reply, request);
      return true;
    }
    const header = headerOf(`400 Bad Request - ${request}`, []);
    this.#around.send(reply, { subject: reply, reply: "", header, data: NO_DATA });
    return true;
  }

  #direct({ subject, reply, data }: Packet): boolean {
    const [name = "", ...rest] = subject.slice(`${API}DIRECT.GET.`.length).split(".");
    const stream = this.stream(name);
    if (stream === undefined || !stream.config.allow_direct) return false;
    const query = rest.length > 0 ? { last_by_subj: rest.join(".") } : readJson(data);
    const status = (text: string) =>
      this.#around.send(reply, { subject: reply, reply: "", header: headerOf(text, []), data: NO_DATA });
    if (query === undefined) {
      status("408 Empty Request");
      return true;
    }
    const found = find(stream, query);
    if (found === undefined) {
      status("404 Message Not Found");
      return true;
    }
    const header = joined(found.header, [
      ["Nats-Stream", name],
      ["Nats-Subject", found.subject],
      ["Nats-Sequence", found.seq],
      ["Nats-Time-Stamp", new Date(found.storedAtMs).toISOString()],
    ]);
    this.#around.send(reply, { subject: reply, reply: "", header, data: found.data });
    return true;
  }

  #api({ subject, reply, data }: Packet): boolean {
    const tokens = subject.slice(API.length).split(".");
    const answer = this.#request(tokens, data.length === 0 ? {} : readJson(data));
    if (answer === undefined) return false;
    this.#answer(reply, answer);
    return true;
  }

  #request(tokens: readonly string[], body: Body | undefined): Answer | undefined {
    if (body === undefined) return { error: API_ERRORS.invalidJson };
    const [kind, verb = "", name = "", consumer = ""] = tokens;
    if (kind === "STREAM") {
      if (verb === "MSG") return this.#onStream(tokens[3] ?? "", `MSG.${name}`, body);
      return verb === "CREATE" ? this.#createStream(name, body) : this.#onStream(name, verb, body);
    }
    if (kind === "CONSUMER") return this.#onConsumer(name, consumer, verb, body);
    return undefined;
  }

  #onStream(name: string, verb: string, body: Body): Answer | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return { error: API_ERRORS.streamNotFound };
    const { stream } = entry;
    switch (verb) {
      case "INFO":
        return this.#streamInfo(entry, body);
      case "UPDATE":
        return this.#updateStream(entry, body);
      case "DELETE":
        this.delete(name);
        return { success: true };
      case "PURGE": {
        const purged = stream.purge(textIn(body, "filter"), numberIn(body, "seq"));
        for (const consumer of entry.consumers.values()) consumer.wake();
        return { success: true, purged };
      }
      case "MSG.GET": {
        const found = find(stream, body);
        return found === undefined ? { error: API_ERRORS.noMessageFound } : { message: stored(found) };
      }
      case "MSG.DELETE": {
        const seq = numberIn(body, "seq") ?? 0;
        if (stream.config.deny_delete) return { error: API_ERRORS.deleteDenied };
        if (!stream.remove(seq, "deleted")) return { error: notDeleted(seq > stream.lastSeq) };
        return { success: true };
      }
      default:
        return undefined;
    }
  }

  #createStream(name: string, body: Body): Answer {
    const config = readStream(body);
    if (config.name !== name) return { error: API_ERRORS.badRequest };
    const existing = this.#entries.get(name);
    if (existing !== undefined) {
      if (!sameConfig(existing.stream.config, config)) return { error: API_ERRORS.nameInUse };
      return { ...this.#streamInfo(existing, {}), did_create: true };
    }
    for (const { stream } of this.#entries.values()) {
      if (config.subjects.some((subject) => stream.config.subjects.includes(subject))) {
        return { error: API_ERRORS.subjectOverlap };
      }
    }
    const entry: Entry = { stream: this.#makeStream(config), consumers: new Map() };
    this.#entries.set(name, entry);
    return { ...this.#streamInfo(entry, {}), did_create: true };
  }

  #makeStream(config: StreamConfig): ModelStream {
    const { nowMs, observer } = this.#around;
    return new ModelStream(config, nowMs, {
      stored: (message) => observer?.stored?.(config.name, message),
      removed: (message, why) => {
        if (why !== "ack") {
          for (const consumer of this.#entries.get(config.name)?.consumers.values() ?? []) {
            consumer.removed(message.seq);
          }
        }
        observer?.removed?.(config.name, message, why);
      },
    });
  }

  #updateStream(entry: Entry, body: Body): Answer {
    const { stream } = entry;
    const config = readStream(body);
    for (const [field, words] of Object.entries(UNCHANGEABLE)) {
      if (config[field] !== stream.config[field]) return { error: invalidUpdate(words) };
    }
    stream.config = config;
    return this.#streamInfo(entry, {});
  }

  #streamInfo({ stream, consumers }: Entry, body: Body): Answer {
    const filter = textIn(body, "subjects_filter");
    const subjects = filter === undefined ? undefined : stream.counts(filter);
    const count = subjects === undefined ? 0 : Object.keys(subjects).length;
    return {
      config: stream.config,
      created: new Date(stream.createdAtMs).toISOString(),
      ts: new Date(this.#around.nowMs()).toISOString(),
      state: {
        messages: stream.size,
        bytes: stream.bytes,
        first_seq: stream.lastSeq === 0 ? 0 : stream.firstSeq,
        last_seq: stream.lastSeq,
        ...(stream.subjects > 0 && { num_subjects: stream.subjects }),
        ...(count > 0 && { subjects }),
        consumer_count: consumers.size,
      },
      ...(count > 0 && { total: count, offset: 0, limit: 100_000 }),
    };
  }

  #onConsumer(streamName: string, name: string, verb: string, body: Body): Answer | undefined {
    const entry = this.#entries.get(streamName);
    if (entry === undefined) return { error: API_ERRORS.streamNotFound };
    const consumer = entry.consumers.get(name);
    if (verb === "CREATE") return this.#createConsumer(entry, name, body);
    if (consumer === undefined) return { error: API_ERRORS.consumerNotFound };
    if (verb === "INFO") return consumerInfo(streamName, consumer);
    if (verb !== "DELETE") return undefined;
    this.deleteConsumer(streamName, name);
    return { success: true };
  }

  #createConsumer(entry: Entry, name: string, body: Body): Answer {
    const { stream, consumers } = entry;
    const config = readConsumer(name, (body.config ?? {}) as Body);
    const existing = consumers.get(name);
    if (existing === undefined && body.action === "update") return { error: API_ERRORS.consumerDoesNotExist };
    if (existing !== undefined) {
      const isSame = sameConfig(existing.config, config);
      if (body.action === "create" && !isSame) return { error: API_ERRORS.consumerExists };
      existing.config = config;
      return consumerInfo(stream.config.name, existing);
    }
    if (stream.config.retention === "workqueue") {
      for (const other of consumers.values()) {
        if (other.config.filter_subject === config.filter_subject) return { error: API_ERRORS.notUnique };
      }
    }
    const { nowMs, schedule, hasInterest, send, isNew, observer } = this.#around;
    const made = new ModelConsumer(config, stream, {
      nowMs,
      schedule,
      hasInterest,
      send,
      ackPrefix: `${ACK}${stream.config.name}`,
      isNew,
      delivered: (message, to) => observer?.delivered?.(stream.config.name, message, to),
    });
    consumers.set(name, made);
    return consumerInfo(stream.config.name, made);
  }

  #answer(reply: string, answer: Answer): void {
    if (reply === "") return;
    const data = encode(JSON.stringify(answer));
    this.#around.send(reply, { subject: reply, reply: "", header: undefined, data });
  }
}

type Body = Readonly<Record<string, unknown>>;

function readJson(data: Uint8Array): Body | undefined {
  try {
    const read: unknown = JSON.parse(decode(data));
    return typeof read === "object" && read !== null ? (read as Body) : undefined;
  } catch {
    return undefined;
  }
}

function numberIn(body: Body, name: string): number | undefined {
  const value = body[name];
  return typeof value === "number" ? value : undefined;
}

function textIn(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === "string" ? value : undefined;
}

function find(stream: ModelStream, query: Body): StoredMessage | undefined {
  const last = textIn(query, "last_by_subj");
  if (last !== undefined) return stream.last(last);
  const seq = numberIn(query, "seq") ?? 0;
  const next = textIn(query, "next_by_subj");
  return next === undefined ? stream.get(seq) : stream.next(next, seq);
}

function stored({ seq, subject, header, data, storedAtMs }: StoredMessage): Record<string, unknown> {
  return {
    subject,
    seq,
    ...(header !== undefined && { hdrs: Buffer.from(header).toString("base64") }),
    ...(data.length > 0 && { data: Buffer.from(data).toString("base64") }),
    time: new Date(storedAtMs).toISOString(),
  };
}

function consumerInfo(stream_name: string, consumer: ModelConsumer): Answer {
  const { config, createdAtMs } = consumer;
  const created = new Date(createdAtMs).toISOString();
  return { stream_name, name: config.name, created, config, ...consumer.info() };
}

/** The server's own after those that the message has. */
function joined(
  header: Uint8Array | undefined,
  more: readonly (readonly [string, string | number])[],
): Uint8Array {
  const own = headerOf("", more);
  if (header === undefined) return own;
  const kept = decode(header).slice(0, -2);
  return encode(kept + decode(own).slice("NATS/1.0\r\n".length));
}

/** `{"delay":nanoseconds}`, or nothing. */
function delayIn(text: string): number {
  if (text === "") return 0;
  const { delay = 0 } = JSON.parse(text) as { delay?: number };
  return delay / 1_000_000;
}

function streamIn(tokens: readonly string[]): string | undefined {
  const [kind, verb] = tokens;
  if (kind === "CONSUMER") return verb === "MSG" ? tokens[3] : tokens[2];
  if (kind === "DIRECT") return tokens[2];
  return verb === "MSG" ? tokens[3] : tokens[2];
}
