import { payloadHeaders } from "@helix/codec";
import { type DeadLetterCause, type HelixError, helixError } from "@helix/core";
import { deathOf } from "@helix/core/queue-kit";
import type { Admin } from "../connection/admin.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type Publisher, PublishFailure } from "../connection/publisher.ts";
import { digestOf, isSameWrite } from "../identity.ts";
import type { Delivered, NatsMessage } from "../lanes/nats-message.ts";
import { deadLetterSubject, type Names } from "../topology/names.ts";
import { EPITAPH_HEADER, encodeEpitaph } from "./dead-letter-format.ts";

/** JetStream's code for what is not where it should be. */
const WRONG_LAST_SEQUENCE = 10071;

/**
 * Writes dead letters, each under a subject of its own that may hold one message: written twice, by a crash between the
 * dead letter and the acknowledgement of the original, it is still one. Where another write has the same id and life, the
 * second gets a name with its bytes in it, so that both are kept.
 */
export class DeadLetterWriter {
  readonly #publisher: Publisher;
  readonly #admin: Admin;
  readonly #names: Names;
  readonly #nowMs: () => number;

  constructor(options: { publisher: Publisher; admin: Admin; names: Names; nowMs: () => number }) {
    this.#publisher = options.publisher;
    this.#admin = options.admin;
    this.#names = options.names;
    this.#nowMs = options.nowMs;
  }

  /**
   * Resolves when the dead letter is stored, now or by an earlier try.
   *
   * Rejects with HELIX_DEAD_LETTERS_FULL, or as `refusalOfPublish` says.
   */
  async write({ delivered }: NatsMessage, cause: DeadLetterCause): Promise<void> {
    const { id, raw } = delivered;
    for (const name of [id, `${id}-${digestOf(raw)}`]) {
      if (await this.#writeAs(name, delivered, cause)) return;
    }
    const text = `Something else lies where the dead letter \`${id}\` should be`;
    throw helixError("HELIX_QUEUE_REFUSED", text, { errorCode: WRONG_LAST_SEQUENCE, stored: "no" });
  }

  /** Resolves with whether it lies under that name: not so if something else does. */
  async #writeAs(id: string, delivered: Delivered, cause: DeadLetterCause): Promise<boolean> {
    const { lane, raw, content, delivery, record } = delivered;
    const subject = deadLetterSubject(this.#names, lane, id);
    const { "Nats-Msg-Id": _, ...headers } = content.ok ? payloadHeaders(content.payload) : {};
    const header = headerBlock({
      ...headers,
      "Nats-Expected-Stream": this.#names.deadLetterStream,
      "Nats-Expected-Last-Subject-Sequence": "0",
      [EPITAPH_HEADER]: encodeEpitaph({
        id,
        lane,
        ...deathOf(cause, record),
        deadAtMs: this.#nowMs(),
        origin: {
          stream: this.#names.stream,
          sequence: delivery.streamSequence,
          deliveries: delivery.deliveries,
          storedAtMs: delivery.storedAtMs,
        },
      }),
    });
    for (;;) {
      try {
        await this.#publisher.publish(subject, header, raw);
        return true;
      } catch (failure) {
        if (!(failure instanceof PublishFailure)) throw failure;
        if (failure.meaning === "full") throw full(failure, lane);
        if (failure.meaning !== "conflict") {
          throw refusalOfPublish("The dead letter could not be written", failure, this.#publisher.timeoutMs);
        }
        // Already there counts only if it is: it may have been redriven at this very moment.
        const there = await this.#admin.message(this.#names.deadLetterStream, { last_by_subj: subject });
        if (there !== undefined) return isSameWrite(there.data, raw);
      }
    }
  }
}

function full(failure: PublishFailure, lane: NatsMessage["lane"]): HelixError {
  const text = `The dead letters are full: ${failure.message}`;
  return helixError("HELIX_DEAD_LETTERS_FULL", text, { lane }, { cause: failure });
}
