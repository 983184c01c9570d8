import type { DeadLetterCause, Logger } from "@helix/core";
import { settled } from "@helix/core/queue-kit";
import type { DeadLetterWriter } from "../dead-letters/dead-letter-writer.ts";
import type { Delays } from "./delays.ts";
import type { Evidence } from "./evidence.ts";
import type { HandBacks } from "./hand-backs.ts";
import type { Hastening } from "./hastening.ts";
import type { MessageRecord, MessageRecords } from "./message-records.ts";
import type { MessageSettler, NatsMessage } from "./nats-message.ts";
import type { Settlements } from "./settlements.ts";

export interface QueueSettlerOptions {
  readonly settlements: Settlements;
  readonly records: MessageRecords;
  readonly evidence: Evidence;
  readonly handBacks: HandBacks;
  readonly delays: Delays;
  readonly hastening: Hastening;
  readonly writer: DeadLetterWriter;
  readonly logger: Logger;
  /** Nothing could be written. */
  readonly onFailure: (error: unknown) => void;
}

/** What becomes of messages: in which order their counts, dead letters and what is known of their execution are written, and the server told. */
export class QueueSettler implements MessageSettler {
  readonly #options: QueueSettlerOptions;

  constructor(options: QueueSettlerOptions) {
    this.#options = options;
  }

  ack(message: NatsMessage, done: (refusal?: unknown) => void): void {
    const { evidence, settlements } = this.#options;
    evidence.end(message);
    settlements.ack(message.delivered.lease, (refusal) => {
      if (refusal === undefined) this.#forgetEnded(message);
      done(refusal);
    });
  }

  /** A new count is written before the message can come again; where it cannot be, the failure has not counted. */
  async release(
    message: NatsMessage,
    delayMs: number,
    record: MessageRecord | undefined,
    hastenedBy?: string,
  ): Promise<void> {
    const { records, logger, onFailure, handBacks, delays, hastening, settlements, evidence } = this.#options;
    const { id } = message;
    const { lane, lease, delivery } = message.delivered;
    let known: MessageRecord | undefined = record ?? message.record;
    if (record !== undefined) {
      try {
        await records.write(id, record);
      } catch (error) {
        known = undefined;
        logger.warn({ err: error, id }, "cannot count a message's failure");
        onFailure(error);
      }
    }
    message.assertLent();
    if (known !== undefined) handBacks.note(delivery, known);
    if (delayMs > 0) {
      const dueAtMs = delays.add(lane, delayMs);
      if (hastenedBy !== undefined) hastening.add(lane, hastenedBy, lease.reply, dueAtMs);
    }
    settlements.release(lease, delayMs);
    evidence.end(message);
  }

  extend({ delivered }: NatsMessage): void {
    this.#options.settlements.extend(delivered.lease);
  }

  forget(message: NatsMessage): void {
    this.#options.evidence.end(message);
    message.delivered.lease.giveUp();
  }

  mark(message: NatsMessage): Promise<void> {
    return this.#options.evidence.begin(message, message.id, message.suspect);
  }

  async deadLetter(message: NatsMessage, cause: DeadLetterCause): Promise<void> {
    const { writer, onFailure, settlements } = this.#options;
    try {
      await writer.write(message, cause);
    } catch (error) {
      onFailure(error);
      throw error;
    }
    message.assertLent();
    // Only now: a crash before this leaves a dead letter and the original, which becomes the same dead letter.
    const acknowledged = settled((done) => this.ack(message, done));
    settlements.hurry();
    await acknowledged;
  }

  #forgetEnded(message: NatsMessage): void {
    const { handBacks, records } = this.#options;
    handBacks.forget(message.delivered.delivery);
    if (message.isRecorded) records.forget(message.id);
  }
}
