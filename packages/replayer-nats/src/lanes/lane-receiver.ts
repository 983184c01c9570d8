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
import { type Delivery, deliveryOf } from "./ack-subject.ts";
import type { Delays } from "./delays.ts";
import { type MessageRecord, type MessageRecords, NO_RECORD } from "./message-records.ts";
import { type Delivered, type MessageSettler, NatsMessage } from "./nats-message.ts";
import type { PullSource } from "./pull-source.ts";
import type { ReleaseMemory } from "./release-memory.ts";
import type { Settlements } from "./settlements.ts";

/** So many deliveries that neither a counted failure nor a hand-back of ours explains make a message a suspect. */
const SUSPECT_AFTER = 3;
/** A listener that throws has no use for the message at this moment. */
const LISTENER_FAILED_DELAY_MS = 1000;

export interface LaneReceiverOptions {
  readonly lane: Lane;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly maxAgeMs: number;
  readonly records: MessageRecords;
  readonly settlements: Settlements;
  readonly releases: ReleaseMemory;
  readonly delays: Delays;
  readonly settler: MessageSettler;
  readonly onMessage: (message: ReplayMessage) => void;
  readonly makeSource: (receiver: LaneReceiver) => PullSource;
}

/**
 * Turns what a consumer delivers into messages for the worker: decoded, with their record, and with a word about those
 * that are too old or suspect. A first delivery goes through at once; for the others the record is read first.
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
    if (delivery.deliveries === 1) this.#deliver(known, NO_RECORD);
    else void this.#deliverAgain(known);
  }

  /** One that nobody wants any more: back, to be delivered to somebody else at once. */
  unwanted(message: Msg): void {
    const delivery = deliveryOf(message.reply);
    if (delivery === undefined || message.reply === undefined) return;
    this.#options.releases.released(delivery.streamSequence);
    this.#options.settlements.release(message.reply, 0);
  }

  async #deliverAgain(known: Omit<Delivered, "record" | "expired" | "suspect">): Promise<void> {
    const { lane, records, releases, delays, settlements } = this.#options;
    delays.remove(lane, known.delivery.streamSequence);
    const record = await this.#withoutMark(known.id, await records.read(known.id));
    if (this.#isStopped) {
      releases.released(known.delivery.streamSequence);
      settlements.release(known.reply, 0);
      this.#source.settled();
      return;
    }
    this.#deliver(known, record);
  }

  /** A mark that is still there was left by a process that died of the message: an attempt. */
  async #withoutMark(id: string, record: MessageRecord): Promise<MessageRecord> {
    const { markedAtMs, ...rest } = record;
    if (markedAtMs === undefined) return record;
    const { logger, records } = this.#options;
    const error = { name: "ProcessDied", message: "The process ended while it executed this message" };
    const counted = { attempts: rest.attempts + 1, firstError: rest.firstError ?? error };
    try {
      await records.write(id, counted);
      logger.warn({ id, attempts: counted.attempts }, "a process ended while it executed a message");
      return counted;
    } catch (cause) {
      // What is not written down is not counted: the mark stays, and will be found again.
      logger.warn({ err: cause, id }, "cannot count a message's failure");
      return record;
    }
  }

  #deliver(known: Omit<Delivered, "record" | "expired" | "suspect">, record: MessageRecord): void {
    const { clock, maxAgeMs, releases, settler, logger, onMessage } = this.#options;
    const { content, delivery } = known;
    const expired = content.ok && clock.wallMs() - content.payload.enqueuedAtMs > maxAgeMs;
    const suspect = isSuspect(delivery, record, releases.count(delivery.streamSequence));
    const message = new NatsMessage({ ...known, record, expired, suspect }, settler, () =>
      this.#source.settled(),
    );
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

/** Whether its execution may kill the process. */
export function isSuspect({ deliveries }: Delivery, { attempts }: MessageRecord, released: number): boolean {
  return deliveries - 1 - attempts - released >= SUSPECT_AFTER;
}
