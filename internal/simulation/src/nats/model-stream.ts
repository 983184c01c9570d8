import {
  API_ERRORS,
  type ApiError,
  storeFailed,
  wrongLastMessageId,
  wrongLastSequence,
} from "./api-errors.ts";
import { matches, type Packet, readHeader } from "./wire.ts";

const NANOS = 1_000_000;

/** As the JetStream API has it, all that the server fills in included. Durations in nanoseconds. */
export interface StreamConfig {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly retention: "limits" | "workqueue";
  readonly discard: "old" | "new";
  readonly discard_new_per_subject?: boolean;
  readonly max_msgs: number;
  readonly max_msgs_per_subject: number;
  readonly max_bytes: number;
  readonly max_msg_size: number;
  readonly max_age: number;
  readonly duplicate_window: number;
  readonly allow_rollup_hdrs: boolean;
  readonly deny_delete: boolean;
  readonly allow_direct: boolean;
  readonly [other: string]: unknown;
}

export interface StoredMessage {
  readonly seq: number;
  readonly subject: string;
  readonly header: Uint8Array | undefined;
  readonly data: Uint8Array;
  /** Wall clock of the server. */
  readonly storedAtMs: number;
  /** As the server's file store counts it. */
  readonly bytes: number;
  readonly messageId: string | undefined;
}

/** Why a message is not in its stream any more. */
export type Removal = "ack" | "deleted" | "purged" | "replaced" | "expired";

export interface StreamObserver {
  stored(message: StoredMessage): void;
  removed(message: StoredMessage, why: Removal): void;
}

export type StoreResult = { readonly seq: number; readonly duplicate?: true } | { readonly error: ApiError };

/** One stream: what lies in it, its limits, and which message ids it remembers. */
export class ModelStream {
  config: StreamConfig;
  readonly createdAtMs: number;
  lastSeq = 0;
  lastAtMs: number | undefined;
  lastMessageId = "";
  bytes = 0;
  readonly #nowMs: () => number;
  readonly #observer: StreamObserver;
  #messages = new Map<number, StoredMessage>();
  /** Sequences in their order, by subject. */
  readonly #bySubject = new Map<string, number[]>();
  readonly #known = new Map<string, { readonly seq: number; readonly atMs: number }>();
  #firstSeq = 1;

  constructor(config: StreamConfig, nowMs: () => number, observer: StreamObserver) {
    this.config = config;
    this.#nowMs = nowMs;
    this.createdAtMs = nowMs();
    this.#observer = observer;
  }

  get size(): number {
    this.#expire();
    return this.#messages.size;
  }

  /** Of the oldest message; one beyond the last if there is none. */
  get firstSeq(): number {
    this.#expire();
    return this.#firstSeq;
  }

  get subjects(): number {
    this.#expire();
    return this.#bySubject.size;
  }

  takes(subject: string): boolean {
    return this.config.subjects.some((pattern) => matches(pattern, subject));
  }

  /** Checks in the server's order: expected stream, message id, expected sequences, rollup, size, limits. */
  publish({ subject, header, data }: Packet): StoreResult {
    this.#expire();
    const { fields } = readHeader(header);
    const { config } = this;
    const expected = fields.get("Nats-Expected-Stream");
    if (expected !== undefined && expected !== config.name) return { error: API_ERRORS.streamMismatch };
    const messageId = fields.get("Nats-Msg-Id") || undefined;
    const known = messageId === undefined ? undefined : this.#known.get(messageId);
    if (known !== undefined) return { seq: known.seq, duplicate: true };
    const refused = this.#unexpected(fields, subject);
    if (refused !== undefined) return { error: refused };
    const rollup = fields.get("Nats-Rollup");
    if (rollup !== undefined && !config.allow_rollup_hdrs) return { error: API_ERRORS.rollupDenied };
    const size = (header?.length ?? 0) + data.length;
    if (config.max_msg_size >= 0 && size > config.max_msg_size) return { error: API_ERRORS.messageTooLarge };
    const bytes = storedBytes(subject, header, data);
    const full = this.#refusal(subject, bytes);
    if (full !== undefined) return { error: storeFailed(full) };
    const seq = this.#store({ subject, header, data, bytes, messageId });
    if (rollup !== undefined) this.#rollUp(rollup === "all" ? undefined : subject, seq);
    return { seq };
  }

  get(seq: number): StoredMessage | undefined {
    this.#expire();
    return this.#messages.get(seq);
  }

  last(subject: string): StoredMessage | undefined {
    this.#expire();
    const seq = this.#bySubject.get(subject)?.at(-1);
    return seq === undefined ? undefined : this.#messages.get(seq);
  }

  /** The first from a sequence on whose subject matches. */
  next(pattern: string, from: number): StoredMessage | undefined {
    this.#expire();
    const exact = this.#bySubject.get(pattern);
    if (exact !== undefined) {
      const seq = exact[lowerBound(exact, from)];
      return seq === undefined ? undefined : this.#messages.get(seq);
    }
    for (const message of this.#messages.values()) {
      if (message.seq >= from && matches(pattern, message.subject)) return message;
    }
    return undefined;
  }

  /** How many of one subject there are from a sequence on. */
  countFrom(subject: string, from: number): number {
    this.#expire();
    const all = this.#bySubject.get(subject) ?? [];
    return all.length - lowerBound(all, from);
  }

  /** How many there are of each subject that matches. */
  counts(pattern: string): Record<string, number> {
    this.#expire();
    const counts: Record<string, number> = {};
    for (const [subject, seqs] of this.#bySubject) {
      if (matches(pattern, subject)) counts[subject] = seqs.length;
    }
    return counts;
  }

  all(): IterableIterator<StoredMessage> {
    this.#expire();
    return this.#messages.values();
  }

  /** Whether it was there. */
  remove(seq: number, why: Removal): boolean {
    const message = this.#messages.get(seq);
    if (message === undefined) return false;
    this.#messages.delete(seq);
    this.bytes -= message.bytes;
    const ofSubject = this.#bySubject.get(message.subject) ?? [];
    ofSubject.splice(lowerBound(ofSubject, seq), 1);
    if (ofSubject.length === 0) this.#bySubject.delete(message.subject);
    this.#moveFirst();
    this.#observer.removed(message, why);
    return true;
  }

  /** How many it removes. */
  purge(pattern: string | undefined, keepFrom = Number.POSITIVE_INFINITY): number {
    let purged = 0;
    for (const { seq, subject } of [...this.all()]) {
      if (seq < keepFrom && (pattern === undefined || matches(pattern, subject))) {
        this.remove(seq, "purged");
        purged++;
      }
    }
    return purged;
  }

  /** As after the kill of a server: removals that were not on the disk are undone, and ids forgotten. */
  recover(undone: readonly StoredMessage[]): void {
    const all = [...this.#messages.values(), ...undone.filter(({ seq }) => !this.#messages.has(seq))];
    all.sort((a, b) => a.seq - b.seq);
    this.#messages = new Map(all.map((message) => [message.seq, message]));
    this.#bySubject.clear();
    this.#known.clear();
    this.bytes = 0;
    for (const { seq, subject, bytes, messageId, storedAtMs } of all) {
      this.#index(subject, seq);
      this.bytes += bytes;
      if (messageId !== undefined) this.#known.set(messageId, { seq, atMs: storedAtMs });
    }
    this.#moveFirst();
  }

  #unexpected(fields: ReadonlyMap<string, string>, subject: string): ApiError | undefined {
    const last = fields.get("Nats-Expected-Last-Sequence");
    if (last !== undefined && Number(last) !== this.lastSeq) return wrongLastSequence(this.lastSeq);
    const lastId = fields.get("Nats-Expected-Last-Msg-Id");
    if (lastId !== undefined && lastId !== this.lastMessageId) return wrongLastMessageId(this.lastMessageId);
    const ofSubject = fields.get("Nats-Expected-Last-Subject-Sequence");
    const actual = this.last(subject)?.seq ?? 0;
    if (ofSubject !== undefined && Number(ofSubject) !== actual) return wrongLastSequence(actual);
    return undefined;
  }

  /** Why the store does not take it, where full means refused. */
  #refusal(subject: string, bytes: number): string | undefined {
    const { discard, discard_new_per_subject, max_msgs, max_bytes, max_msgs_per_subject } = this.config;
    if (discard !== "new") return undefined;
    const ofSubject = this.#bySubject.get(subject) ?? [];
    const replaces = max_msgs_per_subject > 0 && ofSubject.length >= max_msgs_per_subject;
    if (replaces && discard_new_per_subject === true) return "maximum messages per subject exceeded";
    if (max_msgs > 0 && this.#messages.size >= max_msgs && !replaces) return "maximum messages exceeded";
    if (max_bytes > 0 && this.bytes + bytes >= max_bytes) {
      const oldest = this.#messages.get(ofSubject[0] ?? 0)?.bytes ?? 0;
      if (!replaces || oldest <= bytes) return "maximum bytes exceeded";
    }
    return undefined;
  }

  #store({ subject, header, data, bytes, messageId }: Omit<StoredMessage, "seq" | "storedAtMs">): number {
    const seq = ++this.lastSeq;
    const storedAtMs = this.#nowMs();
    const message = { seq, subject, header, data, storedAtMs, bytes, messageId };
    this.#messages.set(seq, message);
    this.bytes += bytes;
    this.lastAtMs = storedAtMs;
    this.lastMessageId = messageId ?? "";
    if (messageId !== undefined) this.#known.set(messageId, { seq, atMs: storedAtMs });
    this.#index(subject, seq);
    this.#moveFirst();
    this.#limit(subject);
    this.#observer.stored(message);
    return seq;
  }

  #index(subject: string, seq: number): void {
    const ofSubject = this.#bySubject.get(subject);
    if (ofSubject === undefined) this.#bySubject.set(subject, [seq]);
    else ofSubject.push(seq);
  }

  /** The oldest make room, where that is how it is. */
  #limit(subject: string): void {
    const { max_msgs, max_bytes, max_msgs_per_subject } = this.config;
    const ofSubject = this.#bySubject.get(subject) ?? [];
    while (max_msgs_per_subject > 0 && ofSubject.length > max_msgs_per_subject) {
      this.remove(ofSubject[0] as number, "replaced");
    }
    while (
      (max_msgs > 0 && this.#messages.size > max_msgs) ||
      (max_bytes > 0 && this.bytes > max_bytes && this.#messages.size > 1)
    ) {
      this.remove(this.#firstSeq, "replaced");
    }
  }

  #rollUp(subject: string | undefined, before: number): void {
    const seqs =
      subject === undefined ? [...this.#messages.keys()] : [...(this.#bySubject.get(subject) ?? [])];
    for (const seq of seqs) if (seq < before) this.remove(seq, "purged");
  }

  #expire(): void {
    const nowMs = this.#nowMs();
    const windowMs = this.config.duplicate_window / NANOS;
    for (const [id, { atMs }] of this.#known) {
      if (nowMs - atMs < windowMs) break;
      this.#known.delete(id);
    }
    const ageMs = this.config.max_age / NANOS;
    if (ageMs <= 0) return;
    for (const { seq, storedAtMs } of this.#messages.values()) {
      if (nowMs - storedAtMs < ageMs) break;
      this.remove(seq, "expired");
    }
  }

  #moveFirst(): void {
    const [first = this.lastSeq + 1] = this.#messages.keys();
    this.#firstSeq = first;
  }
}

/** nats-server, `fileStoreMsgSize`. */
function storedBytes(subject: string, header: Uint8Array | undefined, data: Uint8Array): number {
  const head = header === undefined ? 0 : 4 + header.length;
  return 22 + subject.length + head + data.length + 8;
}

/** The place of the first that is not less. */
function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
