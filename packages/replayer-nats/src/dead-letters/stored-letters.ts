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
  type PageOptions,
  type ScanOptions,
} from "@helix/core";
import {
  cutOffAt,
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
import type { Admin } from "../connection/admin.ts";
import type { MessageQuery, StoredMessage } from "../connection/stored-message.ts";
import type { StreamPages } from "../connection/stream-pages.ts";
import { deadLetterSubject, type Names } from "../topology/names.ts";
import { BY_SEQUENCE, factsIn, LETTER_ID, letterIn, type Outside, outsideIn } from "./dead-letter-format.ts";
import { isPart, wholeOf } from "./letter-parts.ts";

type ListOptions = DeadLetterFilter & { readonly limit?: number | undefined };

export interface StoredLettersOptions {
  readonly admin: Admin;
  readonly pages: StreamPages;
  readonly names: Names;
  readonly bodies: Bodies;
  readonly clock: Clock;
  /** By the clock that all processes agree on. */
  readonly nowMs: () => number;
}

/** A letter as it was found, with what lies beside it of its body. */
export interface Found {
  readonly letter: DeadLetter;
  readonly stored: StoredMessage;
  readonly parts: readonly StoredMessage[];
}

export interface Read extends Found, PlacedLetter {
  /** By the monotonic clock. */
  readonly asOfMs: number;
}

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
  readonly outside: Outside;
  readonly facts: LetterFacts;
  readonly isMatch: true | undefined;
}

/**
 * Looks through dead letters, oldest first, from any replica: what it gives may be gone by then. A body is read of those alone that are
 * given out, and of those of which nothing else tells whether a filter finds them.
 */
export class StoredLetters implements DeadLetterReader {
  readonly #options: StoredLettersOptions;

  constructor(options: StoredLettersOptions) {
    this.#options = options;
  }

  async list(options?: ListOptions): Promise<DeadLetter[]> {
    const { filter, limit } = readDeadLetterList(options);
    const letters: DeadLetter[] = [];
    for await (const { letter } of this.matching(filter)) {
      if (letters.push(letter) >= limit) break;
    }
    return letters;
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage> {
    const { filter: read, limit, ...asked } = readDeadLetterPage(filter, options);
    const stream = await this.#stream();
    const { place, asOfMs, cursorAt } = asked.in(stream.id, this.#options.nowMs());
    return pageOf(this.matching(read, { after: place, asOfMs, stream }), limit, cursorAt);
  }

  scan(filter?: DeadLetterFilter, options?: ScanOptions): AsyncGenerator<DeadLetter, void, void> {
    return scanned(this.#until(readDeadLetterFilter(filter), readScan(options).until));
  }

  async cutOff(): Promise<string> {
    const { id, last } = await this.#stream();
    return cutOffAt({ place: last, asOfMs: this.#options.nowMs() }, id);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    return (await this.find(id))?.letter;
  }

  async count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
    const { clock } = this.#options;
    const { withinMs } = readCount(options);
    const read = readDeadLetterFilter(filter);
    const endsAtMs = clock.monotonicMs() + withinMs;
    let count = 0;
    let isOver = false;
    for await (const { candidates, matches } of this.#candidates(read)) {
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
    for await (const { candidates, matches } of this.#candidates(readDeadLetterFilter(filter))) {
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

  async *matching(filter: DeadLetterFilter, stretch?: Stretch): AsyncGenerator<Read, void, void> {
    for await (const { candidates, matches, asOfMs } of this.#candidates(filter, stretch)) {
      for (const candidate of candidates) {
        const found = await this.#read(candidate, matches);
        if (found !== undefined) yield { ...found, place: found.stored.seq, asOfMs };
      }
    }
  }

  async find(id: string): Promise<Found | undefined> {
    const { names } = this.#options;
    if (typeof id !== "string") return undefined;
    const [, sequence] = BY_SEQUENCE.exec(id) ?? [];
    if (sequence !== undefined) return this.ofName(id, { seq: Number(sequence) });
    if (!LETTER_ID.test(id)) return undefined;
    // By name: under a wildcard the server takes the longer the more there are.
    const subjects = LANES.map((lane) => deadLetterSubject(names, lane, id));
    const found = await Promise.all(
      subjects.map((next_by_subj) => this.ofName(id, { seq: 1, next_by_subj })),
    );
    return found.find((one) => one !== undefined);
  }

  /** What the leader has there, if that is its id. */
  async ofName(id: string, query: MessageQuery): Promise<Found | undefined> {
    const { admin, names, bodies } = this.#options;
    const stored = await admin.message(names.deadLetterStream, query);
    if (stored === undefined) return undefined;
    const whole = await wholeOf(admin, names, stored);
    const letter = letterIn(whole.letter, names, bodies);
    return letter.id === id ? { letter, stored, parts: whole.parts } : undefined;
  }

  async *#until(filter: DeadLetterFilter, until: ReadMark | undefined): AsyncGenerator<Read, void, void> {
    const stream = await this.#stream();
    const { place: last, asOfMs } = until?.in(stream.id, this.#options.nowMs()) ?? {};
    yield* this.matching(filter, { last, asOfMs, stream });
  }

  /** As the leader has it: `id` is of no other, nor of one that was deleted and made again. */
  async #stream(): Promise<StreamNow> {
    const { admin, names } = this.#options;
    const { created, state } = await admin.request((api) => api.streams.info(names.deadLetterStream));
    return { id: `${names.deadLetterStream}@${created}`, first: state.first_seq, last: state.last_seq };
  }

  /** Page by page of the stream, those that were there when it began. */
  async *#candidates(filter: DeadLetterFilter, stretch: Stretch = {}) {
    const { admin, pages, names, bodies, nowMs } = this.#options;
    const { first, last } = stretch.stream ?? (await this.#stream());
    const now = nowMs();
    const matches = matcherOf(filter, stretch.asOfMs ?? now);
    const from = Math.max((stretch.after ?? 0) + 1, first);
    const to = Math.min(stretch.last ?? last, last);
    for await (const { messages, asOfMs } of pages.read(names.deadLetterStream, from, to)) {
      const candidates: Candidate[] = [];
      for (const stored of messages) {
        const outside = outsideIn(stored, names);
        const facts = factsIn(outside, stored, bodies);
        const isMatch = matches(facts);
        if (isMatch === false || (await isPart(admin, names, stored, now))) continue;
        candidates.push({ stored, outside, facts, isMatch });
      }
      yield { candidates, matches, asOfMs };
    }
  }

  /** Undefined: its body says that it does not match. */
  async #read(
    { stored, outside, isMatch }: Candidate,
    matches: ReturnType<typeof matcherOf>,
  ): Promise<Found | undefined> {
    const { admin, names, bodies } = this.#options;
    const { letter: whole, parts } = await wholeOf(admin, names, stored);
    const letter = letterIn(whole, names, bodies, outside);
    if (!isMatch && matches(factsOf(letter)) !== true) return undefined;
    return { letter, stored, parts };
  }
}

function areWhole(facts: LetterFacts): facts is WholeFacts {
  return facts.lane !== undefined && facts.life !== undefined && facts.tables !== undefined;
}

/** Where a letter of a scan says how it was read. A WeakMap of a hundred thousand costs a third of reading them. */
const AS_READ = Symbol("as it was read");

/** How a letter that a scan has given was read. */
export function asRead(letter: DeadLetter): Read | undefined {
  return (letter as DeadLetter & { readonly [AS_READ]?: Read })[AS_READ];
}

async function* scanned(all: AsyncIterable<Read>): AsyncGenerator<DeadLetter, void, void> {
  for await (const read of all) yield Object.defineProperty(read.letter, AS_READ, { value: read });
}
