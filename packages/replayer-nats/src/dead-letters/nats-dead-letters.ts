import {
  type DeadLetter,
  type DeadLetterStore,
  type DiscardOneOptions,
  type Logger,
  messageId,
  type RedriveOneOptions,
  type ReplayPayload,
  type ScannedLetters,
  summarize,
} from "@helix/core";
import { deadLetterNotFound, readDiscard, readRedrive, redriven } from "@helix/core/queue-kit";
import type { PubAck } from "../connection/publisher.ts";
import type { StoredMessage } from "../connection/stored-message.ts";
import { digestOf, newMessageId, redriveId, whatLies } from "../identity.ts";
import type { DeadLetterEnds } from "./dead-letter-ends.ts";
import { asRead, type Found, StoredLetters, type StoredLettersOptions } from "./stored-letters.ts";

/**
 * For so long a dead letter that was read need not be read again before it is redriven: half of the time in which the
 * stream recognises the copy of somebody else who has redriven it meanwhile.
 */
const FRESH_FOR_MS = 60_000;

export interface NatsDeadLettersOptions extends StoredLettersOptions {
  readonly ends: DeadLetterEnds;
  readonly logger: Logger;
  /** Puts a payload at the end of its lane under a message id, unless the stream had one of that id. */
  readonly readmit: (payload: ReplayPayload, id: string) => Promise<PubAck>;
}

/** Dead letters in a stream of their own. What becomes of one is decided by the leader of that, wherever it was read from. */
export class NatsDeadLetters extends StoredLetters implements DeadLetterStore {
  readonly #options: NatsDeadLettersOptions;

  constructor(options: NatsDeadLettersOptions) {
    super(options);
    this.#options = options;
  }

  async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    const read = readRedrive(options);
    await this.#redrive(await this.#mustFind(id), read);
  }

  async discard(id: string, options?: DiscardOneOptions): Promise<void> {
    const read = readDiscard(options);
    await this.#discard(await this.#mustFind(id), read);
  }

  readonly scanned: ScannedLetters = {
    redrive: async (letter, options) => {
      const read = readRedrive(options);
      await this.#redrive(await this.#asScanned(letter), read);
    },
    discard: async (letter, options) => {
      const read = readDiscard(options);
      await this.#discard(await this.#asScanned(letter), read);
    },
  };

  /** Written to its lane first, and deleted when it is there: a crash between the two executes it twice, not never. */
  async #redrive(found: Found, options: ReturnType<typeof readRedrive>): Promise<void> {
    const { nowMs, ends, logger } = this.#options;
    const { letter, stored } = found;
    const payload = redriven(letter, options, nowMs());
    const begun = await ends.begin(letter.id, stored.seq, "redriven");
    try {
      await this.#readmit(payload, stored);
    } catch (error) {
      if ((error as { stored?: unknown }).stored !== "maybe") ends.abandon(letter.id, begun);
      throw error;
    }
    await this.#delete(found);
    if (options.force) {
      const { reason } = letter;
      logger.warn(
        { ...summarize(payload), letter: letter.id, reason },
        "a dead letter was redriven by force",
      );
    }
  }

  /** What is left of it, in the bucket of records for as long as records are: who, why, what it died of, and what its bytes were. */
  async #discard(found: Found, { by, why }: DiscardOneOptions): Promise<void> {
    const { ends, logger } = this.#options;
    const { letter, stored } = found;
    const { reason: cause, toldError } = letter;
    const left = { by, why, cause, errorCode: toldError?.code, digest: digestOf(letter.raw) };
    await ends.begin(letter.id, stored.seq, "discarded", left);
    await this.#delete(found);
    const payload = letter.content.ok ? letter.content.payload : undefined;
    logger.warn({ ...summarize(payload), letter: letter.id, by, why }, "a dead letter was discarded");
  }

  /**
   * What the stream calls a duplicate counts only where it is this write. Where it is another, or has gone while the dead
   * letter is still here (somebody has redriven it, and died or is about to delete it), one copy more is put into the lane:
   * it is harmless, and a loss is not.
   */
  async #readmit(payload: ReplayPayload, letter: StoredMessage): Promise<void> {
    const { admin, names, bodies, readmit } = this.#options;
    const { seq, duplicate } = await readmit(payload, redriveId(payload, letter));
    if (duplicate !== true) return;
    const there = await whatLies(admin, names.stream, seq, (data) => bodies.isOf(payload, data));
    if (there === "the same") return;
    const mine = { seq: letter.seq };
    if (there === "nothing" && (await admin.message(names.deadLetterStream, mine)) === undefined) return;
    await readmit(payload, newMessageId(messageId(payload)));
  }

  /** What a scan has read, read again if that is long ago; what has become of it since shows when it is deleted. */
  async #asScanned(letter: DeadLetter): Promise<Found> {
    const read = asRead(letter);
    if (read === undefined) return this.#mustFind(letter.id);
    if (this.#options.clock.monotonicMs() - read.asOfMs <= FRESH_FOR_MS) return read;
    const again = await this.ofName(letter.id, { seq: read.stored.seq });
    if (again !== undefined) return again;
    throw deadLetterNotFound(letter.id);
  }

  async #mustFind(id: string): Promise<Found> {
    const found = await this.find(id);
    if (found !== undefined) return found;
    throw deadLetterNotFound(id);
  }

  /** Of several at once the server serves one; the others are told, since it was not they who ended it. */
  async #delete({ letter, stored, parts }: Found): Promise<void> {
    const { admin, names, logger } = this.#options;
    const remove = ({ seq }: StoredMessage) =>
      admin.find((api) => api.streams.deleteMessage(names.deadLetterStream, seq, false));
    if ((await remove(stored)) !== true) throw deadLetterNotFound(letter.id);
    await Promise.all(parts.map(remove)).catch((error: unknown) => {
      // They are listed after an hour, and can be discarded then.
      logger.warn({ err: error, letter: letter.id }, "parts of a dead letter could not be deleted with it");
    });
  }
}
