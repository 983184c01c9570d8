import { parseTable } from "./cql/parse-write.ts";
import type { Reader } from "./cql/reader.ts";
import { Unreadable } from "./cql/unreadable.ts";
import type { Inspection, Reason } from "./inspection.ts";

const READS: ReadonlySet<string> = new Set(["select", "describe", "desc", "list"]);

const SCHEMA = {
  construct: "a change of the schema",
  why: "It has no timestamp that orders it among others: it takes effect whenever it is executed.",
  cure: "Make it on each cluster by itself.",
} as const;
const RIGHTS = { ...SCHEMA, construct: "a change of roles or rights" } as const;

const REFUSED = new Map<string, Omit<Reason, "at">>([
  [
    "truncate",
    {
      construct: "TRUNCATE",
      why: "It has no timestamp: whenever it is executed, it removes newer rows as well.",
      cure: "Truncate on each cluster by itself, or delete the rows.",
    },
  ],
  [
    "use",
    {
      construct: "USE",
      why: "It changes the keyspace of a session that others share.",
      cure: "Set `keyspace` in the options of the cluster, or name the keyspace in the statement.",
    },
  ],
  ["create", SCHEMA],
  ["alter", SCHEMA],
  ["drop", SCHEMA],
  ["comment", SCHEMA],
  ["copy", SCHEMA],
  ["add", RIGHTS],
  ["grant", RIGHTS],
  ["revoke", RIGHTS],
]);

/** What is no INSERT, UPDATE, DELETE or batch. Its first word says what it is; of a SELECT or TRUNCATE the table is sought as well. */
export function inspectOther(reader: Reader, verb: string): Inspection {
  const { at } = reader;
  const isRead = READS.has(verb);
  const reason = REFUSED.get(verb);
  if (reader.kind === "end") throw new Unreadable(at, "There is no statement in it.", "an empty text");
  if (!isRead && reason === undefined) reader.fail("a statement");
  if (verb === "select") seekFrom(reader);
  if (verb === "truncate") seekTruncated(reader);
  return {
    cql: reader.text,
    verb,
    verdict: isRead ? "read" : "refuse",
    on: [],
    reason: reason && { ...reason, at },
    tables: reader.tables,
    markers: [],
    calls: [],
    statement: undefined,
  };
}

/** A SELECT that the server does not take is a read all the same: its word on it is better than ours. */
function seekFrom(reader: Reader): void {
  try {
    while (reader.kind !== "FROM" && reader.kind !== "end") reader.next();
    if (reader.take("FROM")) parseTable(reader);
  } catch (fault) {
    if (!(fault instanceof Unreadable)) throw fault;
  }
}

function seekTruncated(reader: Reader): void {
  reader.next();
  if (reader.kind === "TABLE" || reader.kind === "COLUMNFAMILY") reader.next();
  parseTable(reader);
}
