import {
  type Clock,
  type Lane,
  type LaneSource,
  type Logger,
  messageId,
  type ReplayMessage,
} from "@helix/core";
import { integer, isolate } from "@helix/core/queue-kit";
import type { Msg } from "@nats-io/nats-core";
import type { Bodies } from "../bodies.ts";
import { type Delivery, deliveryOf, type Source } from "./ack-subject.ts";
import type { Delays } from "./delays.ts";
import type { Evidence } from "./evidence.ts";
import type { HandBacks } from "./hand-backs.ts";
import type { Lease } from "./lease.ts";
import type { MessageRecord } from "./message-records.ts";
import { type Delivered, type MessageSettler, NatsMessage } from "./nats-message.ts";
import type { PullChannel } from "./pull-channel.ts";
import type { Settlements } from "./settlements.ts";

/** A listener that throws has no use for the message at this moment; nor has anybody for one that cannot be looked at. */
const FAILED_DELAY_MS = 1000;
/**
 * What is handed back while the queue closes must not come back to the queue's own open pulls, where nobody would be left
 * to receive it; longer than a close waits for what is on its way.
 */
const PARTING_DELAY_MS = 500;
/** The most that may be demanded of a lane at once. */
export const MAX_DEMAND = 10_000;

const readDemand = integer({ min: 0, max: MAX_DEMAND }).check;

export interface LaneReceiverOptions {
  readonly lane: Lane;
  /** Of what it hands out. */
  readonly source: Source;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxAgeMs: number;
  readonly bodies: Bodies;
  readonly evidence: Evidence;
  readonly handBacks: HandBacks;
  readonly settlements: Settlements;
  readonly delays: Delays;
  readonly settler: MessageSettler;
  /** Its source has stopped. */
  readonly onStop: () => void;
  readonly makeChannel: (receiver: LaneReceiver) => PullChannel;
}

type Known = Omit<Delivered, "record" | "expired">;

/**
 * Turns what a consumer delivers into messages for the worker: decoded, with their record, and with a word about those
 * that are too old or suspect. A first delivery goes through at once, and so does what this process handed back itself and
 * nobody else has had since; of the others it is read first what others know.
 *
 * It lives as long as the queue, and serves one source after the other. Between them it hands back what still comes.
 */
export class LaneReceiver {
  readonly #options: LaneReceiverOptions;
  readonly #channel: PullChannel;
  readonly #reading = new Set<Promise<void>>();
  #onMessage: ((message: ReplayMessage) => void) | undefined;
  #isClosing = false;

  constructor(options: LaneReceiverOptions) {
    this.#options = options;
    this.#channel = options.makeChannel(this);
  }

  get isOpen(): boolean {
    return this.#onMessage !== undefined;
  }

  /** @throws TypeError if it is open already. */
  open(onMessage: (message: ReplayMessage) => void): LaneSource {
    const { lane } = this.#options;
    if (this.isOpen) throw new TypeError(`Lane \`${lane}\` of this queue is open already`);
    this.#onMessage = onMessage;
    this.#channel.wake();
    let stopping: Promise<void> | undefined;
    return {
      demand: (messages, maxBytes) => {
        const demanded = readDemand(messages, "messages");
        if (stopping === undefined) this.#channel.demand(demanded, maxBytes);
      },
      stop: () => {
        stopping ??= this.#stop();
        return stopping;
      },
    };
  }

  /** Nothing is delivered any more. Resolves when what was on its way has been handed back. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#stop();
    await this.#channel.close();
  }

  /** The queue has become able to serve it. */
  wake(): void {
    this.#channel.wake();
  }

  /** One that was demanded. */
  received(message: Msg, lease: Lease): void {
    const delivery = deliveryOf(message.reply, this.#options.source);
    if (delivery === undefined) {
      this.#options.logger.error({ subject: message.subject }, "received what no consumer has sent");
      lease.free();
      this.#channel.withhold(message.data.length);
      return;
    }
    isolate(
      () => this.#look(message, lease, delivery),
      (error) => this.#failed(message, lease, error),
    );
  }

  #look(message: Msg, lease: Lease, delivery: Delivery): void {
    const { lane, bodies, handBacks } = this.#options;
    const content = bodies.read(message.data, lane);
    const id = content.ok
      ? messageId(content.payload)
      : `undecodable.${delivery.streamSequence}-${delivery.storedAtMs}`;
    const known = { lane, raw: message.data, content, id, lease, delivery };
    const record = handBacks.recall(delivery);
    if (record !== undefined) {
      this.#deliver(known, record);
      return;
    }
    const reading = this.#deliverAgain(known)
      .catch((error: unknown) => this.#failed(message, lease, error))
      .finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  /** Nothing that a message may be, and no fault of ours, keeps it from being handed back. */
  #failed({ data }: Msg, lease: Lease, error: unknown): void {
    const { lane, logger, settlements } = this.#options;
    logger.error({ err: error, lane }, "a message could not be looked at; it is handed back");
    settlements.release(lease, FAILED_DELAY_MS);
    this.#channel.withhold(data.length);
  }

  /** One that nobody wants any more: back, to be delivered to somebody else at once. */
  unwanted(message: Msg, lease: Lease): void {
    const delivery = deliveryOf(message.reply, this.#options.source);
    if (delivery === undefined) {
      lease.free();
      return;
    }
    const { handBacks, settlements } = this.#options;
    const record = handBacks.recall(delivery);
    if (record !== undefined) handBacks.note(delivery, record);
    settlements.release(lease, this.#handBackMs);
  }

  /** To somebody else at once, who may be this process itself. */
  get #handBackMs(): number {
    return this.#isClosing ? PARTING_DELAY_MS : 0;
  }

  /** The lane may be opened anew from now on: what is still read about is handed back, or is the next source's. */
  async #stop(): Promise<void> {
    this.#channel.demand(0);
    this.#onMessage = undefined;
    await Promise.all(this.#reading);
    await this.#options.settlements.flush();
    this.#options.onStop();
  }

  async #deliverAgain(known: Known): Promise<void> {
    const { lane, evidence, delays, settlements } = this.#options;
    const { record, delayMs = 0 } = await evidence.judge(known.id);
    if (known.lease.isOver) {
      known.lease.giveUp();
    } else if (record !== undefined) {
      this.#deliver(known, record);
      return;
    } else {
      delays.add(lane, delayMs);
      settlements.release(known.lease, delayMs);
    }
    this.#channel.withhold(known.raw.length);
  }

  /** Back with it, if nobody wants it any more. */
  #deliver(known: Known, record: MessageRecord): void {
    const { clock, maxAgeMs, handBacks, settlements, settler, logger } = this.#options;
    const onMessage = this.#onMessage;
    if (!this.#channel.claim(known.raw.length) || onMessage === undefined) {
      handBacks.note(known.delivery, record);
      settlements.release(known.lease, this.#handBackMs);
      return;
    }
    const { content } = known;
    const expired = content.ok && clock.wallMs() - content.payload.enqueuedAtMs > maxAgeMs;
    const message = new NatsMessage({ ...known, record, expired }, settler);
    isolate(
      () => onMessage(message),
      (error) => {
        logger.error({ err: error, lane: known.lane }, "the receiver of a lane failed");
        // It may have settled it before.
        message.release({ delayMs: FAILED_DELAY_MS }).catch(() => {});
      },
    );
  }
}
