import { DEAD_LETTER_FILTER, type DeadLetterFilter } from "@helix/core";
import type { Option } from "@helix/core/internal";
import { readDeadLetterFilter } from "@helix/core/queue-kit";
import { duration, moment } from "./words.ts";

/** Where letters lie. */
export type Box = "dead" | "trash";

/** What the address asks for, so that it can be sent: `#dead?cluster=B&table=shop.users`, in the words of the API. */
export interface Place {
  readonly box: Box;
  readonly filter: DeadLetterFilter;
  /** Why the filter of the address is none; then it is left away. */
  readonly mistake?: string | undefined;
  /** Whether the address names the box at all. */
  readonly isNamed: boolean;
}

export function placeIn(hash: string): Place {
  const [name, search = ""] = hash.replace(/^#/, "").split(/\?(.*)/s, 2);
  const where = {
    box: name === "trash" ? "trash" : "dead",
    isNamed: name === "trash" || name === "dead",
  } as const;
  if (!where.isNamed) return { ...where, filter: {} };
  return { ...where, ...filterOf([...new URLSearchParams(search)]) };
}

/** Of conditions as they were typed; with why they are no filter, if so. */
export function filterOf(typed: readonly (readonly [condition: string, text: string])[]): {
  readonly filter: DeadLetterFilter;
  readonly mistake?: string | undefined;
} {
  try {
    const conditions = new Map<string, unknown>();
    for (const [condition, text] of typed) {
      if (conditions.has(condition))
        throw new TypeError(`Expected \`${condition}\` once, got it several times`);
      conditions.set(condition, readText(condition, text));
    }
    return { filter: readDeadLetterFilter(Object.fromEntries(conditions)) };
  } catch (error) {
    return { filter: {}, mistake: (error as Error).message };
  }
}

export function hashOf(box: Box, filter: DeadLetterFilter = {}): string {
  const search = new URLSearchParams(
    Object.entries(filter).flatMap(([condition, value]) =>
      value === undefined ? [] : [[condition, String(value)]],
    ),
  );
  return search.size === 0 ? `#${box}` : `#${box}?${search}`;
}

export function hasConditions(filter: DeadLetterFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}

/** As people read it: `cluster B, table shop.users`. */
export function filterText(filter: DeadLetterFilter): string {
  const { ids, cluster, priority, reason, table, errorCode, errorText, redrivenBefore } = filter;
  const { diedSinceMs, diedUntilMs, olderThanMs, youngerThanMs } = filter;
  const told = [
    ids && (ids.length === 1 ? `id ${ids[0]}` : `${ids.length} ids`),
    cluster && `cluster ${cluster}`,
    priority && `priority ${priority}`,
    table && `table ${table}`,
    reason && `reason ${reason}`,
    errorCode && `code ${errorCode}`,
    errorText && `“${errorText}” in the failure`,
    diedSinceMs !== undefined && `dead since ${moment(diedSinceMs)} or later`,
    diedUntilMs !== undefined && `dead before ${moment(diedUntilMs)}`,
    olderThanMs !== undefined && `dead for ${duration(olderThanMs)} or longer`,
    youngerThanMs !== undefined && `dead for ${duration(youngerThanMs)} at the most`,
    redrivenBefore !== undefined &&
      (redrivenBefore ? "died again after a redrive" : "died for the first time"),
  ];
  return told.filter((one) => typeof one === "string").join(", ");
}

/** Numbers, booleans and lists of an address, which has but texts. What is none stays as it is, and is refused then. */
function readText(condition: string, text: string): unknown {
  const option: Option<unknown> | undefined = Object.hasOwn(DEAD_LETTER_FILTER, condition)
    ? DEAD_LETTER_FILTER[condition as keyof DeadLetterFilter]
    : undefined;
  switch (option?.kind) {
    case "integer":
      return /^\d{1,16}$/.test(text) ? Number(text) : text;
    case "boolean":
      return text === "true" ? true : text === "false" ? false : text;
    case "list":
      return text.split(",");
    default:
      return text;
  }
}
