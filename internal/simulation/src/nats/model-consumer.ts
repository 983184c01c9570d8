import { ModelPulls, type PullRequest, type PullsSurroundings, type Waiting } from "./model-pulls.ts";
import type { ModelStream, StoredMessage } from "./model-stream.ts";

const NANOS = 1_000_000;
/** How soon after a hand-back with a delay the server looks when it is due. */
const LOOK_SOON_MS = 10;
/** The loop of a consumer runs beside what reads from the connections: what was sent together is read together. */
const NEXT_TURN_MS = 0.02;

/** As the JetStream API has it, all that the server fills in included. Durations in nanoseconds. */
export interface ConsumerConfig {
  readonly durable_name: string;
  readonly name: string;
  readonly filter_subject: string;
  readonly ack_wait: number;
  readonly max_ack_pending: number;
  readonly max_batch?: number;
  readonly max_waiting: number;
  readonly [other: string]: unknown;
}

/** What a consumer needs of the server around it. */
export interface ConsumerSurroundings extends PullsSurroundings {
  /** Of the stream, before the consumer in a reply subject: `$JS.ACK.{stream}`. */
  readonly ackPrefix: string;
  /**
   * Of 2.15: what was gone from the stream before the consumer was made is below its floor, and what could not be delivered
   * again is not counted as redelivered.
   */
  readonly isNew: boolean;
  /** To whom. */
  readonly delivered?: ((message: StoredMessage, to: string) => void) | undefined;
}

interface Pending {
  /** The first delivery. */
  readonly consumerSeq: number;
  /** From here the wait for an acknowledgement counts. */
  sinceMs: number;
  /** Who had it last; undefined: it was handed back. */
  holder: string | undefined;
  /** Who had it before that, and handed it back at once. */
  before: string | undefined;
}

/** What is on the disk of a server. */
export interface ConsumerState {
  readonly consumerSeq: number;
  readonly streamSeq: number;
  readonly floor: { readonly consumerSeq: number; readonly streamSeq: number };
  readonly pending: ReadonlyMap<number, Pending>;
  readonly redelivered: ReadonlyMap<number, number>;
}

/**
 * A durable pull consumer with explicit acknowledgements, by nats-server's `consumer.go`: what is delivered is pending until
 * it is acknowledged, and is queued for redelivery when its wait is over; pulls wait in turn, and each is served one
 * message before the next.
 */
export class ModelConsumer {
  config: ConsumerConfig;
  readonly createdAtMs: number;
  readonly #stream: ModelStream;
  readonly #around: ConsumerSurroundings;
  #pending = new Map<number, Pending>();
  /** Deliveries after the first, by message. */
  #redelivered = new Map<number, number>();
  /** In the order in which they are delivered again. */
  #queue: number[] = [];
  readonly #pulls: ModelPulls;
  /** Of the next delivery, and of the next message to look at. */
  #consumerSeq = 1;
  #streamSeq = 1;
  #floor = { consumerSeq: 0, streamSeq: 0 };
  #cancelLook: (() => void) | undefined;
  #isAwake = false;
  #isGone = false;

  constructor(config: ConsumerConfig, stream: ModelStream, around: ConsumerSurroundings) {
    this.config = config;
    this.#stream = stream;
    this.#around = around;
    this.#pulls = new ModelPulls(around, () => ({
      consumerSeq: this.#consumerSeq - 1,
      streamSeq: this.#streamSeq - 1,
    }));
    this.createdAtMs = around.nowMs();
    this.#streamSeq = Math.max(1, stream.firstSeq);
    if (around.isNew) this.#floor = { consumerSeq: 0, streamSeq: this.#streamSeq - 1 };
  }

  get ackWaitMs(): number {
    return this.config.ack_wait / NANOS;
  }

  /** Never delivered. */
  get pending(): number {
    return this.#stream.countFrom(this.config.filter_subject, this.#streamSeq);
  }

  info(): Record<string, unknown> {
    this.#pulls.dropOverdue();
    return {
      delivered: { consumer_seq: this.#consumerSeq - 1, stream_seq: this.#streamSeq - 1 },
      ack_floor: { consumer_seq: this.#floor.consumerSeq, stream_seq: this.#floor.streamSeq },
      num_ack_pending: this.#pending.size,
      num_redelivered: this.#redelivered.size,
      num_waiting: this.#pulls.size,
      num_pending: this.pending,
    };
  }

  /** There may be something to deliver. */
  wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#around.schedule(() => {
      this.#isAwake = false;
      this.#work();
    }, NEXT_TURN_MS);
  }

  #work(): void {
    if (this.#isGone) return;
    while (this.#pulls.size > 0) {
      const next = this.#next();
      if (next === undefined) break;
      const request = this.#pulls.next(this.#sizeOf(next.message));
      if (request === undefined) {
        this.#putBack(next);
        break;
      }
      this.#deliver(request, next.message, next.deliveries);
      this.#pulls.served(request);
    }
    this.#pulls.endServed();
  }

  /** Serves it, parks it, or refuses it; after all that it was told before. */
  pull(reply: string, request: PullRequest): void {
    this.#around.schedule(() => this.#requested(reply, request), 2 * NEXT_TURN_MS);
  }

  #requested(reply: string, request: PullRequest): void {
    if (this.#isGone) return;
    const { batch, expiresMs, noWait } = request;
    const { max_batch = 0, max_waiting } = this.config;
    if (max_batch > 0 && batch > max_batch) {
      this.#pulls.tell(reply, `409 Exceeded MaxRequestBatch of ${max_batch}`);
      return;
    }
    if (this.#pulls.size >= max_waiting) {
      // Without a word, though its documentation says that there is one.
      this.#pulls.dropOverdue();
      return;
    }
    const ready = this.pending + this.#queue.length;
    if (noWait && ready === 0 && expiresMs === 0) {
      this.#pulls.tell(reply, "404 No Messages");
      return;
    }
    if (noWait && ready > 0 && ready < this.#pulls.owed) {
      this.#pulls.tell(reply, "408 Requests Pending");
      return;
    }
    this.#pulls.park(reply, request);
    this.wake();
    this.#pulls.watch();
  }

  /** Whether the message is to be removed from the stream. */
  ack(streamSeq: number, consumerSeq: number): boolean {
    if (consumerSeq >= this.#consumerSeq) return false;
    const wasFull = this.#isFull;
    this.#settled(streamSeq);
    if (wasFull) this.wake();
    return true;
  }

  nak(streamSeq: number, consumerSeq: number, delayMs: number): void {
    if (consumerSeq <= this.#floor.consumerSeq || consumerSeq > this.#consumerSeq) return;
    const pending = this.#pending.get(streamSeq);
    if (pending === undefined) return;
    if (delayMs > 0) {
      this.#unqueue(streamSeq);
      pending.sinceMs = this.#around.nowMs() - this.ackWaitMs + delayMs;
      pending.holder = undefined;
      this.#lookIn(LOOK_SOON_MS);
      return;
    }
    if (!this.#queue.includes(streamSeq)) this.#queue.push(streamSeq);
    this.wake();
  }

  /** The wait begins anew. */
  inProgress(streamSeq: number): void {
    const pending = this.#pending.get(streamSeq);
    if (pending !== undefined) pending.sinceMs = this.#around.nowMs();
  }

  /** It is not in the stream any more, by no acknowledgement. */
  removed(streamSeq: number): void {
    if (this.#pending.has(streamSeq)) this.#settled(streamSeq);
  }

  /** A fault: what is chosen is delivered once more, though somebody has it. */
  redeliverSome(isChosen: () => boolean): void {
    for (const seq of [...this.#pending.keys()].sort((a, b) => a - b)) {
      if (isChosen() && !this.#queue.includes(seq)) this.#queue.push(seq);
    }
    this.wake();
  }

  /**
   * How many messages were sent there and are neither settled nor handed back; of those that they had not had before, only
   * what was stored by then.
   */
  heldBy(isTheirs: (subject: string) => boolean, storedByMs: number): number {
    let held = 0;
    for (const [seq, { holder, before }] of this.#pending) {
      if (holder === undefined || !isTheirs(holder) || this.#queue.includes(seq)) continue;
      const isFirst = !this.#redelivered.has(seq);
      const isOld = (this.#stream.get(seq)?.storedAtMs ?? Number.POSITIVE_INFINITY) <= storedByMs;
      if (isFirst ? isOld : before !== undefined && isTheirs(before)) held++;
    }
    return held;
  }

  /** What could be delivered to somebody who asks. */
  get ready(): number {
    return this.#queue.length + (this.#isFull ? 0 : this.pending);
  }

  delete(): void {
    this.endWaiting("409 Consumer Deleted");
    this.#isGone = true;
    this.#cancelLook?.();
    this.#pulls.stopWatching();
  }

  /** Pulls end, with a word or without one. */
  endWaiting(status: string | undefined): void {
    this.#pulls.endAll(status);
  }

  /** Another server leads it: pulls and the queue of redeliveries are forgotten. */
  led(status: string | undefined, lookInMs: number): void {
    this.endWaiting(status);
    this.#queue = [];
    if (this.#pending.size > 0) this.#lookIn(Math.min(lookInMs, this.ackWaitMs));
  }

  state(): ConsumerState {
    return {
      consumerSeq: this.#consumerSeq,
      streamSeq: this.#streamSeq,
      floor: this.#floor,
      pending: new Map([...this.#pending].map(([seq, pending]) => [seq, { ...pending }])),
      redelivered: new Map(this.#redelivered),
    };
  }

  /** As after the restart of a server. */
  restore(state: ConsumerState): void {
    this.#consumerSeq = state.consumerSeq;
    this.#streamSeq = state.streamSeq;
    this.#floor = state.floor;
    this.#pending = new Map(
      [...state.pending].flatMap(([seq, pending]) =>
        this.#stream.get(seq) === undefined ? [] : [[seq, { ...pending }]],
      ),
    );
    this.#redelivered = new Map([...state.redelivered].filter(([seq]) => this.#pending.has(seq)));
  }

  get #isFull(): boolean {
    const { max_ack_pending } = this.config;
    return max_ack_pending > 0 && this.#pending.size >= max_ack_pending;
  }

  #next(): { readonly message: StoredMessage; readonly deliveries: number } | undefined {
    for (let seq = this.#queue.shift(); seq !== undefined; seq = this.#queue.shift()) {
      const deliveries = (this.#redelivered.get(seq) ?? 0) + 1;
      this.#redelivered.set(seq, deliveries);
      const message = this.#stream.get(seq);
      if (message !== undefined) return { message, deliveries: deliveries + 1 };
    }
    if (this.#isFull) return undefined;
    const message = this.#stream.next(this.config.filter_subject, this.#streamSeq);
    this.#streamSeq =
      message === undefined ? Math.max(this.#streamSeq, this.#stream.lastSeq + 1) : message.seq + 1;
    return message && { message, deliveries: 1 };
  }

  /** Nobody was there for it after all. */
  #putBack({ message: { seq }, deliveries }: { message: StoredMessage; deliveries: number }): void {
    if (deliveries === 1) {
      this.#streamSeq = seq;
      return;
    }
    if (deliveries === 2 && this.#around.isNew) this.#redelivered.delete(seq);
    else this.#redelivered.set(seq, deliveries - 2);
    this.#queue.unshift(seq);
  }

  /** As the server counts it, with about the length of a reply. */
  #sizeOf({ subject, header, data }: StoredMessage): number {
    const reply = `${this.#around.ackPrefix}.${this.config.name}`.length + 60;
    return subject.length + reply + (header?.length ?? 0) + data.length;
  }

  #deliver(request: Waiting, message: StoredMessage, deliveries: number): void {
    const { seq, subject, header, data, storedAtMs } = message;
    const nowMs = this.#around.nowMs();
    const consumerSeq = this.#consumerSeq++;
    const { ackPrefix } = this.#around;
    const reply = `${ackPrefix}.${this.config.name}.${deliveries}.${seq}.${consumerSeq}.${nanos(storedAtMs)}.${this.pending}`;
    const pending = this.#pending.get(seq);
    const { reply: holder } = request;
    if (pending === undefined) {
      this.#pending.set(seq, { consumerSeq, sinceMs: nowMs, holder, before: undefined });
    } else {
      Object.assign(pending, { sinceMs: nowMs, holder, before: pending.holder });
    }
    if (this.#cancelLook === undefined) this.#lookIn(this.ackWaitMs);
    this.#around.delivered?.(message, request.reply);
    this.#around.send(request.reply, { subject, reply, header, data });
  }

  #settled(streamSeq: number): void {
    const pending = this.#pending.get(streamSeq);
    if (pending === undefined) return;
    this.#pending.delete(streamSeq);
    const { consumerSeq } = pending;
    if (this.#pending.size === 0) {
      this.#floor = { consumerSeq: this.#consumerSeq - 1, streamSeq: this.#streamSeq - 1 };
    } else if (consumerSeq === this.#floor.consumerSeq + 1) {
      this.#floor = { consumerSeq, streamSeq };
      for (let seq = streamSeq + 1; seq < this.#streamSeq; seq++) {
        const next = this.#pending.get(seq);
        if (next === undefined) continue;
        this.#floor = { consumerSeq: next.consumerSeq - 1, streamSeq: seq - 1 };
        break;
      }
    }
    this.#redelivered.delete(streamSeq);
    this.#unqueue(streamSeq);
  }

  #unqueue(streamSeq: number): void {
    const at = this.#queue.indexOf(streamSeq);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #lookIn(delayMs: number): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#around.schedule(() => {
      this.#cancelLook = undefined;
      this.#look();
    }, delayMs);
  }

  /** Queues what has waited too long for its acknowledgement. */
  #look(): void {
    const nowMs = this.#around.nowMs();
    let nextMs = this.ackWaitMs;
    const expired: number[] = [];
    for (const [seq, { sinceMs }] of this.#pending) {
      const leftMs = sinceMs + this.ackWaitMs - nowMs;
      if (leftMs > 1e-6) nextMs = Math.min(nextMs, leftMs);
      else if (!this.#queue.includes(seq)) expired.push(seq);
    }
    if (this.#pending.size > 0) this.#lookIn(Math.max(nextMs, 0.001));
    if (expired.length === 0) return;
    expired.sort((a, b) => a - b);
    const offMs = nowMs - (this.#pending.get(expired[0] as number)?.sinceMs ?? nowMs);
    for (const seq of expired) {
      const pending = this.#pending.get(seq);
      if (pending !== undefined) pending.sinceMs += offMs;
    }
    this.#queue.push(...expired);
    this.wake();
  }
}

/** Milliseconds as nanoseconds, which no number holds exactly. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * NANOS)).padStart(6, "0")}`;
}
