import { payloadHeaders } from "@helix/codec";
import { type DeadLetterCause, type HelixError, helixError } from "@helix/core";
import { deathOf } from "@helix/core/queue-kit";
import type { Admin } from "../connection/admin.ts";
import { refusalOfPublish } from "../connection/publish-refusal.ts";
import { headerBlock, type Publisher, PublishFailure } from "../connection/publisher.ts";
import type { NatsMessage } from "../lanes/nats-message.ts";
import { deadLetterSubject, type Names } from "../topology/names.ts";
import { EPITAPH_HEADER, encodeEpitaph } from "./dead-letter-format.ts";

/**
 * Writes dead letters, each under a subject of its own that may hold one message: written twice, by a crash between the
 * dead letter and the acknowledgement of the original, it is still one.
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
    const { lane, raw, content, id, delivery, record } = delivered;
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
        return;
      } catch (failure) {
        if (!(failure instanceof PublishFailure)) throw failure;
        if (failure.meaning === "full") throw full(failure, lane);
        if (failure.meaning !== "conflict") {
          throw refusalOfPublish("The dead letter could not be written", failure, this.#publisher.timeoutMs);
        }
        // Already there counts only if it is: it may have been redriven at this very moment.
        if (await this.#exists(subject)) return;
      }
    }
  }

  async #exists(subject: string): Promise<boolean> {
    const { deadLetterStream } = this.#names;
    const found = await this.#admin.find((api) =>
      api.streams.getMessage(deadLetterStream, { last_by_subj: subject }),
    );
    return found !== undefined && found !== null;
  }
}

function full(failure: PublishFailure, lane: NatsMessage["lane"]): HelixError {
  const text = `The dead letters are full: ${failure.message}`;
  return helixError("HELIX_DEAD_LETTERS_FULL", text, { lane }, { cause: failure });
}
