import type { Lane, LaneSource, Logger, MessageContent, ReplayMessage } from "@helix/core";
import { harmlessCallback, integer } from "@helix/core/queue-kit";
import type { Msg } from "@nats-io/nats-core";
import type { Bodies } from "../bodies.ts";
import type { StreamClock } from "../connection/stream-clock.ts";
import { type Delivery, deliveryOf, type Source } from "./ack-subject.ts";
import type { DecodingTurn } from "./decoding-turn.ts";
import type { Delays } from "./delays.ts";
import { type Evidence, isSuspect } from "./evidence.ts";
import { firstStoredIn, firstStoredMs } from "./first-stored.ts";
import type { HandBacks } from "./hand-backs.ts";
import type { Lease } from "./lease.ts";
import type { MessageRecord } from "./message-records.ts";
import { type Delivered, type MessageSettler, NatsMessage, nameOf, placeOf } from "./nats-message.ts";
import type { PullChannel } from "./pull-channel.ts";
import type { Settlements } from "./settlements.ts";
import type { Unopened } from "./unopened.ts";

/** A listener that throws has no use for the message at this moment; nor has anybody for one that cannot be looked at. */
const FAILED_DELAY_MS = 1000;
/**
 * What is handed back while the queue closes must not come back to the queue's own open pulls, where nobody would be left
 * to receive it; longer than a close waits for what is on its way.
 */
const PARTING_DELAY_MS = 500;
/** No decoder runs out of memory with so little: an object for each byte is 6 MB. */
const HARMLESS_BYTES = 64 * 1024;
/** The most that may be demanded of a lane at once. */
export const MAX_DEMAND = 10_000;

const readDemand = integer({ min: 0, max: MAX_DEMAND }).check;

export interface LaneReceiverOptions {
  readonly lane: Lane;
  /** Of what it hands out. */
  readonly source: Source;
  readonly streamClock: Pick<StreamClock, "nowMs" | "isTrusted">;
  readonly logger: Logger;
  readonly maxAgeMs: number;
  readonly bodies: Bodies;
  readonly evidence: Evidence;
  /** What all lanes share, so that one large body at a time is decoded that may be fatal. */
  readonly turn: DecodingTurn;
  readonly unopened: Unopened;
  readonly handBacks: HandBacks;
  readonly settlements: Settlements;
  readonly delays: Delays;
  /** What was handed back by this word is due now. */
  readonly hasten: (word: string) => number;
  readonly settler: MessageSettler;
  /** Its source has stopped. */
  readonly onStop: () => void;
  readonly makeChannel: (receiver: LaneReceiver) => PullChannel;
}

type Arrived = Omit<Known, "content">;

/** What it is, and since when it has been in the lanes, by the server's clock. */
class Known implements Delivered {
  readonly lane: Lane;
  readonly raw: Uint8Array;
  readonly lease: Lease;
  readonly delivery: Delivery;
  readonly sinceMs: number;
  readonly content: MessageContent;

  constructor({ lane, raw, lease, delivery, sinceMs }: Arrived, content: MessageContent) {
    this.lane = lane;
    this.raw = raw;
    this.lease = lease;
    this.delivery = delivery;
    this.sinceMs = sinceMs;
    this.content = content;
  }
}

/**
 * Turns what a consumer delivers into messages for the worker: decoded, with their record, and with a word about those
 * that are too old or suspect. A first delivery goes through at once, and so does what this process handed back itself and
 * nobody else has had since; of the others it is read first what others know, and of those that are large before they are decoded.
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
    const { lane, logger } = this.#options;
    if (this.isOpen) throw new TypeError(`Lane \`${lane}\` of this queue is open already`);
    this.#onMessage = harmlessCallback(onMessage, (error, message) => {
      logger.error({ err: error, lane }, "the receiver of a lane failed");
      // It may have settled it before.
      message.release({ delayMs: FAILED_DELAY_MS }).catch(() => {});
    });
    this.#channel.wake();
    let stopping: Promise<void> | undefined;
    return {
      demand: (messages, maxBytes) => {
        const demanded = readDemand(messages, "messages");
        if (stopping === undefined) this.#channel.demand(demanded, maxBytes);
      },
      hasten: (word) => this.#options.hasten(word),
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

  /** Nothing that is in hand may be settled any more. Returns how much that is. */
  giveUp(): number {
    return this.#channel.giveUp();
  }

  /** The queue has become able to serve it. */
  wake(): void {
    this.#channel.wake();
  }

  /** One that was demanded. */
  received(message: Msg, data: Uint8Array, lease: Lease): void {
    const delivery = deliveryOf(message.reply, this.#options.source);
    if (delivery === undefined) {
      this.#options.logger.error({ subject: message.subject }, "received what no consumer has sent");
      lease.free();
      this.#channel.withhold(data.length);
      return;
    }
    try {
      this.#look(message, data, lease, delivery);
    } catch (error) {
      this.#failed(data, lease, error);
    }
  }

  #look(message: Msg, raw: Uint8Array, lease: Lease, delivery: Delivery): void {
    const { lane, handBacks } = this.#options;
    const sinceMs = firstStoredMs(firstStoredIn(message, raw), delivery.storedAtMs);
    const arrived = { lane, raw, lease, delivery, sinceMs };
    const record = handBacks.recall(delivery);
    if (record !== undefined) {
      this.#deliver(this.#decoded(arrived), record);
      return;
    }
    const isLarge = arrived.raw.length > HARMLESS_BYTES;
    const reading = (isLarge ? this.#decodeInTurn(arrived) : this.#deliverAgain(this.#decoded(arrived)))
      .catch((error: unknown) => this.#failed(raw, lease, error))
      .finally(() => this.#reading.delete(reading));
    this.#reading.add(reading);
  }

  #decoded(arrived: Arrived): Known {
    return new Known(arrived, this.#options.bodies.read(arrived.raw, arrived.lane));
  }

  /**
   * One that has perhaps ended the process that decoded it. That it is decoded is written down before, under its place since
   * its name is in the body, so that a death tells which it was. Only one at a time is decoded and read about.
   */
  #decodeInTurn(arrived: Arrived): Promise<void> {
    const { bodies, evidence, turn, settlements } = this.#options;
    const { raw, lease, delivery } = arrived;
    const place = placeOf(delivery);
    return turn.take(async () => {
      if (!this.isOpen) {
        settlements.release(lease, this.#handBackMs);
        this.#channel.withhold(raw.length);
        return;
      }
      const { record, delayMs = 0 } = await evidence.judge(place);
      if (record === undefined) this.#postpone(arrived, delayMs);
      else if (record.attempts > 0) {
        this.#deliver(new Known(arrived, bodies.fatal(raw)), record);
      } else {
        await evidence.begin(arrived, place, isSuspect(record));
        let known: Known;
        try {
          known = this.#decoded(arrived);
        } finally {
          evidence.end(arrived);
        }
        if (isSuspect(record) && known.content.ok) evidence.forget(place);
        await this.#deliverAgain(known);
      }
    });
  }

  /** Nothing that a message may be, and no fault of ours, keeps it from being handed back. */
  #failed(raw: Uint8Array, lease: Lease, error: unknown): void {
    const { lane, logger, settlements } = this.#options;
    logger.error({ err: error, lane }, "a message could not be looked at; it is handed back");
    settlements.release(lease, FAILED_DELAY_MS);
    this.#channel.withhold(raw.length);
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
    if (this.#isPutOff(known)) return;
    const { record, delayMs = 0 } = await this.#options.evidence.judge(nameOf(known));
    if (record === undefined || known.lease.isOver) this.#postpone(known, delayMs);
    else this.#deliver(known, record);
  }

  /** Back, to be read about later. */
  #postpone({ raw, lane, lease }: Arrived, delayMs: number): void {
    const { delays, settlements } = this.#options;
    if (lease.isOver) {
      lease.giveUp();
    } else {
      delays.add(lane, delayMs);
      settlements.release(lease, delayMs);
    }
    this.#channel.withhold(raw.length);
  }

  #isTooOld({ sinceMs }: Known): boolean {
    const { streamClock, maxAgeMs } = this.#options;
    return streamClock.isTrusted && streamClock.nowMs() - sinceMs > maxAgeMs;
  }

  /** Whether it was handed back, since it cannot be opened yet. */
  #isPutOff(known: Known): boolean {
    if (known.content.ok || this.#isTooOld(known)) return false;
    const delayMs = this.#options.unopened.delayMs(known);
    if (delayMs === undefined) return false;
    this.#postpone(known, delayMs);
    return true;
  }

  /** Back with it, if nobody wants it any more. */
  #deliver(known: Known, record: MessageRecord): void {
    if (this.#isPutOff(known)) return;
    const { handBacks, settlements, settler } = this.#options;
    const onMessage = this.#onMessage;
    if (!this.#channel.claim(known.raw.length) || onMessage === undefined) {
      handBacks.note(known.delivery, record);
      settlements.release(known.lease, this.#handBackMs);
      return;
    }
    const expired = known.content.ok && this.#isTooOld(known);
    onMessage(new NatsMessage(known, record, expired, settler));
  }
}
