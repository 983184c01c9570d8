import { decodeContent } from "@helix/codec";
import {
  type Clock,
  type CountOptions,
  clusterOf,
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterPage,
  type DeadLetterStore,
  type DiscardOneOptions,
  helixError,
  type LetterCount,
  type LetterGroup,
  messageId,
  type PageOptions,
  type RedriveOneOptions,
  type ReplayPayload,
  type ScanOptions,
} from "@helix/core";
import {
  checkCause,
  cutOffAt,
  deadLetterNotFound,
  deathOf,
  factsOf,
  LetterGroups,
  matcherOf,
  type PlacedLetter,
  pageOf,
  readCount,
  readDeadLetterFilter,
  readDeadLetterList,
  readDeadLetterPage,
  readDiscard,
  readRedrive,
  readScan,
  redriven,
  type WholeFacts,
} from "@helix/core/queue-kit";
import { detached } from "./entry.ts";
import type { Ledger } from "./ledger.ts";
import type { MemoryMessage } from "./memory-message.ts";

type ListOptions = DeadLetterFilter & { readonly limit?: number | undefined };

/** A dead letter as it is kept: with its payload encoded, what filters ask of it, and its place among all that ever died here. */
interface Kept {
  readonly place: number;
  readonly letter: Omit<DeadLetter, "content">;
  readonly facts: WholeFacts;
}

/** Which of them are looked at, and to when their ages are counted. */
interface Stretch {
  readonly after?: number | undefined;
  readonly last?: number | undefined;
  readonly asOfMs?: number | undefined;
}

export interface MemoryDeadLettersOptions {
  readonly capacity: number;
  readonly clock: Clock;
  readonly ledger: Ledger;
  /** Puts a payload at the end of its lane, or throws what `enqueue` rejects with. */
  readonly readmit: (payload: ReplayPayload) => void;
}

/** Dead letters in memory, bounded by their number: nothing is dropped to make room for another. */
export class MemoryDeadLetters implements DeadLetterStore {
  readonly #options: MemoryDeadLettersOptions;
  /** In the order in which they died. */
  readonly #kept = new Map<string, Kept>();
  #lastPlace = 0;
  /** So that a cursor of another process, or of the queue before this one, is known for one. */
  readonly #id = crypto.randomUUID();

  constructor(options: MemoryDeadLettersOptions) {
    this.#options = options;
  }

  /** @throws HelixError HELIX_DEAD_LETTERS_FULL, and then nothing is kept. */
  add(message: MemoryMessage, cause: DeadLetterCause): void {
    const { capacity, clock } = this.#options;
    const { lane, entry, content } = message;
    checkCause(cause);
    if (this.#kept.size >= capacity) {
      const text = `The dead letters are full: ${capacity} are all that may be kept`;
      throw helixError("HELIX_DEAD_LETTERS_FULL", text, { lane, capacity });
    }
    const id = this.#idFor(message);
    const letter = {
      id,
      lane,
      raw: detached(entry).bytes,
      ...deathOf(cause, entry),
      deadAtMs: clock.wallMs(),
      origin: { sequence: entry.sequence },
    };
    const facts = factsOf({ ...letter, content });
    this.#kept.set(id, { place: ++this.#lastPlace, letter, facts });
  }

  async list(options?: ListOptions): Promise<DeadLetter[]> {
    const { filter, limit } = readDeadLetterList(options);
    const found: DeadLetter[] = [];
    for (const { letter } of this.#matching(filter)) {
      if (found.push(letter) >= limit) break;
    }
    return found;
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage> {
    const { filter: read, limit, ...asked } = readDeadLetterPage(filter, options);
    const { place, asOfMs, cursorAt } = asked.in(this.#id, this.#options.clock.wallMs());
    return pageOf(this.#matching(read, { after: place, asOfMs }), limit, cursorAt);
  }

  async *scan(filter?: DeadLetterFilter, options?: ScanOptions): AsyncGenerator<DeadLetter, void, void> {
    const read = readDeadLetterFilter(filter);
    const until = readScan(options).until?.in(this.#id, this.#options.clock.wallMs());
    for (const { letter } of this.#matching(read, { last: until?.place, asOfMs: until?.asOfMs }))
      yield letter;
  }

  async cutOff(): Promise<string> {
    return cutOffAt({ place: this.#lastPlace, asOfMs: this.#options.clock.wallMs() }, this.#id);
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const kept = this.#kept.get(id);
    return kept && letterOf(kept);
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

  async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    const { readmit, clock } = this.#options;
    const read = readRedrive(options);
    const kept = this.#find(id);
    readmit(redriven(letterOf(kept), read, clock.wallMs()));
    this.#kept.delete(id);
    this.#options.ledger.redriven(clusterOf(kept.letter.lane));
  }

  async discard(id: string, options?: DiscardOneOptions): Promise<void> {
    readDiscard(options);
    const { lane } = this.#find(id).letter;
    this.#kept.delete(id);
    this.#options.ledger.discarded(clusterOf(lane));
  }

  *#matching(filter: DeadLetterFilter, stretch?: Stretch): Generator<PlacedLetter, void, void> {
    for (const kept of this.#found(filter, stretch)) yield { letter: letterOf(kept), place: kept.place };
  }

  /** Those that are there when it begins, and still when it comes to them. */
  *#found(filter: DeadLetterFilter, stretch: Stretch = {}): Generator<Kept, void, void> {
    const { after = 0, last = this.#lastPlace, asOfMs = this.#options.clock.wallMs() } = stretch;
    const matches = matcherOf(filter, asOfMs);
    for (const kept of this.#kept.values()) {
      if (kept.place > last) return;
      if (kept.place > after && matches(kept.facts)) yield kept;
    }
  }

  #find(id: string): Kept {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return kept;
    throw deadLetterNotFound(id);
  }

  /** Id and life, which name a message for good; a payload that was enqueued twice may die twice. */
  #idFor({ content, entry }: MemoryMessage): string {
    const id = content.ok ? messageId(content.payload) : `undecodable.${entry.sequence}`;
    return this.#kept.has(id) ? `${id}.${entry.sequence}` : id;
  }
}

function letterOf({ letter }: Kept): DeadLetter {
  return { ...letter, raw: letter.raw.slice(), content: decodeContent(letter.raw, letter.lane) };
}
