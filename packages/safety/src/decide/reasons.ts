import type { Span } from "../cql/syntax.ts";
import { mistaken, type Objection, refused } from "./objection.ts";

type At = Pick<Span, "at">;

const LIST_REASONS = {
  overwrite: [
    "an overwrite of the list",
    "Executed twice with one timestamp, a list that is not frozen holds its elements twice: [a, b] becomes [a, b, a, b].",
  ],
  append: ["an addition to the list", "Each execution adds the elements once more."],
  index: [
    "a place in the list",
    "The element at that place is read first, and is another one when the write is repeated or comes late.",
  ],
  removal: [
    "a removal from the list",
    "The list is read first: an element that is written before, but arrives later, stays.",
  ],
} as const;

export function listObjection(kind: keyof typeof LIST_REASONS, column: string, at: At): Objection {
  const [construct, why] = LIST_REASONS[kind];
  return refused(
    at,
    `${construct} ${column}`,
    why,
    "Use a frozen list, which is overwritten as a whole, or a set or a map.",
  );
}

export function counterObjection(at: At): Objection {
  return refused(
    at,
    "a write to a table of counters",
    "An increment counts again when it is repeated, and a deleted counter does not come back as it should.",
    "Keep the counter on one cluster, or add up rows of their own.",
  );
}

export function viewObjection(at: At): Objection {
  return refused(at, "a write to a materialized view", "No server takes it.", "Write to its base table.");
}

export function systemObjection(at: At): Objection {
  return refused(at, "a write to a system keyspace", "What is there belongs to one cluster alone.");
}

export function transactionalObjection(mode: string, at: At): Objection {
  return refused(
    at,
    `a table with transactional_mode ${mode}`,
    "Its writes get the timestamp of a transaction, so a late one would win over newer ones.",
  );
}

export function functionObjection(name: string, at: At): Objection {
  return refused(
    at,
    `the function ${name}`,
    "Only native functions are known to give the same value twice; this is none of them, or one that the keyspace may have replaced.",
    "Evaluate it before and bind the value, or write system. before the name of a native function.",
  );
}

export function notUnderstood(
  construct: string,
  at: At,
  why = "It is not understood here, or no server takes it.",
): Objection {
  return mistaken(at, construct, why);
}

/** What is done to a part of a column of which the server knows no parts. */
export function noPartsObjection(construct: string, column: string, at: At): Objection {
  return notUnderstood(
    construct,
    at,
    `No server takes it: ${column} is frozen, or of a type that has no such parts.`,
  );
}
