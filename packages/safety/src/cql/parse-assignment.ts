import { beginsCall, parseAssigned, parseTerm } from "./parse-term.ts";
import type { Reader } from "./reader.ts";
import type { Assignment, Name, Target } from "./syntax.ts";
import { Unreadable } from "./unreadable.ts";

/** Takes what follows SET. */
export function parseAssignments(reader: Reader): Assignment[] {
  const assignments: Assignment[] = [];
  do assignments.push(assignment(reader));
  while (reader.take(","));
  if (assignments.length > 1) checkColumns(assignments);
  return assignments;
}

/** Takes `column`, `column[element]` or `column.field`. */
export function parseTarget(reader: Reader): Target {
  const column = reader.takeColumn();
  if (reader.take("[")) {
    const element = parseTerm(reader);
    reader.expect("]");
    return { column, element, field: undefined, at: column.at, end: reader.lastEnd };
  }
  const field = reader.take(".") ? reader.takeName("a field") : undefined;
  return { column, element: undefined, field, at: column.at, end: reader.lastEnd };
}

function assignment(reader: Reader): Assignment {
  const target = parseTarget(reader);
  const isWhole = target.element === undefined && target.field === undefined;
  if (isWhole && (reader.kind === "+=" || reader.kind === "-=")) {
    const kind = reader.kind === "+=" ? "add" : "subtract";
    const operator = { at: reader.at, end: reader.at + 1 };
    reader.next();
    return { target, kind, operator, value: parseTerm(reader), at: target.at, end: reader.lastEnd };
  }
  reader.expect("=");
  if (!isWhole) return set(reader, target, parseTerm);
  if (reader.isName && !reader.sees(beginsCall)) return toItself(reader, target);
  const whole = set(reader, target, parseAssigned);
  if (!reader.take("+")) return whole;
  checkSame(target.column, reader.takeColumn());
  return { ...whole, kind: "prepend", end: reader.lastEnd };
}

function set(reader: Reader, target: Target, parse: typeof parseTerm): Assignment {
  const value = parse(reader);
  return { target, kind: "set", operator: undefined, value, at: target.at, end: reader.lastEnd };
}

/** `c = c + …`, `c = c - …`, and `c = c -1`, where the minus belongs to the number. */
function toItself(reader: Reader, target: Target): Assignment {
  checkSame(target.column, reader.takeColumn());
  if (reader.kind === "integer") {
    const { kind, at, end } = reader;
    reader.next();
    return { target, kind: "add", operator: undefined, value: { kind, at, end }, at: target.at, end };
  }
  const kind = reader.kind === "+" ? "add" : "subtract";
  const operator = { at: reader.at, end: reader.end };
  if (!reader.take("+")) reader.expect("-");
  return { target, kind, operator, value: parseTerm(reader), at: target.at, end: reader.lastEnd };
}

function checkSame(target: Name, column: Name): void {
  if (target.name === column.name) return;
  throw new Unreadable(column.at, "The server takes the name of the assigned column only.");
}

/** A column may be set as a whole once, and then not in part as well. */
function checkColumns(assignments: readonly Assignment[]): void {
  const isSet = new Map<string, boolean>();
  for (const { target, kind } of assignments) {
    const { name, at } = target.column;
    const isWhole = kind === "set" && target.element === undefined && target.field === undefined;
    const before = isSet.get(name);
    if (before !== undefined && (before || isWhole)) {
      throw new Unreadable(at, "The server does not take a column twice.");
    }
    isSet.set(name, isWhole);
  }
}
