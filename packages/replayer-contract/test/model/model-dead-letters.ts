import {
  CLUSTERS,
  clusterOf,
  DEAD_LETTER_REASONS,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterStore,
  PRIORITIES,
  priorityOf,
  tablesOf,
} from "@helix/core";
import { errorSummary, integer, oneOf, optional, readOptions, text } from "@helix/core/internal";
import { contentOf } from "./model-message.ts";
import type { ModelQueue } from "./model-queue.ts";
import type { Buried } from "./model-store.ts";

const FILTER_RULES = {
  cluster: optional(oneOf(CLUSTERS)),
  priority: optional(oneOf(PRIORITIES)),
  reason: optional(oneOf(DEAD_LETTER_REASONS)),
  table: optional(text()),
  olderThanMs: integer({ min: 0, fallback: 0 }),
  youngerThanMs: integer({ min: 0, fallback: Number.MAX_SAFE_INTEGER }),
  limit: integer({ min: 1, fallback: Number.MAX_SAFE_INTEGER }),
};
type Filter = DeadLetterFilter & { readonly limit?: number | undefined };

export class ModelDeadLetters implements DeadLetterStore {
  readonly queue: ModelQueue;

  constructor(queue: ModelQueue) {
    this.queue = queue;
  }

  async list(filter?: Filter): Promise<DeadLetter[]> {
    const read = readOptions<Filter>("list", FILTER_RULES, filter);
    return this.queue.reach(() => {
      const all = [...this.queue.store.buried.values()].map((buried) => this.letterOf(buried));
      return all.filter((letter) => this.matches(letter, read)).slice(0, read.limit);
    });
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

  redrive(id: string): Promise<void> {
    return this.queue.reach(() => this.queue.store.redrive(id));
  }

  discard(id: string): Promise<void> {
    return this.queue.reach(() => this.queue.store.discard(id));
  }

  letterOf({ id, stored, cause, deadAtMs }: Buried): DeadLetter {
    const { outcome } = cause;
    const { firstError } = stored;
    const error = errorSummary(cause.error);
    return {
      id,
      lane: stored.lane,
      content: contentOf(stored.bytes),
      raw: stored.bytes,
      reason: cause.reason,
      ...(outcome === undefined ? {} : { outcome }),
      ...(error === undefined ? {} : { error }),
      ...(firstError === undefined ? {} : { firstError }),
      attempts: cause.attempts ?? stored.attempts,
      deadAtMs,
      origin: { sequence: stored.sequence },
    };
  }

  matches({ lane, reason, content, deadAtMs }: DeadLetter, filter: Filter): boolean {
    const ageMs = this.queue.store.clock.wallMs() - deadAtMs;
    const { cluster, priority, table, olderThanMs = 0, youngerThanMs = 0 } = filter;
    return (
      (cluster === undefined || clusterOf(lane) === cluster) &&
      (priority === undefined || priorityOf(lane) === priority) &&
      (filter.reason === undefined || reason === filter.reason) &&
      (table === undefined || (content.ok && tablesOf(content.payload).includes(table))) &&
      ageMs >= olderThanMs &&
      ageMs <= youngerThanMs
    );
  }
}
