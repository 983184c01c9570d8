import type { Assignment, Marker, Target, Term } from "../cql/syntax.ts";
import type { CqlType } from "../schema/cql-type.ts";
import type { ColumnSchema, TableSchema } from "../schema/schema.ts";
import type { Effect, Findings } from "./findings.ts";
import { jsonColumn } from "./json.ts";
import { listObjection, noPartsObjection, notUnderstood } from "./reasons.ts";
import { examine, FROM_JSON_MARKER, isFromJson, replacedFunction } from "./terms.ts";
import { columnOf, fieldOf, hasCells, isCellList, isObjection, userTypeOf } from "./types.ts";
import { isEmptyCollection, isUnset } from "./values.ts";

/** What one assignment of an UPDATE does. */
export function assign(assignment: Assignment, table: TableSchema, findings: Findings): void {
  const { target, kind, value } = assignment;
  const column = columnOf(table, target.column);
  if (isObjection(column)) findings.object(column);
  else if (column.kind === "partition" || column.kind === "clustering")
    findings.object(
      notUnderstood("an assignment to a part of the key", target, "No server takes it: a key cannot change."),
    );
  else if (kind !== "set") addOrSubtract(assignment, column, findings);
  else if (target.element !== undefined) assignElement(target, target.element, value, column, findings);
  else if (target.field !== undefined) assignField(target, value, column, findings);
  else overwrite(value, column, findings);
}

/** What a value does to a whole column: by INSERT, or by `column = value`. */
export function overwrite(value: Term, column: ColumnSchema, findings: Findings): void {
  const { name, type } = column;
  const term = unhinted(value);
  if (isFromJsonOf(term, "marker") || isFromJsonOf(term, "text")) {
    findings.object(replacedFunction(term, findings.keyspace));
  } else {
    examine(value, type, findings);
  }
  if (term.kind === "marker") {
    const parts = isCellList(type) ? findings.suspects : findings.cells;
    parts.push({ marker: term, name, judge: (bound) => boundOverwrite(bound, column, term) });
  } else if (isFromJsonOf(term, "marker")) {
    const [marker] = term.args;
    findings.suspects.push({
      marker,
      name: FROM_JSON_MARKER,
      judge: (text) => (text === null ? "tombstone" : jsonColumn(text, column, findings.keyspace, marker)),
    });
  } else if (isFromJsonOf(term, "text")) {
    const [text] = term.args;
    findings.effect(jsonColumn(text.value, column, findings.keyspace, text));
  } else if (term.kind === "null" || (hasCells(type) && isEmpty(term))) {
    findings.effect("tombstone");
  } else {
    findings.effect(isCellList(type) ? listObjection("overwrite", name, value) : "data");
  }
}

function boundOverwrite(value: unknown, { name, type }: ColumnSchema, at: Marker): Effect {
  if (value === null) return "tombstone";
  if (isUnsetFor(value, type)) return "nothing";
  if (isEmptyCollection(value) && isSentAsNull(type)) return "tombstone";
  return isCellList(type) ? listObjection("overwrite", name, at) : "data";
}

/** The driver's `types.unset` looks like a map with one entry, too: what may be one is taken for data. */
function isUnsetFor(value: unknown, type: CqlType): boolean {
  return value === undefined || (type.kind !== "map" && type.kind !== "user" && isUnset(value));
}

/** The driver sends an empty list or set as null, frozen or not, and an empty map as one that is there. */
function isSentAsNull(type: CqlType): boolean {
  return type.kind === "list" || type.kind === "set" || (type.kind === "map" && !type.isFrozen);
}

function addOrSubtract(assignment: Assignment, column: ColumnSchema, findings: Findings): void {
  const { kind, value, target } = assignment;
  const { name, type } = column;
  if (isCellList(type)) {
    changeList(assignment, name, findings);
    return;
  }
  const isPossible = kind !== "prepend" && (type.kind === "set" || type.kind === "map") && !type.isFrozen;
  if (!isPossible || target.element !== undefined || target.field !== undefined) {
    findings.object(noPartsObjection(`arithmetic with the column ${name}`, name, target));
    return;
  }
  const isRemoval = kind === "subtract";
  examine(
    value,
    isRemoval && type.kind === "map" ? { kind: "set", isFrozen: false, of: type.key } : type,
    findings,
  );
  if (isRemoval || isEmpty(unhinted(value))) return;
  writeCell(value, name, type, findings);
}

/** Null and an empty array change nothing (measured with 5.0.9). */
function changeList({ kind, value, target }: Assignment, name: string, findings: Findings): void {
  const objection = listObjection(kind === "subtract" ? "removal" : "append", name, target);
  const term = unhinted(value);
  if (term.kind !== "marker") findings.object(objection);
  else {
    findings.suspects.push({
      marker: term,
      name,
      judge: (bound) => (bound === null || isEmptyCollection(bound) ? "nothing" : objection),
    });
  }
}

function assignElement(
  target: Target,
  element: Term,
  value: Term,
  { name, type }: ColumnSchema,
  findings: Findings,
): void {
  if (isCellList(type)) findings.object(listObjection("index", name, target));
  else if (type.kind !== "map" || type.isFrozen)
    findings.object(noPartsObjection(`an element of the column ${name}`, name, target));
  else {
    examine(element, type.key, findings);
    examine(value, type.value, findings);
    writeCell(value, `value(${name})`, type.value, findings);
  }
}

function assignField(target: Target, value: Term, { name, type }: ColumnSchema, findings: Findings): void {
  const { field } = target;
  if (field === undefined || type.kind !== "user" || type.isFrozen) {
    findings.object(noPartsObjection(`a field of the column ${name}`, name, target));
    return;
  }
  const userType = userTypeOf(findings.keyspace, type, target);
  const fieldType = isObjection(userType) ? userType : fieldOf(userType, field.name, field);
  if (isObjection(fieldType)) findings.object(fieldType);
  else {
    examine(value, fieldType, findings);
    writeCell(value, `${name}.${field.name}`, fieldType, findings);
  }
}

/** A cell of its own, unless its value is null or unset, or what is added is empty. */
function writeCell(value: Term, name: string, type: CqlType, findings: Findings): void {
  const term = unhinted(value);
  if (term.kind === "null") return;
  if (term.kind !== "marker") {
    findings.writesData = true;
    return;
  }
  findings.cells.push({
    marker: term,
    name,
    judge: (bound) =>
      bound === null || isUnsetFor(bound, type) || (hasCells(type) && isEmptyCollection(bound))
        ? "nothing"
        : "data",
  });
}

function isFromJsonOf<K extends "marker" | "text">(
  term: Term,
  kind: K,
): term is Term & { kind: "call"; args: readonly [Term & { kind: K }] } {
  return term.kind === "call" && isFromJson(term) && term.args.length === 1 && term.args[0]?.kind === kind;
}

function unhinted(term: Term): Term {
  return term.kind === "hint" ? unhinted(term.term) : term;
}

function isEmpty(term: Term): boolean {
  return (term.kind === "list" || term.kind === "set") && term.items.length === 0;
}
