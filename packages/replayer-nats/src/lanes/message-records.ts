import type { Logger } from "@helix/core";
import { errorSummary, type FailureRecord, toldSummary } from "@helix/core/queue-kit";
import type { Admin } from "../connection/admin.ts";
import { isObject, parsed } from "../connection/parsed.ts";
import { headerBlock, type Publisher } from "../connection/publisher.ts";
import { type Names, recordSubject } from "../topology/names.ts";

/** What is known about a message beyond its body. */
export interface MessageRecord extends FailureRecord {
  /** Records of processes that died while they executed it, by name; each is taken into account once. */
  readonly deaths?: readonly string[] | undefined;
  /** One of them was in its turn as a suspect and did not count, since it may have been another's. */
  readonly isPardoned?: boolean | undefined;
}

export const NO_RECORD: MessageRecord = Object.freeze({ attempts: 0 });

/** Nobody has counted so many, and the next ones can still be counted. */
const MOST_ATTEMPTS = 1_000_000_000;
const NO_HEADERS = headerBlock({});
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

  /**
   * The record of a message, as the leader of the stream has it.
   *
   * Bytes that are no record are as good as none: nothing makes them readable again, and at worst the message has all of
   * its attempts anew. Rejects with HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_UNAUTHORIZED, HELIX_QUEUE_REFUSED,
   * HELIX_QUEUE_TIMEOUT, which say nothing about the count.
   */
  async read(id: string): Promise<MessageRecord> {
    const last_by_subj = recordSubject(this.#names, "attempts", id);
    const found = await this.#admin.message(this.#names.bucketStream, { last_by_subj });
    if (found === undefined || found.data.length === 0) return NO_RECORD;
    const record = decodeRecord(found.data);
    if (record !== undefined) return record;
    this.#logger.error({ id }, "the record of a message is none; its failures are counted anew");
    return NO_RECORD;
  }

  /** Resolves when it is stored. Rejects with PublishFailure. */
  async write(id: string, record: MessageRecord): Promise<void> {
    const data = encodeRecord(record);
    await this.#publisher.publish(recordSubject(this.#names, "attempts", id), NO_HEADERS, data);
  }

  /** The message is gone. Not waited for: a record that stays is removed by its age. */
  forget(id: string): void {
    this.#remove(recordSubject(this.#names, "attempts", id)).catch(() => {});
  }

  /** What this process is executing. Resolves when it is stored. Rejects with PublishFailure. */
  async writeExecutions(pod: string, data: Uint8Array): Promise<void> {
    await this.#publisher.publish(recordSubject(this.#names, "executing", pod), NO_HEADERS, data);
  }

  /** Rejects as `read`. */
  removeExecutions(pod: string): Promise<void> {
    return this.#remove(recordSubject(this.#names, "executing", pod));
  }

  /** Without a tombstone, which would stay for days for each message and each process; it costs the same. */
  async #remove(filter: string): Promise<void> {
    await this.#admin.request((api) => api.streams.purge(this.#names.bucketStream, { filter }));
  }
}

/** Under `firstError` older versions wrote whatever its text was. */
function encodeRecord({ firstError: first, ...record }: MessageRecord): Uint8Array {
  return ENCODER.encode(JSON.stringify({ ...record, first }));
}

/** Undefined for bytes that are no record. Without a count they are none, whatever else they say. */
export function decodeRecord(bytes: Uint8Array): MessageRecord | undefined {
  const { attempts, first, firstError, deaths, isPardoned } = parsed(bytes) ?? {};
  if (!Number.isSafeInteger(attempts) || (attempts as number) < 0 || (attempts as number) > MOST_ATTEMPTS) {
    return undefined;
  }
  const names = Array.isArray(deaths) ? deaths.filter((one) => typeof one === "string") : [];
  const told = isObject(first)
    ? errorSummary(first)
    : isObject(firstError)
      ? toldSummary(firstError)
      : undefined;
  return {
    attempts: attempts as number,
    ...(told !== undefined && { firstError: told }),
    ...(names.length === 0 ? {} : { deaths: names }),
    ...(isPardoned === true ? { isPardoned } : {}),
  };
}
