import {
  type Clock,
  type CountOptions,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterReader,
  LANES,
  type LetterCount,
  type LetterGroup,
  type Logger,
  type PageOptions,
  type ScanOptions,
} from "@helix/core";
import {
  cutOffAt,
  deadLetterNotFound,
  factsOf,
  type LetterFacts,
  LetterGroups,
  matcherOf,
  type PlacedLetter,
  pageOf,
  type ReadMark,
  readCount,
  readDeadLetterFilter,
  readDeadLetterList,
  readDeadLetterPage,
  readScan,
  type WholeFacts,
} from "@helix/core/queue-kit";
import type { Bodies } from "../bodies.ts";
import { type Admin, refusalOf } from "../connection/admin.ts";
import type { MessageQuery, StoredMessage } from "../connection/stored-message.ts";
import type { Page, StreamPages } from "../connection/stream-pages.ts";
import { type LetterStream, letterSubject } from "../topology/names.ts";
import { BY_SEQUENCE, LETTER_ID, letterIn, type Outside } from "./dead-letter-format.ts";
import { isNamedAsPart, isPart, wholeOf } from "./letter-parts.ts";
import { StoredFacts } from "./stored-facts.ts";

/**
 * For so long a letter that was read need not be read again before something becomes of it: half of the time in which the lanes'
 * stream recognises the copy of somebody else who has redriven it meanwhile.
 */
const FRESH_FOR_MS = 60_000;

type ListOptions = DeadLetterFilter & { readonly limit?: number | undefined };

export interface StoredLettersOptions {
  readonly admin: Admin;
  readonly pages: StreamPages;
  /** What is looked at first where most can be told without bodies; the pages themselves where those are not to be left out. */
  readonly headers: Pick<StreamPages, "read">;
  /** Where they lie. */
  readonly at: LetterStream;
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly logger: Logger;
  /** By the clock that all processes agree on. */
  readonly nowMs: () => number;
  /** What is said where there is no such stream. @default the server's words */
  readonly absent?: ((cause: unknown) => Error) | undefined;
}

/** A letter as it was found, with what lies beside it of its body. */
export interface Found<L extends DeadLetter = DeadLetter> {
  readonly letter: L;
  readonly stored: StoredMessage;
  readonly parts: readonly StoredMessage[];
}

interface Read<L extends DeadLetter> extends Found<L>, PlacedLetter<L> {
  /** By the monotonic clock. */
  readonly asOfMs: number;
}

type Matcher = ReturnType<typeof matcherOf>;

interface StreamNow {
  readonly id: string;
  readonly first: number;
  readonly last: number;
}

/** Which of them are looked at, and to when their ages are counted. */
interface Stretch {
  readonly after?: number | undefined;
  readonly last?: number | undefined;
  readonly asOfMs?: number | undefined;
  readonly stream?: StreamNow | undefined;
}

/** What matches by its header, or may match: then its body decides. */
interface Candidate {
  readonly stored: StoredMessage;
  readonly facts: StoredFacts;
  readonly isMatch: true | undefined;
}

/** What a letter of the stream is besides a dead letter. */
type More<L extends DeadLetter> = Omit<L, keyof DeadLetter>;

/**
 * Looks through dead letters, oldest first, from any replica: what it gives may be gone by then. A body is read of those alone that are
 * given out, and of those of which nothing else tells whether a filter finds them.
 */
export class StoredLetters<L extends DeadLetter> implements DeadLetterReader<L> {
  readonly #options: StoredLettersOptions;
  readonly #more: (stored: StoredMessage) => More<L>;

  constructor(options: StoredLettersOptions, more: (stored: StoredMessage) => More<L>) {
    this.#options = options;
    this.#more = more;
  }

  async list(options?: ListOptions): Promise<L[]> {
    const { filter, limit } = readDeadLetterList(options);
    const letters: L[] = [];
    for await (const { letter } of this.matching(filter)) {
      if (letters.push(letter) >= limit) break;
    }
    return letters;
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage<L>> {
    const { filter: read, limit, ...asked } = readDeadLetterPage(filter, options);
    const stream = await this.#stream();
    const { place, asOfMs, cursorAt } = asked.in(stream.id, this.#options.nowMs());
    return pageOf(this.matching(read, { after: place, asOfMs, stream }), limit, cursorAt);
  }

  scan(filter?: DeadLetterFilter, options?: ScanOptions): AsyncGenerator<L, void, void> {
    return scanned(this.#until(readDeadLetterFilter(filter), readScan(options).until));
  }

  async cutOff(): Promise<string> {
    const { id, last } = await this.#stream();
    return cutOffAt({ place: last, asOfMs: this.#options.nowMs() }, id);
  }

  async get(id: string): Promise<L | undefined> {
    return (await this.find(id))?.letter;
  }

  async count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
    const { clock } = this.#options;
    const { withinMs } = readCount(options);
    const read = readDeadLetterFilter(filter);
    const endsAtMs = clock.monotonicMs() + withinMs;
    let count = 0;
    let isOver = false;
    for await (const { candidates, matches } of this.#outsides(read, ({ isMatch }) => isMatch === true)) {
      if (isOver) return { count, isExact: false };
      for (const candidate of candidates) {
        if (candidate.isMatch || (await this.#read(candidate, matches)) !== undefined) count++;
      }
      isOver = clock.monotonicMs() >= endsAtMs;
    }
    return { count, isExact: true };
  }

  async groups(filter?: DeadLetterFilter): Promise<LetterGroup[]> {
    const groups = new LetterGroups();
    const isKnown = ({ isMatch, facts }: Candidate) => isMatch === true && areWhole(facts);
    for await (const { candidates, matches } of this.#outsides(readDeadLetterFilter(filter), isKnown)) {
      for (const candidate of candidates) {
        const { isMatch, facts } = candidate;
        if (isMatch && areWhole(facts)) {
          groups.add(facts);
          continue;
        }
        const found = await this.#read(candidate, matches);
        if (found !== undefined) groups.add(factsOf(found.letter));
      }
    }
    return groups.list();
  }

  protected async *matching(
    filter: DeadLetterFilter,
    stretch?: Stretch,
  ): AsyncGenerator<Read<L>, void, void> {
    for await (const { candidates, matches, asOfMs } of this.#candidates(filter, stretch)) {
      for (const candidate of candidates) {
        const found = await this.#read(candidate, matches);
        if (found !== undefined) yield { ...found, place: found.stored.seq, asOfMs };
      }
    }
  }

  protected async find(id: string): Promise<Found<L> | undefined> {
    const { at } = this.#options;
    if (typeof id !== "string") return undefined;
    const [, sequence] = BY_SEQUENCE.exec(id) ?? [];
    if (sequence !== undefined) return this.ofName(id, { seq: Number(sequence) });
    if (!LETTER_ID.test(id)) return undefined;
    // By name: under a wildcard the server takes the longer the more there are.
    const subjects = LANES.map((lane) => letterSubject(at, lane, id));
    const found = await Promise.all(
      subjects.map((next_by_subj) => this.ofName(id, { seq: 1, next_by_subj })),
    );
    return found.find((one) => one !== undefined);
  }

  /** What the leader has there, if that is its id. */
  protected async ofName(id: string, query: MessageQuery): Promise<Found<L> | undefined> {
    const { admin, at } = this.#options;
    const stored = await this.#told(admin.message(at.name, query));
    if (stored === undefined) return undefined;
    const found = await this.#whole(stored);
    return found.letter.id === id ? found : undefined;
  }

  /** Rejects with HELIX_DEAD_LETTER_NOT_FOUND. */
  protected async mustFind(id: string): Promise<Found<L>> {
    return this.#known(id, await this.find(id));
  }

  /** What a scan has read, read again if that is long ago; what has become of it since shows when it is deleted. */
  protected async asScanned(letter: L): Promise<Found<L>> {
    const read = (letter as L & { readonly [AS_READ]?: Read<L> })[AS_READ];
    if (read === undefined) return this.mustFind(letter.id);
    if (this.#options.clock.monotonicMs() - read.asOfMs <= FRESH_FOR_MS) return read;
    return this.#known(letter.id, await this.ofName(letter.id, { seq: read.stored.seq }));
  }

  /** Of several at once the server serves one; the others are told, since it was not they who ended it. */
  protected async remove({ letter, stored, parts }: Found): Promise<boolean> {
    const { admin, at, logger } = this.#options;
    const remove = ({ seq }: StoredMessage) =>
      admin.find((api) => api.streams.deleteMessage(at.name, seq, false));
    if ((await remove(stored)) !== true) return false;
    await Promise.all(parts.map(remove)).catch((error: unknown) => {
      // They are listed after an hour, and can be discarded then.
      logger.warn({ err: error, letter: letter.id }, "parts of a dead letter could not be deleted with it");
    });
    return true;
  }

  #known(id: string, found: Found<L> | undefined): Found<L> {
    if (found !== undefined) return found;
    throw deadLetterNotFound(id);
  }

  async #told<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      const { absent } = this.#options;
      throw absent !== undefined && refusalOf(error) === "missing" ? absent(error) : error;
    }
  }

  async *#until(filter: DeadLetterFilter, until: ReadMark | undefined): AsyncGenerator<Read<L>, void, void> {
    const stream = await this.#stream();
    const { place: last, asOfMs } = until?.in(stream.id, this.#options.nowMs()) ?? {};
    yield* this.matching(filter, { last, asOfMs, stream });
  }

  /** As the leader has it: `id` is of no other, nor of one that was deleted and made again. */
  async #stream(): Promise<StreamNow> {
    const { admin, at } = this.#options;
    const { created, state } = await this.#told(admin.request((api) => api.streams.info(at.name)));
    return { id: `${at.name}@${created}`, first: state.first_seq, last: state.last_seq };
  }

  /** Page by page of the stream, those that were there when it began. */
  async *#candidates(filter: DeadLetterFilter, stretch: Stretch = {}) {
    const { pages, at, nowMs } = this.#options;
    const { first, last } = stretch.stream ?? (await this.#stream());
    const matches = matcherOf(filter, stretch.asOfMs ?? nowMs());
    const from = Math.max((stretch.after ?? 0) + 1, first);
    const to = Math.min(stretch.last ?? last, last);
    for await (const page of pages.read(at.name, from, to)) {
      yield { candidates: await this.#candidatesOf(page, matches), matches, asOfMs: page.asOfMs };
    }
  }

  /** All of them without their bodies, but for pages on which something is not known without its body. */
  async *#outsides(filter: DeadLetterFilter, isKnown: (candidate: Candidate) => boolean) {
    const { pages, headers, at, nowMs } = this.#options;
    const { first, last } = await this.#stream();
    const matches = matcherOf(filter, nowMs());
    // Of a stream that has never had any the first is 0, which no server takes for a place.
    for await (const page of headers.read(at.name, Math.max(1, first), last)) {
      const candidates = await this.#candidatesOf(page, matches);
      if (headers === pages || candidates.every(isKnown)) {
        yield { candidates, matches };
        continue;
      }
      const [from = 0, to = 0] = [page.messages[0]?.seq, page.messages.at(-1)?.seq];
      for await (const whole of pages.read(at.name, from, to)) {
        yield { candidates: await this.#candidatesOf(whole, matches), matches };
      }
    }
  }

  async #candidatesOf({ messages }: Page, matches: Matcher): Promise<Candidate[]> {
    const { admin, at, bodies, nowMs } = this.#options;
    const now = nowMs();
    const candidates: Candidate[] = [];
    for (const stored of messages) {
      const facts = new StoredFacts(stored, at, bodies);
      const isMatch = matches(facts);
      if (isMatch === false) continue;
      if (isNamedAsPart(facts.id) && (await isPart(admin, at, stored, now))) continue;
      candidates.push({ stored, facts, isMatch });
    }
    return candidates;
  }

  /** Undefined: its body says that it does not match. */
  async #read({ stored, facts, isMatch }: Candidate, matches: Matcher): Promise<Found<L> | undefined> {
    const found = await this.#whole(stored, facts.outside);
    return isMatch || matches(factsOf(found.letter)) === true ? found : undefined;
  }

  async #whole(stored: StoredMessage, outside?: Outside): Promise<Found<L>> {
    const { admin, at, bodies } = this.#options;
    const { letter: whole, parts } = await wholeOf(admin, at, stored);
    const letter = { ...letterIn(whole, at, bodies, outside), ...this.#more(stored) } as L;
    return { letter, stored, parts };
  }
}

function areWhole(facts: LetterFacts): facts is WholeFacts {
  return facts.lane !== undefined && facts.life !== undefined && facts.tables !== undefined;
}

/** Where a letter of a scan says how it was read. A WeakMap of a hundred thousand costs a third of reading them. */
const AS_READ = Symbol("as it was read");

async function* scanned<L extends DeadLetter>(all: AsyncIterable<Read<L>>): AsyncGenerator<L, void, void> {
  for await (const read of all) yield Object.defineProperty(read.letter, AS_READ, { value: read });
}
