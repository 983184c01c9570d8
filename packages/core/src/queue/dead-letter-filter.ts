import { CLUSTERS, clusterOf, PRIORITIES, priorityOf } from "../cluster.ts";
import { integer, oneOf, optional, readOptions, text } from "../options/index.ts";
import { DEAD_LETTER_REASONS, type DeadLetter, type DeadLetterFilter } from "./dead-letters.ts";

/** By which each condition of a filter is checked. */
const DEAD_LETTER_FILTER_OPTIONS = {
  cluster: optional(oneOf(CLUSTERS)),
  priority: optional(oneOf(PRIORITIES)),
  reason: optional(oneOf(DEAD_LETTER_REASONS)),
  table: optional(text({ pattern: /^/, expectation: "a string" })),
  olderThanMs: optional(integer({ min: 0 })),
  youngerThanMs: optional(integer({ min: 0 })),
};

/** What a caller gets who does not say how many: as many as a page may have at most. */
const LIST_LIMIT = 1000;
const LIST_OPTIONS = { ...DEAD_LETTER_FILTER_OPTIONS, limit: integer({ min: 1, fallback: LIST_LIMIT }) };

/** @throws TypeError, RangeError for a condition that does not exist or is out of range. */
export function readDeadLetterFilter(owner: string, options: unknown): DeadLetterFilter {
  return readOptions<DeadLetterFilter>(owner, DEAD_LETTER_FILTER_OPTIONS, options);
}

/** @throws TypeError, RangeError as {@link readDeadLetterFilter}. */
export function readDeadLetterList(options: unknown): { filter: DeadLetterFilter; limit: number } {
  const { limit, ...filter } = readOptions<DeadLetterFilter & { limit: number }>(
    "list",
    LIST_OPTIONS,
    options,
  );
  return { filter, limit };
}

/** What of a dead letter the conditions but the table are about; known without decoding it. */
export type DeadLetterOutside = Pick<DeadLetter, "lane" | "reason" | "deadAtMs">;

/** Whether all conditions but the table hold. */
export function matchesOutside(
  { lane, reason, deadAtMs }: DeadLetterOutside,
  filter: DeadLetterFilter,
  nowMs: number,
): boolean {
  const deadForMs = nowMs - deadAtMs;
  return (
    (filter.cluster === undefined || filter.cluster === clusterOf(lane)) &&
    (filter.priority === undefined || filter.priority === priorityOf(lane)) &&
    (filter.reason === undefined || filter.reason === reason) &&
    deadForMs >= (filter.olderThanMs ?? Number.NEGATIVE_INFINITY) &&
    deadForMs <= (filter.youngerThanMs ?? Number.POSITIVE_INFINITY)
  );
}

/** Whether the condition on the table holds; of what cannot be decoded no table is known. */
export function matchesTable({ content }: Pick<DeadLetter, "content">, filter: DeadLetterFilter): boolean {
  return filter.table === undefined || (content.ok && content.payload.tables.includes(filter.table));
}

/** Whether all conditions hold. */
export function matchesFilter(letter: DeadLetter, filter: DeadLetterFilter, nowMs: number): boolean {
  return matchesOutside(letter, filter, nowMs) && matchesTable(letter, filter);
}
