import { decodeContent } from "@helix/codec";
import type {
  CountOptions,
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterStore,
  LetterCount,
  LetterGroup,
  PageOptions,
  RedriveOneOptions,
} from "@helix/core";
import {
  deathOf,
  factsOf,
  LetterGroups,
  matchesFilter,
  type PlacedLetter,
  pageOf,
  readCount,
  readDeadLetterFilter,
  readDeadLetterList,
  readDeadLetterPage,
  readRedrive,
  type WholeFacts,
} from "@helix/core/queue-kit";
import type { ModelQueue } from "./model-queue.ts";
import type { Buried } from "./model-store.ts";

type Filter = DeadLetterFilter & { readonly limit?: number | undefined };

export class ModelDeadLetters implements DeadLetterStore {
  readonly queue: ModelQueue;

  constructor(queue: ModelQueue) {
    this.queue = queue;
  }

  async list(filter?: Filter): Promise<DeadLetter[]> {
    const read = readDeadLetterList(filter);
    return this.queue.reach(() => {
      const all = [...this.queue.store.buried.values()].map((buried) => this.letterOf(buried));
      return all.filter((letter) => this.matches(letter, read.filter)).slice(0, read.limit);
    });
  }

  async page(filter?: DeadLetterFilter, options?: PageOptions): Promise<DeadLetterPage> {
    const { filter: read, limit, after } = readDeadLetterPage(filter, options);
    return pageOf(await this.queue.reach(() => this.placed(read, after)), limit);
  }

  async *scan(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
    yield* await this.list(filter);
  }

  get(id: string): Promise<DeadLetter | undefined> {
    return this.queue.reach(() => {
      const buried = this.queue.store.buried.get(id);
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

  redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    return this.queue.reach(() => this.queue.store.redrive(id, readRedrive(options)));
  }

  discard(id: string): Promise<void> {
    return this.queue.reach(() => this.queue.store.discard(id));
  }

  letterOf({ id, stored, cause, deadAtMs }: Buried): DeadLetter {
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

  /** Those that come after a place, with their own. */
  placed(filter: DeadLetterFilter, after: number): PlacedLetter[] {
    return [...this.queue.store.buried.values()]
      .filter(({ place }) => place > after)
      .map((buried) => ({ letter: this.letterOf(buried), place: buried.place }))
      .filter(({ letter }) => this.matches(letter, filter));
  }

  async found(filter?: DeadLetterFilter): Promise<DeadLetter[]> {
    const read = readDeadLetterFilter(filter);
    return (await this.queue.reach(() => this.placed(read, 0))).map(({ letter }) => letter);
  }

  /** What its group is made of. */
  groupedBy(letter: DeadLetter): WholeFacts {
    return factsOf(letter);
  }

  matches(letter: DeadLetter, filter: DeadLetterFilter): boolean {
    return matchesFilter(letter, filter, this.queue.store.clock.wallMs());
  }
}
