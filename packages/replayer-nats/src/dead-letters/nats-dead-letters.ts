import {
  type Clock,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterStore,
  LANES,
  type Logger,
  messageId,
  type PageOptions,
  type RedriveOneOptions,
  type ReplayPayload,
  type ScannedLetters,
  summarize,
} from "@helix/core";
import {
  deadLetterNotFound,
  factsOf,
  matcherOf,
  type PlacedLetter,
  pageOf,
  readDeadLetterFilter,
  readDeadLetterList,
  readDeadLetterPage,
  readDiscard,
  readRedrive,
  redriven,
} from "@helix/core/queue-kit";
import type { Bodies } from "../bodies.ts";
import type { Admin } from "../connection/admin.ts";
import type { PubAck } from "../connection/publisher.ts";
import type { MessageQuery, StoredMessage } from "../connection/stored-message.ts";
import type { StreamPages } from "../connection/stream-pages.ts";
import { newMessageId, redriveId, whatLies } from "../identity.ts";
import { deadLetterSubject, type Names } from "../topology/names.ts";
import type { DeadLetterEnds } from "./dead-letter-ends.ts";
import { BY_SEQUENCE, factsIn, LETTER_ID, letterIn, outsideIn } from "./dead-letter-format.ts";
import { isPart, wholeOf } from "./letter-parts.ts";

/**
 * For so long a dead letter that was read need not be read again before it is redriven: half of the time in which the
 * stream recognises the copy of somebody else who has redriven it meanwhile.
 */
const FRESH_FOR_MS = 60_000;

type DiscardOneOptions = { readonly reason?: string | undefined };
type ListOptions = DeadLetterFilter & { readonly limit?: number | undefined };

export interface NatsDeadLettersOptions {
  readonly admin: Admin;
  readonly pages: StreamPages;
  readonly names: Names;
  readonly bodies: Bodies;
  readonly ends: DeadLetterEnds;
  readonly clock: Clock;
  /** By the clock that all processes agree on. */
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** Puts a payload at the end of its lane under a message id, unless the stream had one of that id. */
  readonly readmit: (payload: ReplayPayload, id: string) => Promise<PubAck>;
}

/**
 * Dead letters in a stream of their own, oldest first. What is looked through comes from any replica, and may be gone; what becomes
 * of a dead letter is decided by the leader.
 */
export class NatsDeadLetters implements DeadLetterStore {
  readonly #options: NatsDeadLettersOptions;

  constructor(options: NatsDeadLettersOptions) {
    this.#options = options;
  }

  async list(options?: ListOptions): Promise<DeadLetter[]> {
    const { filter, limit } = readDeadLetterList(options);
    const letters: DeadLetter[] = [];
    for await (const { letter } of this.#matching(filter)) {
      if (letters.push(letter) >= limit) break;
    }
    return letters;
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage> {
    const { filter: read, limit, after } = readDeadLetterPage(filter, options);
    return pageOf(this.#matching(read, after), limit);
  }

  scan(options?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
    return scanned(this.#matching(readDeadLetterFilter(options)));
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return (await this.#find(id))?.letter;
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

  /** The reason is kept in the bucket of records for as long as records are. */
  async #discard(found: Found, { reason }: DiscardOneOptions): Promise<void> {
    const { ends, logger } = this.#options;
    const { letter, stored } = found;
    await ends.begin(letter.id, stored.seq, "discarded", reason);
    await this.#delete(found);
    const payload = letter.content.ok ? letter.content.payload : undefined;
    logger.warn({ ...summarize(payload), letter: letter.id, reason }, "a dead letter was discarded");
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

  async *#matching(filter: DeadLetterFilter, after = 0): AsyncGenerator<Read, void, void> {
    const { admin, pages, names, bodies } = this.#options;
    const stream = names.deadLetterStream;
    const { state } = await admin.request((api) => api.streams.info(stream));
    const nowMs = this.#options.nowMs();
    const matches = matcherOf(filter, nowMs);
    const from = Math.max(after + 1, state.first_seq);
    for await (const { messages, asOfMs } of pages.read(stream, from, state.last_seq)) {
      for (const stored of messages) {
        const outside = outsideIn(stored, names);
        const isMatch = matches(factsIn(outside, stored, bodies));
        if (isMatch === false || (await isPart(admin, names, stored, nowMs))) continue;
        const { letter: whole, parts } = await wholeOf(admin, names, stored);
        const letter = letterIn(whole, names, bodies, outside);
        if (isMatch === undefined && matches(factsOf(letter)) !== true) continue;
        yield { letter, place: stored.seq, stored, parts, asOfMs };
      }
    }
  }

  async #find(id: string): Promise<Found | undefined> {
    const { names } = this.#options;
    if (typeof id !== "string") return undefined;
    const [, sequence] = BY_SEQUENCE.exec(id) ?? [];
    if (sequence !== undefined) return this.#ofName(id, { seq: Number(sequence) });
    if (!LETTER_ID.test(id)) return undefined;
    // By name: under a wildcard the server takes the longer the more there are.
    const subjects = LANES.map((lane) => deadLetterSubject(names, lane, id));
    const found = await Promise.all(
      subjects.map((next_by_subj) => this.#ofName(id, { seq: 1, next_by_subj })),
    );
    return found.find((one) => one !== undefined);
  }

  async #ofName(id: string, query: MessageQuery): Promise<Found | undefined> {
    const { admin, names, bodies } = this.#options;
    const stored = await admin.message(names.deadLetterStream, query);
    if (stored === undefined) return undefined;
    const whole = await wholeOf(admin, names, stored);
    const letter = letterIn(whole.letter, names, bodies);
    return letter.id === id ? { letter, stored, parts: whole.parts } : undefined;
  }

  /** What a scan has read, read again if that is long ago; what has become of it since shows when it is deleted. */
  async #asScanned(letter: DeadLetter): Promise<Found> {
    const read = (letter as Scanned)[AS_READ];
    if (read === undefined) return this.#mustFind(letter.id);
    if (this.#options.clock.monotonicMs() - read.asOfMs <= FRESH_FOR_MS) return read;
    const again = await this.#ofName(letter.id, { seq: read.stored.seq });
    if (again !== undefined) return again;
    throw deadLetterNotFound(letter.id);
  }

  async #mustFind(id: string): Promise<Found> {
    const found = await this.#find(id);
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

/** Where a letter of a scan says how it was read. A WeakMap of a hundred thousand costs a third of reading them. */
const AS_READ = Symbol("as it was read");

type Scanned = DeadLetter & { readonly [AS_READ]?: Read };

async function* scanned(all: AsyncIterable<Read>): AsyncGenerator<DeadLetter, void, void> {
  for await (const read of all) yield Object.defineProperty(read.letter, AS_READ, { value: read });
}

interface Found {
  readonly letter: DeadLetter;
  /** As it lies in the stream, and what lies beside it of its body. */
  readonly stored: StoredMessage;
  readonly parts: readonly StoredMessage[];
}

interface Read extends Found, PlacedLetter {
  /** By the monotonic clock. */
  readonly asOfMs: number;
}
