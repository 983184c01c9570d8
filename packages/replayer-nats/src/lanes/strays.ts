import { helixError, type Logger, type Metrics } from "@helix/core";
import { integer, optional, readOptions } from "@helix/core/queue-kit";
import type { StreamInfo } from "@nats-io/jetstream";
import type { Admin } from "../connection/admin.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { laneSubjects, laneWildcard, type Names } from "../topology/names.ts";

/** A message of the lanes' stream that is in no lane: no consumer is for it, so it is never replayed and never goes. */
export interface StrayMessage {
  /** Its place in the stream, which names it. */
  readonly sequence: number;
  readonly subject: string;
  readonly data: Uint8Array;
  /** When the stream stored it. Milliseconds since 1970, by the server's clock. */
  readonly storedAtMs: number;
}

export interface StraysOptions {
  readonly admin: Admin;
  readonly names: Names;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const LIST_OPTIONS = { limit: optional(integer({ min: 1 })) };
const DEFAULT_LIMIT = 100;

/**
 * What lies in the lanes' stream and in none of them. A stream that takes its four subjects alone gets no more of it; one
 * that an older version or the Go library made takes whatever is published beside them.
 */
export class Strays {
  readonly #options: StraysOptions;
  #last = 0;

  constructor(options: StraysOptions) {
    this.#options = options;
  }

  /** Rejects with HELIX_QUEUE_UNAVAILABLE, HELIX_QUEUE_UNAUTHORIZED. */
  async count(): Promise<number> {
    const { admin, names } = this.#options;
    const filter = { subjects_filter: laneWildcard(names) };
    return this.counted(await admin.request((api) => api.streams.info(names.stream, filter)));
  }

  /** Somebody has looked at the stream and its lanes: whoever operates it is told when there are more. Rejects as `count` does. */
  async counted({ state: { messages, subjects = {} } }: StreamInfo): Promise<number> {
    const { names, logger, metrics } = this.#options;
    const inLanes = laneSubjects(names).reduce((sum, subject) => sum + (subjects[subject] ?? 0), 0);
    // The server counts all messages, and then those of each subject: as long as many come and go the two differ.
    const count = messages === inLanes ? 0 : await this.#named();
    if (count > 0 || this.#last > 0)
      metrics.gauge("helix_stray_messages", { result: "unknown_subject" }, count);
    if (count > this.#last) {
      logger.warn({ stream: names.stream, count }, "the stream holds messages that are in no lane");
    }
    this.#last = count;
    return count;
  }

  /** By their subjects: exact, and the answer is as long as there are subjects. */
  async #named(): Promise<number> {
    const lanes = laneSubjects(this.#options.names);
    const all = Object.entries(await this.#subjects());
    return all.reduce((sum, [subject, held]) => (lanes.includes(subject) ? sum : sum + held), 0);
  }

  async #subjects(): Promise<Readonly<Record<string, number>>> {
    const { admin, names } = this.#options;
    const all = await admin.request((api) => api.streams.info(names.stream, { subjects_filter: ">" }));
    return all.state.subjects ?? {};
  }

  /**
   * At most `limit` of them (100), subject by subject.
   *
   * @throws TypeError, RangeError for an option.
   */
  async list(options?: { readonly limit?: number | undefined }): Promise<StrayMessage[]> {
    const { admin, names } = this.#options;
    const { limit = DEFAULT_LIMIT } = readOptions<{ limit?: number | undefined }>(
      "list",
      LIST_OPTIONS,
      options,
    );
    const lanes = laneSubjects(names);
    const strays: StrayMessage[] = [];
    for (const next_by_subj of Object.keys(await this.#subjects())) {
      if (lanes.includes(next_by_subj)) continue;
      for (let seq = 1; strays.length < limit; ) {
        const stored = await admin.message(names.stream, { seq, next_by_subj });
        if (stored === undefined) break;
        strays.push(strayOf(stored));
        seq = stored.seq + 1;
      }
    }
    return strays;
  }

  /**
   * Deletes one for good.
   *
   * Rejects with HELIX_STRAY_NOT_FOUND where there is nothing, or what is in a lane.
   */
  async discard(sequence: number): Promise<void> {
    const { admin, names, logger } = this.#options;
    const stored =
      Number.isSafeInteger(sequence) && sequence > 0
        ? await admin.message(names.stream, { seq: sequence })
        : undefined;
    const isStray = stored !== undefined && !laneSubjects(names).includes(stored.subject);
    const isDeleted =
      isStray && (await admin.find((api) => api.streams.deleteMessage(names.stream, sequence, false)));
    if (isDeleted !== true) {
      const text = `There is no message out of all lanes at \`${sequence}\``;
      throw helixError("HELIX_STRAY_NOT_FOUND", text, { sequence });
    }
    logger.warn({ sequence, subject: stored?.subject }, "a message that was in no lane was discarded");
  }
}

function strayOf({ seq, subject, data, storedAtMs }: StoredMessage): StrayMessage {
  return { sequence: seq, subject, data: new Uint8Array(data), storedAtMs };
}
