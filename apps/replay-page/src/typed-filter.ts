import type { DeadLetterFilter } from "@helix/core";
import { spanOf, timeGoneBy } from "@helix/core/internal";
import { filterOf } from "./address.ts";

export type Condition = keyof DeadLetterFilter;

interface Words {
  readonly label: string;
  readonly example?: string;
  /** Undefined: it is none of what is expected. */
  readonly read?: (typed: string, nowMs: number) => number | undefined;
}

const TIME = { example: "2h, 14:00Z", read: timeGoneBy };
const SPAN = { example: "15m, 2h, 7d", read: spanOf };

/** What people read of each condition, and how times are typed: as for the command line. */
export const CONDITION_WORDS: Readonly<Record<Condition, Words>> = {
  ids: { label: "Ids", example: "with commas" },
  cluster: { label: "Cluster" },
  priority: { label: "Priority" },
  reason: { label: "Reason" },
  table: { label: "Table", example: "keyspace.table" },
  errorCode: { label: "Code" },
  errorText: { label: "In the failure" },
  diedSinceMs: { label: "Died since", ...TIME },
  diedUntilMs: { label: "Died before", ...TIME },
  olderThanMs: { label: "Dead for at least", ...SPAN },
  youngerThanMs: { label: "Dead for at most", ...SPAN },
  redrivenBefore: { label: "Died again" },
};

/** The filter that was typed, empty conditions left away; with why it is none, if so. @param nowMs By the pod's clock. */
export function typedFilter(
  typed: readonly (readonly [Condition, string])[],
  nowMs: number,
): ReturnType<typeof filterOf> {
  const conditions: [string, string][] = [];
  for (const [condition, text] of typed) {
    if (text === "") continue;
    const { label, example, read } = CONDITION_WORDS[condition];
    const value = read === undefined ? text : read(text, nowMs);
    if (value === undefined) {
      return { filter: {}, mistake: `“${label}” takes something like ${example}, and “${text}” is none.` };
    }
    conditions.push([condition, typeof value === "number" ? String(Math.round(value)) : value]);
  }
  return filterOf(conditions);
}

/** A condition as it could have been typed. */
export function typedText(condition: Condition, value: unknown): string {
  const { read } = CONDITION_WORDS[condition];
  if (typeof value !== "number") return value === undefined ? "" : String(value);
  return read === timeGoneBy ? new Date(value).toISOString() : `${value / 1_000}s`;
}
