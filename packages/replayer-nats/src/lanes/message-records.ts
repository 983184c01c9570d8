import { type ErrorSummary, type HelixError, helixError, type Logger } from "@helix/core";
import type { Admin } from "../connection/admin.ts";
import { headerBlock, type Publisher } from "../connection/publisher.ts";
import { type Names, recordSubject } from "../topology/names.ts";

/** What is known about a message beyond its body. */
export interface MessageRecord {
  /** Counted failures. */
  readonly attempts: number;
  readonly firstError?: ErrorSummary | undefined;
  /** When the execution of a suspect began that has not been settled. Wall clock, milliseconds. */
  readonly markedAtMs?: number | undefined;
}

export const NO_RECORD: MessageRecord = Object.freeze({ attempts: 0 });

const NO_HEADERS = headerBlock({});
/** A tombstone that takes the earlier values with it (NATS ADR-8). */
const PURGE = headerBlock({ "KV-Operation": "PURGE", "Nats-Rollup": "sub" });
const NO_DATA = new Uint8Array();
const ENCODER = new TextEncoder();

/**
 * Counted failures, one record per message in a key-value bucket, so that they outlive restarts and are the same for all
 * pods. Written only when a failure counts: hand-backs and outages touch nothing, and the server's own count of
 * deliveries, which they raise, is not used.
 */
export class MessageRecords {
  readonly #admin: Admin;
  readonly #publisher: Publisher;
  readonly #names: Names;
  readonly #logger: Logger;

  constructor(options: { admin: Admin; publisher: Publisher; names: Names; logger: Logger }) {
    this.#admin = options.admin;
    this.#publisher = options.publisher;
    this.#names = options.names;
    this.#logger = options.logger;
  }

  /** The record of a message. One that cannot be read is as good as none: failures are then counted anew. */
  async read(id: string): Promise<MessageRecord> {
    const { bucketStream } = this.#names;
    const last_by_subj = recordSubject(this.#names, "attempts", id);
    try {
      const found = await this.#admin.find((api) => api.direct.getMessage(bucketStream, { last_by_subj }));
      if (found === undefined || found === null || found.data.length === 0) return NO_RECORD;
      return found.json<MessageRecord>();
    } catch (error) {
      this.#logger.warn({ err: error, id }, "cannot read what is known about a message");
      return NO_RECORD;
    }
  }

  /** Resolves when it is stored. Rejects with PublishFailure. */
  async write(id: string, record: MessageRecord): Promise<void> {
    const data = ENCODER.encode(JSON.stringify(record));
    await this.#publisher.publish(recordSubject(this.#names, "attempts", id), NO_HEADERS, data);
  }

  /** The message is gone. Not waited for: a record that stays is removed by its age. */
  forget(id: string): void {
    this.#publisher.publish(recordSubject(this.#names, "attempts", id), PURGE, NO_DATA).catch(() => {});
  }

  /** Notes who discarded a dead letter, and why. Rejects with HELIX_QUEUE_UNAVAILABLE. */
  async discarded(
    id: string,
    note: { readonly reason?: string | undefined; readonly atMs: number },
  ): Promise<void> {
    const data = ENCODER.encode(JSON.stringify(note));
    try {
      await this.#publisher.publish(recordSubject(this.#names, "discarded", id), NO_HEADERS, data);
    } catch (cause) {
      throw unavailable(cause);
    }
  }
}

function unavailable(cause: unknown): HelixError {
  const text = "The queue could not write it down";
  return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored: "no" }, { cause });
}
