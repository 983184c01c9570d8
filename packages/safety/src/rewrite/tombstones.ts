import type { Assignment, Target, Term, Update } from "../cql/syntax.ts";
import type { Edits } from "./edits.ts";

/**
 * Lets an UPDATE delete the very cells that it writes: `c = null`, `s - {…}` for what was added to a set, `m - {keys}` for a map.
 * What writes nothing is left, and so is what cannot be said as a delete (a collection that is bound as bytes).
 */
export function deleteWritten(edits: Edits, update: Update): void {
  for (const assignment of update.assignments) {
    if (assignment.kind === "add") removeAdded(edits, assignment);
    if (assignment.kind !== "set") continue;
    const { target, value } = assignment;
    const term = value.kind === "hint" ? value.term : value;
    const isUnset = term.kind === "marker" && isNothing(edits.valueOf(term, markerName(target)));
    if (!isUnset) edits.replace(value, "null");
  }
}

function removeAdded(edits: Edits, { target, value, operator }: Assignment): void {
  if (operator === undefined) return;
  if (value.kind === "marker") {
    const bound = edits.valueOf(value, markerName(target));
    if (isNothing(bound)) return;
    const keys = keysOf(bound);
    if (keys !== undefined) edits.bind(value, keys);
    else if (!Array.isArray(bound) && kindOf(bound) !== "Set") return;
  } else if (value.kind === "map") {
    for (const { key, value: item } of value.entries) edits.replace({ at: key.end, end: item.end }, "");
  } else if (!isSet(value)) {
    return;
  }
  edits.replace(operator, "-");
}

function isSet(term: Term): boolean {
  return term.kind === "set" || (term.kind === "hint" && term.type.kind === "set");
}

/** What the server calls a marker without a name. */
function markerName({ column, element, field }: Target): string {
  if (element !== undefined) return `value(${column.name})`;
  return field === undefined ? column.name : `${column.name}.${field.name}`;
}

/** Null or unset: nothing is written, or a tombstone already. */
function isNothing(value: unknown): boolean {
  return value == null || (typeof value === "object" && (value as { unset?: unknown }).unset === true);
}

/** Those of a Map, or of an object that stands for one. */
function keysOf(value: unknown): unknown[] | undefined {
  if (kindOf(value) === "Map") return [...(value as Map<unknown, unknown>).keys()];
  if (typeof value !== "object" || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  return isPlain ? Object.keys(value) : undefined;
}

/** `Map`, `Set` …, of any realm. */
function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
