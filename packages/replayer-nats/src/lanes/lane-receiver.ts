import { decodeContent } from "@helix/codec";
import {
  type Clock,
  type Lane,
  type LaneSource,
  type Logger,
  messageId,
  type ReplayMessage,
} from "@helix/core";
import { isolate } from "@helix/core/internal";
import type { Msg } from "@nats-io/nats-core";
import { deliveryOf } from "./ack-subject.ts";
import type { Delays } from "./delays.ts";
import type { Evidence } from "./evidence.ts";
import type { HandBacks } from "./hand-backs.ts";
import type { MessageRecord } from "./message-records.ts";
import { type Delivered, type MessageSettler, NatsMessage } from "./nats-message.ts";
import type { PullSource } from "./pull-source.ts";
import type { Settlements } from "./settlements.ts";

/** A listener that throws has no use for the message at this moment. */
const LISTENER_FAILED_DELAY_MS = 1000;

export interface LaneReceiverOptions {
  readonly lane: Lane;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxAgeMs: number;
  readonly evidence: Evidence;
  readonly handBacks: HandBacks;
  readonly settlements: Settlements;
  readonly delays: Delays;
  readonly settler: MessageSettler;
  readonly onMessage: (message: ReplayMessage) => void;
  readonly makeSource: (receiver: LaneReceiver) => PullSource;
}

/**
 * Turns what a consumer delivers into messages for the worker: decoded, with their record, and with a word about those
 * that are too old or suspect. A first delivery goes through at once, and so does what this process handed back itself and
 * nobody else has had since; of the others it is read first what others know.
 */
export class LaneReceiver implements LaneSource {
  readonly #options: LaneReceiverOptions;
  readonly #source: PullSource;
  #isStopped = false;

  constructor(options: LaneReceiverOptions) {
    this.#options = options;
    this.#source = options.makeSource(this);
  }

  demand(messages: number): void {
    this.#source.demand(messages);
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#source.stop();
  }

  /** The queue has become able to serve it. */
  wake(): void {
    this.#source.wake();
  }

  /** One that was demanded. */
  received(message: Msg): void {
    const delivery = deliveryOf(message.reply);
    if (delivery === undefined || message.reply === undefined) {
      this.#options.logger.error({ subject: message.subject }, "received what no consumer has sent");
      this.#source.settled();
      return;
    }
    const content = decodeContent(message.data);
    const id = content.ok
      ? messageId(content.payload)
      : `undecodable.${delivery.streamSequence}-${delivery.storedAtMs}`;
    const known = {
      lane: this.#options.lane,
      raw: message.data,
      content,
      id,
      reply: message.reply,
      delivery,
    };
    this.#options.delays.remove(this.#options.lane, delivery.streamSequence);
    const record = this.#options.handBacks.recall(delivery);
    if (record === undefined) void this.#deliverAgain(known);
    else this.#deliver(known, record);
  }

  /** One that nobody wants any more: back, to be delivered to somebody else at once. */
  unwanted(message: Msg): void {
    const delivery = deliveryOf(message.reply);
    if (delivery === undefined || message.reply === undefined) return;
    const record = this.#options.handBacks.recall(delivery);
    if (record !== undefined) this.#options.handBacks.note(delivery, record);
    this.#options.settlements.release(message.reply, 0);
  }

  async #deliverAgain(known: Omit<Delivered, "record" | "expired">): Promise<void> {
    const { lane, evidence, handBacks, delays, settlements } = this.#options;
    const { id, reply, delivery } = known;
    const { record, delayMs = 0 } = await evidence.judge(id);
    if (record !== undefined && !this.#isStopped) {
      this.#deliver(known, record);
      return;
    }
    if (record !== undefined) handBacks.note(delivery, record);
    if (delayMs > 0) delays.add(lane, delivery.streamSequence, delayMs);
    settlements.release(reply, delayMs);
    this.#source.withheld();
  }

  #deliver(known: Omit<Delivered, "record" | "expired">, record: MessageRecord): void {
    const { clock, maxAgeMs, evidence, settler, logger, onMessage } = this.#options;
    const { content } = known;
    const expired = content.ok && clock.wallMs() - content.payload.enqueuedAtMs > maxAgeMs;
    const message: NatsMessage = new NatsMessage({ ...known, record, expired }, settler, () => {
      evidence.end(message);
      this.#source.settled();
    });
    isolate(
      () => onMessage(message),
      (error) => {
        logger.error({ err: error, lane: known.lane }, "the receiver of a lane failed");
        // It may have settled it before.
        message.release({ delayMs: LISTENER_FAILED_DELAY_MS }).catch(() => {});
      },
    );
  }
}
