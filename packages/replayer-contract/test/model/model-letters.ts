import { decodeContent } from "@helix/codec";
import type {
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
  deathOf,
  factsOf,
  LetterGroups,
  matchesFilter,
  type PlacedLetter,
  pageOf,
  type ReadPage,
  readCount,
  readDeadLetterFilter,
  readDeadLetterList,
  readDeadLetterPage,
  readScan,
  type WholeFacts,
} from "@helix/core/queue-kit";
import type { ModelQueue } from "./model-queue.ts";
import type { Buried } from "./model-store.ts";

type Filter = DeadLetterFilter & { readonly limit?: number | undefined };

/** How the model looks at dead letters, wherever they are. */
export abstract class ModelLetters<L extends DeadLetter> implements DeadLetterReader<L> {
  readonly queue: ModelQueue;

  constructor(queue: ModelQueue) {
    this.queue = queue;
  }

  /** What it is called that no other is. */
  abstract get storeId(): string;
  abstract get kept(): ReadonlyMap<string, Buried>;
  abstract letterOf(buried: Buried): L;

  async list(filter?: Filter): Promise<L[]> {
    const read = readDeadLetterList(filter);
    return this.queue.reach(() => {
      const all = [...this.kept.values()].map((buried) => this.letterOf(buried));
      return all.filter((letter) => this.matches(letter, read.filter)).slice(0, read.limit);
    });
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage<L>> {
    const { filter: read, limit, ...asked } = this.readPage(filter, options);
    const { place, asOfMs, cursorAt } = asked.in(this.storeId, this.nowMs);
    return pageOf(await this.queue.reach(() => this.placed(read, place, asOfMs)), limit, cursorAt);
  }

  readPage(filter?: DeadLetterFilter, options?: PageOptions): ReadPage {
    return readDeadLetterPage(filter, options);
  }

  async *scan(filter?: DeadLetterFilter, options?: ScanOptions): AsyncGenerator<L, void, void> {
    const { until } = readScan(options);
    const mark = until?.in(this.storeId, this.nowMs);
    const read = readDeadLetterFilter(filter);
    const found = await this.queue.reach(() => this.placed(read, 0, mark?.asOfMs));
    for (const { letter, place } of found) if (place <= (mark?.place ?? place)) yield letter;
  }

  cutOff(): Promise<string> {
    const { store } = this.queue;
    return this.queue.reach(() => cutOffAt({ place: store.lastPlace, asOfMs: this.nowMs }, this.storeId));
  }

  get nowMs(): number {
    return this.queue.store.clock.wallMs();
  }

  get(id: string): Promise<L | undefined> {
    return this.queue.reach(() => {
      const buried = this.kept.get(id);
      return buried && this.letterOf(buried);
    });
  }

  async count(filter?: DeadLetterFilter, options?: CountOptions): Promise<LetterCount> {
    readCount(options);
    const { length } = await this.found(filter);
    return { count: length, isExact: true };
  }

  async groups(filter?: DeadLetterFilter): Promise<LetterGroup[]> {
    const groups = new LetterGroups();
    for (const letter of await this.found(filter)) groups.add(this.groupedBy(letter));
    return groups.list();
  }

  /** Those that come after a place, with their own. */
  placed(filter: DeadLetterFilter, after: number, asOfMs = this.nowMs): PlacedLetter<L>[] {
    return [...this.kept.values()]
      .filter(({ place }) => place > after)
      .map((buried) => ({ letter: this.letterOf(buried), place: buried.place }))
      .filter(({ letter }) => this.matches(letter, filter, asOfMs));
  }

  async found(filter?: DeadLetterFilter): Promise<L[]> {
    const read = readDeadLetterFilter(filter);
    return (await this.queue.reach(() => this.placed(read, 0))).map(({ letter }) => letter);
  }

  /** What its group is made of. */
  groupedBy(letter: L): WholeFacts {
    return factsOf(letter);
  }

  matches(letter: L, filter: DeadLetterFilter, asOfMs = this.nowMs): boolean {
    return matchesFilter(letter, filter, asOfMs);
  }
}

export function deadLetterOf({ id, stored, cause, deadAtMs }: Buried): DeadLetter {
  return {
    id,
    lane: stored.lane,
    content: decodeContent(stored.bytes, stored.lane),
    raw: stored.bytes,
    ...deathOf(cause, stored),
    deadAtMs,
    origin: { sequence: stored.sequence },
  };
}
