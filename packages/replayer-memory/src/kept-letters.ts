import { decodeContent } from "@helix/codec";
import type {
  Clock,
  CountOptions,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterReader,
  LetterCount,
  LetterGroup,
  PageOptions,
  ScanOptions,
} from "@helix/core";
import {
  cutOffAt,
  deadLetterNotFound,
  LetterGroups,
  matcherOf,
  type PlacedLetter,
  pageOf,
  readCount,
  readDeadLetterFilter,
  readDeadLetterList,
  readDeadLetterPage,
  readScan,
  type WholeFacts,
} from "@helix/core/queue-kit";

type ListOptions = DeadLetterFilter & { readonly limit?: number | undefined };

/** A dead letter as it is kept: with its payload encoded, and what filters ask of it. */
export interface Kept {
  readonly letter: Omit<DeadLetter, "content">;
  readonly facts: WholeFacts;
}

/** With its place among all that ever came here. */
type Placed<K extends Kept> = K & { readonly place: number };

/** Which of them are looked at, and to when their ages are counted. */
interface Stretch {
  readonly after?: number | undefined;
  readonly last?: number | undefined;
  readonly asOfMs?: number | undefined;
}

/** Dead letters in one place, in the order in which they came there, and all ways to look at them. */
export class KeptLetters<K extends Kept, L extends DeadLetter> implements DeadLetterReader<L> {
  readonly #clock: Clock;
  readonly #letterOf: (kept: K) => L;
  readonly #kept = new Map<string, Placed<K>>();
  #lastPlace = 0;
  /** So that a cursor of another process, or of the queue before this one, is known for one. */
  readonly #id = crypto.randomUUID();

  constructor(clock: Clock, letterOf: (kept: K) => L) {
    this.#clock = clock;
    this.#letterOf = letterOf;
  }

  async list(options?: ListOptions): Promise<L[]> {
    const { filter, limit } = readDeadLetterList(options);
    const found: L[] = [];
    for (const { letter } of this.#matching(filter)) {
      if (found.push(letter) >= limit) break;
    }
    return found;
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage<L>> {
    const { filter: read, limit, ...asked } = readDeadLetterPage(filter, options);
    const { place, asOfMs, cursorAt } = asked.in(this.#id, this.#clock.wallMs());
    return pageOf(this.#matching(read, { after: place, asOfMs }), limit, cursorAt);
  }

  async *scan(filter?: DeadLetterFilter, options?: ScanOptions): AsyncGenerator<L, void, void> {
    const read = readDeadLetterFilter(filter);
    const until = readScan(options).until?.in(this.#id, this.#clock.wallMs());
    for (const { letter } of this.#matching(read, { last: until?.place, asOfMs: until?.asOfMs }))
      yield letter;
  }

  async cutOff(): Promise<string> {
    return cutOffAt({ place: this.#lastPlace, asOfMs: this.#clock.wallMs() }, this.#id);
  }

  async get(id: string): Promise<L | undefined> {
    const kept = this.kept.get(id);
    return kept && this.#letterOf(kept);
  }

  async count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
    readCount(options);
    let count = 0;
    for (const _ of this.#found(readDeadLetterFilter(filter))) count++;
    return { count, isExact: true };
  }

  async groups(filter?: DeadLetterFilter): Promise<LetterGroup[]> {
    const groups = new LetterGroups();
    for (const { facts } of this.#found(readDeadLetterFilter(filter))) groups.add(facts);
    return groups.list();
  }

  /** By their ids, in the order of their places. */
  protected get kept(): Map<string, Placed<K>> {
    return this.#kept;
  }

  protected put(kept: K): void {
    this.#kept.set(kept.letter.id, { ...kept, place: ++this.#lastPlace });
  }

  /** @throws HelixError HELIX_DEAD_LETTER_NOT_FOUND */
  protected find(id: string): K {
    const kept = this.kept.get(id);
    if (kept !== undefined) return kept;
    throw deadLetterNotFound(id);
  }

  *#matching(filter: DeadLetterFilter, stretch?: Stretch): Generator<PlacedLetter<L>, void, void> {
    for (const kept of this.#found(filter, stretch)) {
      yield { letter: this.#letterOf(kept), place: kept.place };
    }
  }

  /** Those that are there when it begins, and still when it comes to them. */
  *#found(filter: DeadLetterFilter, stretch: Stretch = {}): Generator<Placed<K>, void, void> {
    const { after = 0, last = this.#lastPlace, asOfMs = this.#clock.wallMs() } = stretch;
    const matches = matcherOf(filter, asOfMs);
    for (const kept of this.kept.values()) {
      if (kept.place > last) return;
      if (kept.place > after && matches(kept.facts)) yield kept;
    }
  }
}

/** With bytes of its own, so that a change of them changes nothing here. */
export function letterOf({ letter }: Kept): DeadLetter {
  return { ...letter, raw: letter.raw.slice(), content: decodeContent(letter.raw, letter.lane) };
}
