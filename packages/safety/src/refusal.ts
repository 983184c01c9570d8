import { nativeCall } from "./cql/functions.ts";
import type { Assignment, Batch, Call, Insert, Relation, WriteStatement } from "./cql/syntax.ts";
import { functionObjection, listObjection, systemObjection } from "./decide/reasons.ts";
import type { Reason } from "./inspection.ts";
import { isSystemKeyspace } from "./system-keyspace.ts";

/** Why a text is refused by itself, whatever the schema and the values are; of several reasons the first in the text. */
export function refusal(
  statement: WriteStatement | Batch,
  members: readonly WriteStatement[],
  calls: readonly Call[],
): Reason | undefined {
  let reason = statement.verb === "batch" ? ofBatch(statement) : undefined;
  for (const member of members) reason = first(reason, ofWrite(member));
  for (const call of calls) reason = first(reason, ofCall(call));
  return reason;
}

function first(a: Reason | undefined, b: Reason | undefined): Reason | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return b.at < a.at ? b : a;
}

function ofBatch({ at, batchType, using, members }: Batch): Reason | undefined {
  if (batchType === "counter") return counter(at);
  if (using === undefined) return undefined;
  if (using.ttl !== undefined)
    return unknownToServer(using.at, "A batch has no TTL of its own: give it to its members.");
  const dated = members.find((member) => member.using?.timestamp !== undefined);
  if (dated?.using === undefined) return undefined;
  return unknownToServer(dated.using.at, "A timestamp is that of the batch or of its members, not of both.");
}

function ofWrite(statement: WriteStatement): Reason | undefined {
  let reason = ofTable(statement);
  if (statement.condition !== undefined) reason = first(reason, conditional(statement.condition.at));
  if (statement.verb === "insert") return first(reason, ofColumns(statement));
  for (const relation of statement.where) reason = first(reason, ofRelation(relation));
  if (statement.verb === "delete") return reason;
  for (const assignment of statement.assignments) reason = first(reason, ofAssignment(assignment));
  return reason;
}

function ofColumns({ columns, values, at }: Insert): Reason | undefined {
  if (columns.length !== values.length) {
    return unknownToServer(at, `It has ${columns.length} columns, but ${values.length} values.`);
  }
  const names = new Set<string>();
  for (const column of columns) {
    if (names.has(column.name)) return unknownToServer(column.at, "This column is named twice.");
    names.add(column.name);
  }
  return undefined;
}

/** A write names its rows by their keys; the rest of what SELECT knows is taken by the grammar only. */
function ofRelation({ columns, operator, element, at }: Relation): Reason | undefined {
  const isOfKey = columns.length > 0 && element === undefined && OF_KEYS.has(operator);
  return isOfKey
    ? undefined
    : unknownToServer(at, "A write is told its rows by their keys, with =, IN, <, <=, > or >=.");
}

const OF_KEYS: ReadonlySet<string> = new Set(["=", "IN", "<", "<=", ">", ">="]);

function ofTable({ table: { keyspace } }: WriteStatement): Reason | undefined {
  if (keyspace === undefined || !isSystemKeyspace(keyspace.name)) return undefined;
  return systemObjection(keyspace).reason;
}

function conditional(at: number): Reason {
  return {
    construct: "a conditional statement (IF)",
    at,
    why: "It reads before it writes: in another state, or executed twice, it has another outcome.",
  };
}

/** What is added to a column, or taken from it, tells already what it can be, or that no server takes it. */
function ofAssignment({ kind, target, value }: Assignment): Reason | undefined {
  if (kind === "set") return undefined;
  const { column, at } = target;
  if (kind === "prepend") return listObjection("append", column.name, target).reason;
  switch (value.kind) {
    case "list":
      return listObjection(kind === "add" ? "append" : "removal", column.name, target).reason;
    case "integer":
    case "negation":
      return counter(at);
    case "text":
    case "float":
    case "boolean":
    case "uuid":
    case "blob":
    case "duration":
    case "fields":
      return unknownToServer(at, "This can be added to no column, or taken from none.");
    default:
      return undefined;
  }
}

function counter(at: number): Reason {
  return {
    construct: "an increment of a counter",
    at,
    why: "It counts again each time it is executed.",
    cure: "Keep the counter on one cluster, or add up rows of their own.",
  };
}

function unknownToServer(at: number, why: string): Reason {
  return { construct: "a statement that no server takes", at, why, isMistake: true };
}

function ofCall(call: Call): Reason | undefined {
  if (nativeCall(call) !== undefined) return undefined;
  const { name, at } = call;
  if (name.name !== "token") return functionObjection(name.name, call).reason;
  return { construct: "the function token", at, why: "Its value depends on the partitioner of the cluster." };
}
