import { parseAssignments, parseTarget } from "./parse-assignment.ts";
import { parseIf, parseIfNotExists } from "./parse-condition.ts";
import { parseMarker, parseTerms } from "./parse-term.ts";
import { parseWhere } from "./parse-where.ts";
import type { Reader } from "./reader.ts";
import type {
  Delete,
  Insert,
  Marker,
  Name,
  TableName,
  Target,
  Text,
  Update,
  Using,
  WriteStatement,
} from "./syntax.ts";
import { Unreadable } from "./unreadable.ts";

/** Takes an INSERT, UPDATE or DELETE, without what may follow it. */
export function parseWrite(reader: Reader): WriteStatement {
  switch (reader.kind) {
    case "INSERT":
      return insert(reader);
    case "UPDATE":
      return update(reader);
    case "DELETE":
      return remove(reader);
    default:
      return reader.fail("INSERT, UPDATE or DELETE");
  }
}

/** Takes `table` or `keyspace.table`. */
export function parseTable(reader: Reader): TableName {
  const first = reader.takeName("the name of a table");
  const isQualified = reader.take(".");
  const table = isQualified ? reader.takeName("the name of a table") : first;
  const found = { keyspace: isQualified ? first : undefined, table, at: first.at, end: table.end };
  reader.tables.push(found);
  return found;
}

function insert(reader: Reader): Insert {
  const { at } = reader;
  reader.next();
  reader.expect("INTO");
  const table = parseTable(reader);
  const columns: Name[] = [];
  let values: Insert["values"] = [];
  let json: Insert["json"];
  if (reader.take("JSON")) {
    json = parseJson(reader);
  } else {
    reader.expect("(");
    do columns.push(reader.takeColumn());
    while (reader.take(","));
    reader.expect(")");
    reader.expect("VALUES");
    reader.expect("(");
    values = parseTerms(reader);
    reader.expect(")");
  }
  const condition = parseIfNotExists(reader);
  const usingAt = reader.lastEnd;
  const using = parseUsing(reader, true);
  return { verb: "insert", table, columns, values, json, condition, usingAt, using, at, end: reader.lastEnd };
}

function parseJson(reader: Reader): Insert["json"] {
  const value = jsonValue(reader);
  if (!reader.take("DEFAULT")) return { value, isDefaultUnset: false };
  const isDefaultUnset = reader.take("UNSET");
  if (!isDefaultUnset) reader.expect("NULL");
  return { value, isDefaultUnset };
}

function jsonValue(reader: Reader): Marker | Text {
  if (reader.kind !== "text") return parseMarker(reader);
  const { kind, value, at, end } = reader;
  reader.next();
  return { kind, value, at, end };
}

function update(reader: Reader): Update {
  const { at } = reader;
  reader.next();
  const table = parseTable(reader);
  const usingAt = reader.lastEnd;
  const using = parseUsing(reader, true);
  reader.expect("SET");
  const assignments = parseAssignments(reader);
  reader.expect("WHERE");
  const where = parseWhere(reader);
  const condition = parseIf(reader);
  return { verb: "update", table, using, usingAt, assignments, where, condition, at, end: reader.lastEnd };
}

function remove(reader: Reader): Delete {
  const { at } = reader;
  reader.next();
  const targets: Target[] = [];
  if (reader.kind !== "FROM") {
    do targets.push(parseTarget(reader));
    while (reader.take(","));
  }
  reader.expect("FROM");
  const table = parseTable(reader);
  const using = parseUsing(reader, false);
  reader.expect("WHERE");
  const where = parseWhere(reader);
  const condition = parseIf(reader);
  return { verb: "delete", targets, table, using, where, condition, at, end: reader.lastEnd };
}

/** Takes `USING TTL … AND TIMESTAMP …`, if it stands there. A DELETE takes one TIMESTAMP only. */
export function parseUsing(reader: Reader, isOfAnyForm: boolean): Using | undefined {
  const { at } = reader;
  if (!reader.take("USING")) return undefined;
  let ttl: Using["ttl"];
  let timestamp: Using["timestamp"];
  do {
    if (isOfAnyForm && reader.take("TTL")) {
      ttl = instead(ttl, reader);
    } else {
      reader.expect("TIMESTAMP");
      timestamp = instead(timestamp, reader);
    }
  } while (isOfAnyForm && reader.take("AND"));
  return { ttl, timestamp, at, end: reader.lastEnd };
}

/** The last number counts. A marker that does not count has no type for the server, which then fails to answer the PREPARE. */
function instead(before: Using["ttl"], reader: Reader): NonNullable<Using["ttl"]> {
  if (before?.kind === "marker") {
    throw new Unreadable(
      before.at,
      "Of several the last counts, and no server knows what this marker is for.",
    );
  }
  return integer(reader);
}

function integer(reader: Reader): NonNullable<Using["ttl"]> {
  if (reader.kind !== "integer") return parseMarker(reader);
  const { at, end } = reader;
  reader.next();
  return { kind: "integer", at, end };
}
