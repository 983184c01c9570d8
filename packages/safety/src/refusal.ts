import { nativeFunction } from "./cql/functions.ts";
import type { Assignment, Batch, Call, WriteStatement } from "./cql/syntax.ts";
import type { Reason } from "./inspection.ts";

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
  if (statement.verb === "update") {
    for (const assignment of statement.assignments) reason = first(reason, ofAssignment(assignment));
  } else if (statement.verb === "insert") {
    reason = first(reason, ofColumns(statement.columns.length, statement.values.length, statement.at));
  }
  return reason;
}

function ofColumns(columns: number, values: number, at: number): Reason | undefined {
  if (columns === values) return undefined;
  return unknownToServer(at, `It has ${columns} columns, but ${values} values.`);
}

function ofTable({ table: { keyspace } }: WriteStatement): Reason | undefined {
  if (keyspace === undefined || !isSystem(keyspace.name)) return undefined;
  return {
    construct: "a write to a system keyspace",
    at: keyspace.at,
    why: "What is there belongs to one cluster alone.",
  };
}

/** `system_…` are the server's as well, and virtual ones of one node. */
function isSystem(keyspace: string): boolean {
  return keyspace === "system" || keyspace.startsWith("system_");
}

function conditional(at: number): Reason {
  return {
    construct: "a conditional statement (IF)",
    at,
    why: "It reads before it writes: in another state, or executed twice, it has another outcome.",
  };
}

/** What is added to, or taken from, a column tells already what the column can be, or that no server takes it. */
function ofAssignment({ kind, target, value }: Assignment): Reason | undefined {
  if (kind === "set") return undefined;
  const { at } = target;
  if (kind === "prepend") return list(at, "a prepend to a list");
  switch (value.kind) {
    case "list":
      return list(at, kind === "add" ? "an append to a list" : "a removal from a list");
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

function list(at: number, construct: string): Reason {
  return {
    construct,
    at,
    why: "Each execution changes the list once more, or reads it first.",
    cure: "Use a frozen list, which is overwritten as a whole, or a set or a map.",
  };
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
  return { construct: "a statement that no server takes", at, why };
}

function ofCall({ keyspace, name, args, at }: Call): Reason | undefined {
  const native = keyspace === undefined || keyspace.name === "system" ? nativeFunction(name.name) : undefined;
  if (native === "pure" || (native !== undefined && args.length === 0)) return undefined;
  if (name.name === "token") {
    return {
      construct: "the function token",
      at,
      why: "Its value depends on the partitioner of the cluster.",
    };
  }
  return {
    construct: `the function ${name.name}`,
    at,
    why: "Only native functions are known to give the same value for the same arguments; this is none of them.",
    cure: "Evaluate it before, and bind the value.",
  };
}
