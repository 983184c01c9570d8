import { parseNativeType, parseType } from "./parse-type.ts";
import type { Reader } from "./reader.ts";
import type { Call, FieldValue, MapEntry, Marker, Term } from "./syntax.ts";
import { Unreadable } from "./unreadable.ts";
import { mayNameFunction } from "./words.ts";

/** Takes a value: literals, markers, calls, and arithmetic of them. */
export function parseTerm(reader: Reader): Term {
  return sum(reader, false);
}

/** Takes a value that is assigned: it ends before `+` and the name of a column, as in `c = [1] + c`. */
export function parseAssigned(reader: Reader): Term {
  return sum(reader, true);
}

/** Takes values with commas between them; at least one. */
export function parseTerms(reader: Reader): Term[] {
  const terms = [parseTerm(reader)];
  while (reader.take(",")) terms.push(parseTerm(reader));
  return terms;
}

/** Takes `?` or `:name`. */
export function parseMarker(reader: Reader): Marker {
  const { at } = reader;
  const index = reader.markers.length;
  let name: string | undefined;
  if (reader.take(":")) name = reader.takeName("the name of a marker").name;
  else reader.expect("?");
  const marker: Marker = { kind: "marker", index, name, at, end: reader.lastEnd };
  reader.markers.push(marker);
  return marker;
}

/** Takes `(…)`. */
export function parseTuple(reader: Reader): Term {
  const { at } = reader;
  reader.expect("(");
  const items = parseTerms(reader);
  reader.expect(")");
  return { kind: "tuple", items, at, end: reader.lastEnd };
}

function sum(reader: Reader, isAssigned: boolean): Term {
  reader.deeper();
  let levels = 1;
  let left = product(reader);
  while (reader.kind === "+" || reader.kind === "-") {
    const operator = reader.kind;
    if (isAssigned && operator === "+" && reader.sees(addsColumn)) break;
    reader.next();
    // Each operator makes the tree deeper by one.
    reader.deeper();
    levels++;
    const right = product(reader);
    left = { kind: "arithmetic", operator, left, right, at: left.at, end: right.end };
  }
  reader.shallower(levels);
  return left;
}

function addsColumn(reader: Reader): boolean {
  reader.next();
  return reader.isName && !reader.sees(beginsCall);
}

function product(reader: Reader): Term {
  let levels = 0;
  let left = signed(reader);
  while (reader.kind === "*" || reader.kind === "/" || reader.kind === "%") {
    const operator = reader.kind;
    reader.next();
    reader.deeper();
    levels++;
    const right = signed(reader);
    left = { kind: "arithmetic", operator, left, right, at: left.at, end: right.end };
  }
  reader.shallower(levels);
  return left;
}

function signed(reader: Reader): Term {
  if (reader.kind !== "-") return simple(reader);
  const { at } = reader;
  reader.next();
  const term = simple(reader);
  return { kind: "negation", term, at, end: term.end };
}

function simple(reader: Reader): Term {
  const { kind, at, end } = reader;
  switch (kind) {
    case "?":
    case ":":
      return parseMarker(reader);
    case "text": {
      const { value } = reader;
      reader.next();
      return { kind, value, at, end };
    }
    case "integer":
    case "float":
    case "boolean":
    case "uuid":
    case "blob":
    case "duration":
      reader.next();
      return { kind, at, end };
    case "NULL":
      reader.next();
      return { kind: "null", at, end };
    case "[":
      return list(reader);
    case "{":
      return braces(reader);
    case "(":
      return reader.sees(beginsHint) ? hint(reader) : parseTuple(reader);
    default:
      if (!reader.sees(beginsCall)) return reader.fail("a value");
      return kind === "CAST" && !reader.sees(hasDot) ? cast(reader) : call(reader);
  }
}

/** Seen from a name: whether `name(` or `keyspace.name(` begins there. */
export function beginsCall(reader: Reader): boolean {
  reader.next();
  if (reader.take(".")) reader.next();
  return reader.kind === "(";
}

/** Seen from `(`: a type behind it, not a value. */
function beginsHint(reader: Reader): boolean {
  reader.next();
  return (reader.isName || reader.kind === "SET") && !reader.sees(beginsCall);
}

/** `(type) value` */
function hint(reader: Reader): Term {
  const { at } = reader;
  reader.expect("(");
  const type = parseType(reader);
  reader.expect(")");
  reader.deeper();
  const term = simple(reader);
  reader.shallower();
  return { kind: "hint", type, term, at, end: term.end };
}

/** `CAST(value AS type)` */
function cast(reader: Reader): Term {
  const { at } = reader;
  reader.next();
  reader.expect("(");
  reader.deeper();
  const term = simple(reader);
  reader.shallower();
  reader.expect("AS");
  const type = parseNativeType(reader);
  reader.expect(")");
  return { kind: "cast", term, type, at, end: reader.lastEnd };
}

function call(reader: Reader): Call {
  const { at } = reader;
  const isQualified = reader.sees(hasDot);
  const keyspace = isQualified ? reader.takeName("a keyspace") : undefined;
  if (isQualified) reader.expect(".");
  if (!mayNameFunction(reader.kind)) reader.fail("a function");
  const name = reader.takeFunction();
  reader.expect("(");
  const args = reader.kind === ")" ? [] : parseTerms(reader);
  reader.expect(")");
  const isInCollection = reader.collections > 0;
  const found: Call = { kind: "call", isInCollection, keyspace, name, args, at, end: reader.lastEnd };
  reader.calls.push(found);
  return found;
}

function hasDot(reader: Reader): boolean {
  reader.next();
  return reader.kind === ".";
}

function list(reader: Reader): Term {
  const { at } = reader;
  const bound = reader.markers.length;
  reader.next();
  reader.collections++;
  const items = reader.kind === "]" ? [] : parseTerms(reader);
  reader.collections--;
  reader.expect("]");
  return { kind: "list", items, marker: reader.markers[bound], at, end: reader.lastEnd };
}

/** `{…}`: fields of a user-defined type begin with a name and a colon, maps with a value and a colon. */
function braces(reader: Reader): Term {
  const { at } = reader;
  reader.next();
  if (reader.take("}")) return { kind: "set", items: [], at, end: reader.lastEnd };
  if (reader.isName && !reader.sees(beginsCall)) return fields(reader, at);
  const bound = reader.markers.length;
  reader.collections++;
  const first = parseTerm(reader);
  const found = reader.kind === ":" ? map(reader, at, first) : set(reader, at, first);
  reader.collections--;
  const marker = reader.markers[bound];
  if (marker === undefined) return found;
  throw new Unreadable(
    marker.at,
    "The server takes no marker there: bind all of it.",
    "a marker in a set or map",
  );
}

function set(reader: Reader, at: number, first: Term): Term {
  const items = [first];
  while (reader.take(",")) items.push(parseTerm(reader));
  reader.expect("}");
  return { kind: "set", items, at, end: reader.lastEnd };
}

function map(reader: Reader, at: number, first: Term): Term {
  reader.expect(":");
  const entries: MapEntry[] = [{ key: first, value: parseTerm(reader) }];
  while (reader.take(",")) {
    const key = parseTerm(reader);
    reader.expect(":");
    entries.push({ key, value: parseTerm(reader) });
  }
  reader.expect("}");
  return { kind: "map", entries, at, end: reader.lastEnd };
}

function fields(reader: Reader, at: number): Term {
  const found: FieldValue[] = [];
  do {
    const field = reader.takeName("a field");
    reader.expect(":");
    found.push({ field, value: parseTerm(reader) });
  } while (reader.take(","));
  reader.expect("}");
  return { kind: "fields", fields: found, at, end: reader.lastEnd };
}
