import { CLUSTERS, type ClusterId, PRIORITIES, type Priority } from "../cluster.ts";
import { helixError } from "../errors.ts";
import { isObject } from "../is-object.ts";
import {
  flag,
  integer,
  list,
  type Option,
  type OptionsOf,
  oneOf,
  optional,
  readOption,
  text,
} from "../options/index.ts";
import { DEAD_LETTER_REASONS, type DeadLetterReason } from "./dead-letters.ts";

/**
 * All conditions must hold; none means all dead letters. One that does not exist, cannot be, or contradicts another is refused with
 * HELIX_FILTER_INVALID.
 */
export interface DeadLetterFilter {
  /** These and no others: one or more, 1_000 at most. @default any */
  readonly ids?: readonly string[] | undefined;
  /** The one that missed the write. @default any */
  readonly cluster?: ClusterId | undefined;
  /** @default any */
  readonly priority?: Priority | undefined;
  /** @default any */
  readonly reason?: DeadLetterReason | undefined;
  /** One that it writes to, as `keyspace.table`. @default any */
  readonly table?: string | undefined;
  /** Of the last failure: the whole code. @default any */
  readonly errorCode?: string | undefined;
  /** Part of the text of `toldError`, in capitals or not. What quotes a value is not searched. @default any */
  readonly errorText?: string | undefined;
  /** It died then or later. Milliseconds since 1970, at least 0. @default any */
  readonly diedSinceMs?: number | undefined;
  /** It died before then. Milliseconds since 1970, at least 0. @default any */
  readonly diedUntilMs?: number | undefined;
  /** Dead for at least so long. Milliseconds, at least 0. @default any */
  readonly olderThanMs?: number | undefined;
  /** Dead for at most so long. Milliseconds, at least 0. @default any */
  readonly youngerThanMs?: number | undefined;
  /** It has died again after a redrive; or, `false`, died for the first time. @default any */
  readonly redrivenBefore?: boolean | undefined;
}

const MOST_IDS = 1000;
const ANY = "any";
const wallClock = (about: string) => optional(integer({ min: 0, unit: "ms", about }), ANY);

/**
 * Every condition of a filter of dead letters, as data: what is checked, what the README says, and the words for whoever takes a
 * filter from a person.
 */
export const DEAD_LETTER_FILTER: OptionsOf<DeadLetterFilter> = {
  ids: optional(
    list({
      isItem: (id) => id !== "" && id.length <= 256,
      expectation: "an array of ids of dead letters",
      about: `These and no others, ${MOST_IDS} at most.`,
    }),
    ANY,
  ),
  cluster: optional(oneOf(CLUSTERS, undefined, { about: "The one that missed the write." }), ANY),
  priority: optional(oneOf(PRIORITIES, undefined, { about: "Of the write." }), ANY),
  reason: optional(oneOf(DEAD_LETTER_REASONS, undefined, { about: "Why it left its lane." }), ANY),
  table: optional(text({ about: "One that it writes to, as `keyspace.table`." }), ANY),
  errorCode: optional(text({ about: "Of its last failure: the whole code." }), ANY),
  errorText: optional(
    text({
      about:
        "Part of the text of its last failure as it may be told, in capitals or not; what quotes a value is not searched.",
    }),
    ANY,
  ),
  diedSinceMs: wallClock("It died then or later: milliseconds since 1970."),
  diedUntilMs: wallClock("It died before then: milliseconds since 1970."),
  olderThanMs: optional(integer({ min: 0, unit: "ms", about: "Dead for at least so long." }), ANY),
  youngerThanMs: optional(integer({ min: 0, unit: "ms", about: "Dead for at most so long." }), ANY),
  redrivenBefore: optional(
    flag({ about: "It has died again after a redrive; or, `false`, died for the first time." }),
    ANY,
  ),
};

/** What a caller gets who does not say how many: as many as a page may have at most. */
const LIST_LIMIT = 1000;
const LIST_OPTION = integer({ min: 1, fallback: LIST_LIMIT });

/** @throws HelixError HELIX_FILTER_INVALID, naming the condition: one that does not exist, cannot be, or contradicts another. */
export function readDeadLetterFilter(filter: unknown = {}): DeadLetterFilter {
  if (typeof filter !== "object" || filter === null || Array.isArray(filter)) {
    throw invalid(undefined, "Expected a filter of dead letters to be an object");
  }
  const read: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(filter)) {
    const option = Object.hasOwn(DEAD_LETTER_FILTER, name)
      ? (DEAD_LETTER_FILTER[name as keyof DeadLetterFilter] as Option<unknown>)
      : undefined;
    if (option === undefined) {
      const names = Object.keys(DEAD_LETTER_FILTER).join("`, `");
      throw invalid(
        name,
        `Unknown condition \`${name}\` of a filter of dead letters; there are \`${names}\``,
      );
    }
    try {
      const checked = readOption(option, value, name);
      if (checked !== undefined) read[name] = checked;
    } catch (cause) {
      throw invalid(name, (cause as Error).message, cause);
    }
  }
  checkSense(read);
  return read;
}

/** @throws HelixError as {@link readDeadLetterFilter}; TypeError, RangeError for the limit. */
export function readDeadLetterList(options: unknown = {}): { filter: DeadLetterFilter; limit: number } {
  const { limit, ...filter } = Object(options) as { limit?: unknown };
  return {
    filter: readDeadLetterFilter(isObject(options) ? filter : options),
    limit: readOption(LIST_OPTION, limit, "limit"),
  };
}

/** Of what nothing can match, whoever asks is mistaken, and would take the answer for "there are none". */
function checkSense({ ids, diedSinceMs, diedUntilMs, olderThanMs, youngerThanMs }: DeadLetterFilter): void {
  if (ids !== undefined && ids.length > MOST_IDS) {
    throw invalid("ids", `Expected \`ids\` to be at most ${MOST_IDS}, got ${ids.length}`);
  }
  if (diedSinceMs !== undefined && diedUntilMs !== undefined && diedUntilMs <= diedSinceMs) {
    const text = `Expected \`diedUntilMs\` to be later than \`diedSinceMs\` (${diedSinceMs}), got \`${diedUntilMs}\``;
    throw invalid("diedUntilMs", text);
  }
  if (olderThanMs !== undefined && youngerThanMs !== undefined && youngerThanMs < olderThanMs) {
    const text = `Expected \`youngerThanMs\` to be at least \`olderThanMs\` (${olderThanMs}), got \`${youngerThanMs}\``;
    throw invalid("youngerThanMs", text);
  }
}

function invalid(condition: string | undefined, text: string, cause?: unknown): Error {
  const fields = condition === undefined ? {} : { condition };
  return helixError("HELIX_FILTER_INVALID", text, fields, cause === undefined ? undefined : { cause });
}
