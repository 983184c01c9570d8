import type { ConsumerConfig } from "./configs.ts";
import { ModelPulls, type PullRequest, type PullsSurroundings, type Waiting } from "./model-pulls.ts";
import type { ModelStream, StoredMessage } from "./model-stream.ts";
import { type Pending, Unacknowledged } from "./unacknowledged.ts";

const NANOS = 1_000_000;
/** The loop of a consumer runs beside what reads from the connections: what was sent together is read together. */
const NEXT_TURN_MS = 0.02;

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
  readonly #delivered: Unacknowledged;
  readonly #pulls: ModelPulls;
  /** Of the next delivery, and of the next message to look at. */
  #consumerSeq = 1;
  #streamSeq = 1;
  #floor = { consumerSeq: 0, streamSeq: 0 };
  #isAwake = false;
  #isGone = false;

  constructor(config: ConsumerConfig, stream: ModelStream, around: ConsumerSurroundings) {
    this.config = config;
    this.#stream = stream;
    this.#around = around;
    const { nowMs, schedule } = around;
    this.#delivered = new Unacknowledged({
      nowMs,
      schedule,
      ackWaitMs: () => this.ackWaitMs,
      onQueued: () => this.wake(),
    });
    this.#pulls = new ModelPulls(around, () => ({
      consumerSeq: this.#consumerSeq - 1,
      streamSeq: this.#streamSeq - 1,
    }));
    this.createdAtMs = nowMs();
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

  /** What it has yet to deliver, and what is not settled of what it has. */
  get owed(): number {
    return this.pending + this.#delivered.size;
  }

  info(): Record<string, unknown> {
    this.#pulls.dropOverdue();
    return {
      delivered: { consumer_seq: this.#consumerSeq - 1, stream_seq: this.#streamSeq - 1 },
      ack_floor: { consumer_seq: this.#floor.consumerSeq, stream_seq: this.#floor.streamSeq },
      num_ack_pending: this.#delivered.size,
      num_redelivered: this.#delivered.redelivered,
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
    const ready = this.pending + this.#delivered.queued;
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
    this.removed(streamSeq);
    if (wasFull) this.wake();
    return true;
  }

  /** It is acknowledged, or not in the stream any more. */
  removed(streamSeq: number): void {
    const pending = this.#delivered.settle(streamSeq);
    if (pending === undefined) return;
    const { consumerSeq } = pending;
    if (this.#delivered.size === 0) {
      this.#floor = { consumerSeq: this.#consumerSeq - 1, streamSeq: this.#streamSeq - 1 };
    } else if (consumerSeq === this.#floor.consumerSeq + 1) {
      this.#floor = { consumerSeq, streamSeq };
      for (let seq = streamSeq + 1; seq < this.#streamSeq; seq++) {
        const next = this.#delivered.get(seq);
        if (next === undefined) continue;
        this.#floor = { consumerSeq: next.consumerSeq - 1, streamSeq: seq - 1 };
        break;
      }
    }
  }

  nak(streamSeq: number, consumerSeq: number, delayMs: number): void {
    if (consumerSeq <= this.#floor.consumerSeq || consumerSeq > this.#consumerSeq) return;
    const pending = this.#delivered.get(streamSeq);
    if (pending === undefined) return;
    if (delayMs > 0) this.#delivered.delay(streamSeq, pending, delayMs);
    else this.#delivered.queue(streamSeq);
  }

  /** The wait begins anew. */
  inProgress(streamSeq: number): void {
    this.#delivered.extend(streamSeq);
  }

  /** A fault: what is chosen is delivered once more, though somebody has it. */
  redeliverSome(isChosen: () => boolean): void {
    this.#delivered.queueSome(isChosen);
  }

  /**
   * How many messages were sent there and are neither settled nor handed back; of those that they had not had before, only
   * what was stored by then.
   */
  heldBy(isTheirs: (subject: string) => boolean, storedByMs: number): number {
    let held = 0;
    for (const [seq, { holder, before }] of this.#delivered.held()) {
      if (holder === undefined || !isTheirs(holder)) continue;
      const isFirst = this.#delivered.isFirst(seq);
      const isOld = (this.#stream.get(seq)?.storedAtMs ?? Number.POSITIVE_INFINITY) <= storedByMs;
      if (isFirst ? isOld : before !== undefined && isTheirs(before)) held++;
    }
    return held;
  }

  /** What could be delivered to somebody who asks. */
  get ready(): number {
    return this.#delivered.queued + (this.#isFull ? 0 : this.pending);
  }

  delete(): void {
    this.endWaiting("409 Consumer Deleted");
    this.#isGone = true;
    this.#delivered.stop();
    this.#pulls.stopWatching();
  }

  /** Pulls end, with a word or without one. */
  endWaiting(status: string | undefined): void {
    this.#pulls.endAll(status);
  }

  /** Another server leads it: pulls and the queue of redeliveries are forgotten. */
  led(status: string | undefined, lookInMs: number): void {
    this.endWaiting(status);
    this.#delivered.led(lookInMs);
  }

  state(): ConsumerState {
    return {
      consumerSeq: this.#consumerSeq,
      streamSeq: this.#streamSeq,
      floor: this.#floor,
      ...this.#delivered.state(),
    };
  }

  /** As after the restart of a server. */
  restore(state: ConsumerState): void {
    this.#consumerSeq = state.consumerSeq;
    this.#streamSeq = state.streamSeq;
    this.#floor = state.floor;
    this.#delivered.restore(state.pending, state.redelivered, (seq) => this.#stream.get(seq) !== undefined);
  }

  get #isFull(): boolean {
    const { max_ack_pending } = this.config;
    return max_ack_pending > 0 && this.#delivered.size >= max_ack_pending;
  }

  #next(): { readonly message: StoredMessage; readonly deliveries: number } | undefined {
    for (
      let again = this.#delivered.takeQueued();
      again !== undefined;
      again = this.#delivered.takeQueued()
    ) {
      const message = this.#stream.get(again.seq);
      if (message !== undefined) return { message, deliveries: again.deliveries };
    }
    if (this.#isFull) return undefined;
    const message = this.#stream.next(this.config.filter_subject, this.#streamSeq);
    this.#streamSeq =
      message === undefined ? Math.max(this.#streamSeq, this.#stream.lastSeq + 1) : message.seq + 1;
    return message && { message, deliveries: 1 };
  }

  /** Nobody was there for it after all. */
  #putBack({ message: { seq }, deliveries }: { message: StoredMessage; deliveries: number }): void {
    if (deliveries === 1) this.#streamSeq = seq;
    else this.#delivered.putBack(seq, deliveries, deliveries === 2 && this.#around.isNew);
  }

  /** As the server counts it, with about the length of a reply. */
  #sizeOf({ subject, header, data }: StoredMessage): number {
    const reply = `${this.#around.ackPrefix}.${this.config.name}`.length + 60;
    return subject.length + reply + (header?.length ?? 0) + data.length;
  }

  #deliver(request: Waiting, message: StoredMessage, deliveries: number): void {
    const { seq, subject, header, data, storedAtMs } = message;
    const consumerSeq = this.#consumerSeq++;
    const { ackPrefix } = this.#around;
    const reply = `${ackPrefix}.${this.config.name}.${deliveries}.${seq}.${consumerSeq}.${nanos(storedAtMs)}.${this.pending}`;
    this.#delivered.delivered(seq, consumerSeq, request.reply);
    this.#around.delivered?.(message, request.reply);
    this.#around.send(request.reply, { subject, reply, header, data });
  }
}

/** Milliseconds as nanoseconds, which no number holds exactly. */
function nanos(ms: number): string {
  const whole = Math.floor(ms);
  return `${whole}${String(Math.floor((ms - whole) * NANOS)).padStart(6, "0")}`;
}
