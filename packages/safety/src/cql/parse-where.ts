import { parseMarker, parseTerm, parseTerms, parseTuple } from "./parse-term.ts";
import type { Reader } from "./reader.ts";
import type { Name, Relation, Term } from "./syntax.ts";

/** Takes what follows WHERE. */
export function parseWhere(reader: Reader): Relation[] {
  const relations = [relation(reader)];
  while (reader.take("AND")) relations.push(relation(reader));
  return relations;
}

function relation(reader: Reader): Relation {
  if (reader.kind === "TOKEN") return ofToken(reader);
  if (reader.kind !== "(") return ofColumn(reader);
  if (reader.sees(beginsColumns)) return ofColumns(reader);
  const { at } = reader;
  reader.deeper();
  reader.next();
  const found = relation(reader);
  reader.shallower();
  reader.expect(")");
  return { ...found, at, end: reader.lastEnd };
}

/** Seen from `(`: the names of columns, not a relation in parentheses. */
function beginsColumns(reader: Reader): boolean {
  reader.next();
  if (!reader.isName) return false;
  reader.next();
  return reader.kind === "," || reader.kind === ")";
}

function ofColumn(reader: Reader): Relation {
  const { at } = reader;
  const columns = [reader.takeColumn()];
  if (reader.take("[")) {
    const element = parseTerm(reader);
    reader.expect("]");
    const operator = comparison(reader);
    return { columns, element, operator, values: [parseTerm(reader)], at, end: reader.lastEnd };
  }
  if (reader.take("IS")) {
    reader.expect("NOT");
    reader.expect("NULL");
    return { columns, operator: "IS NOT NULL", values: [], at, end: reader.lastEnd };
  }
  if (reader.take("IN")) {
    return { columns, operator: "IN", values: inValues(reader), at, end: reader.lastEnd };
  }
  const operator = contains(reader) ?? (reader.take("LIKE") ? "LIKE" : comparison(reader));
  return { columns, operator, values: [parseTerm(reader)], at, end: reader.lastEnd };
}

/** `(a, b) = (1, 2)`, `(a, b) > ?`, `(a, b) IN …` */
function ofColumns(reader: Reader): Relation {
  const { at } = reader;
  const columns = names(reader);
  if (reader.take("IN")) {
    return { columns, operator: "IN", values: inTuples(reader), at, end: reader.lastEnd };
  }
  const operator = comparison(reader);
  return { columns, operator, values: [tupleOrMarker(reader)], at, end: reader.lastEnd };
}

/** `token(a, b) > …`: of no column by itself. */
function ofToken(reader: Reader): Relation {
  const { at } = reader;
  reader.next();
  names(reader);
  const operator = comparison(reader);
  return { columns: [], operator, values: [parseTerm(reader)], at, end: reader.lastEnd };
}

function names(reader: Reader): Name[] {
  reader.expect("(");
  const found = [reader.takeColumn()];
  while (reader.take(",")) found.push(reader.takeColumn());
  reader.expect(")");
  return found;
}

/** Takes what follows IN: a marker, or values in parentheses, which may be none. */
export function inValues(reader: Reader): Term[] {
  if (reader.kind === "?" || reader.kind === ":") return [parseMarker(reader)];
  reader.expect("(");
  const values = reader.kind === ")" ? [] : parseTerms(reader);
  reader.expect(")");
  return values;
}

/** The server takes tuples or markers, not both. */
function inTuples(reader: Reader): Term[] {
  if (reader.kind !== "(") return [parseMarker(reader)];
  reader.next();
  const values: Term[] = [];
  if (reader.take(")")) return values;
  const one = reader.kind === "(" ? parseTuple : parseMarker;
  do values.push(one(reader));
  while (reader.take(","));
  reader.expect(")");
  return values;
}

function tupleOrMarker(reader: Reader): Term {
  return reader.kind === "(" ? parseTuple(reader) : parseMarker(reader);
}

/** `CONTAINS` and `CONTAINS KEY`, if they stand there. */
export function contains(reader: Reader): string | undefined {
  if (!reader.take("CONTAINS")) return undefined;
  return reader.take("KEY") ? "CONTAINS KEY" : "CONTAINS";
}

/** Takes `=`, `<`, `<=`, `>`, `>=` or `!=`. */
export function comparison(reader: Reader): string {
  switch (reader.kind) {
    case "=":
    case "<":
    case "<=":
    case ">":
    case ">=":
    case "!=": {
      const { kind } = reader;
      reader.next();
      return kind;
    }
    default:
      return reader.fail("a comparison");
  }
}
