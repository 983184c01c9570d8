import { type Operation, type ReplayPayload, type Statement, statementsOf } from "@helix/core";
import {
  type ColumnSchema,
  type Decision,
  decide,
  type Inspection,
  inspect,
  type KeyspaceSchema,
  longestTtl,
  type Reason,
  replayed,
  type Schema,
  type TableSchema,
  type WriteStatement,
  withDefaultTtl,
} from "@helix/safety";
import { partsOf } from "../write/parts.ts";
import { isServersOwn, writesRows } from "../write/refusal.ts";
import {
  ageFault,
  aheadFault,
  type ClusterTimes,
  columnFault,
  type TargetTable,
  tableFault,
  timeOfId,
} from "./guards.ts";
import { neverReplayable, notReplayable, schemaUnknown } from "./refusals.ts";

/** What is known when a payload is to be replayed. */
export interface ReplayFacts {
  /** Of the target cluster, now. */
  readonly schema: Schema;
  /** That of tables for which the text names none. */
  readonly keyspace: string | undefined;
  readonly times: ClusterTimes;
  readonly nowMs: number;
}

interface Judged {
  readonly statement: Statement;
  readonly inspection: Inspection;
  readonly decision: Decision;
}

/**
 * The operation of a payload as it has to be sent now: each TTL is less by the age. Pure.
 *
 * @throws HELIX_NOT_REPLAYABLE, HELIX_PAYLOAD_INVALID for a write that is still to come, HELIX_SCHEMA_UNKNOWN for a table that the cluster lacks, HELIX_TABLE_GONE, HELIX_REPLAY_TOO_OLD.
 */
export function replayable(payload: ReplayPayload, facts: ReplayFacts): Operation {
  const { operation, disposition, writtenAtMs } = payload;
  const ageMs = Math.max(0, facts.nowMs - writtenAtMs);
  const judged = statementsOf(payload).map((statement) => judge(statement, facts));
  const { tables, statements } = asWritten(judged, facts) ?? aged(judged, payload, facts, ageMs);
  if (disposition !== "force") {
    const ahead = aheadFault(payload, facts.nowMs);
    if (ahead !== undefined) throw ahead;
    const onlyDeletes = () =>
      (statements ?? statementsOf(payload)).every(
        (statement) => judge(statement, facts).decision.verdict === "gc",
      );
    const late = columnFault(payload, tables) ?? ageFault(payload, tables, ageMs);
    const fault = tableFault(payload, tables, facts.times) ?? (late && !onlyDeletes() ? late : undefined);
    if (fault !== undefined) throw fault;
  }
  if (statements === undefined) return operation;
  return operation.kind === "batch" ? { ...operation, statements } : { ...operation, ...statements[0] };
}

/** What is sent, and the tables that it writes. */
interface Sent {
  readonly tables: readonly TargetTable[];
  /** Undefined: those of the payload. */
  readonly statements?: readonly Statement[] | undefined;
}

/** The table of a text that was allowed before, and the schema that says so: another object where anything of it has changed. */
const allowed = new WeakMap<Inspection, { readonly keyspace: KeyspaceSchema; readonly table: TargetTable }>();

/** Undefined unless each text was allowed before, and what it says lives for ever. */
function asWritten(judged: readonly Judged[], facts: ReplayFacts): Sent | undefined {
  const tables: TargetTable[] = [];
  for (const one of judged) {
    const known = allowed.get(one.inspection);
    if (known === undefined || known.keyspace !== keyspaceOf(one.inspection, facts) || !isTimeless(one))
      return undefined;
    tables.push(known.table);
  }
  return { tables };
}

/** Whether it writes one table, and nothing of it depends on its age. */
function isTimeless({ inspection: { statement }, decision: { verdict, members } }: Judged): boolean {
  if (statement === undefined || statement.verb === "batch") return false;
  return (verdict === "replay" || verdict === "gc") && members[0]?.ttl === undefined;
}

/** That of its first table. */
function keyspaceOf(
  { tables: [table] }: Inspection,
  { schema, keyspace }: ReplayFacts,
): KeyspaceSchema | undefined {
  const name = table?.keyspace?.name ?? keyspace;
  return name === undefined ? undefined : schema.keyspace(name);
}

function aged(judged: readonly Judged[], payload: ReplayPayload, facts: ReplayFacts, ageMs: number): Sent {
  const { operation, disposition, schema } = payload;
  const isKnowingly = disposition === "unsafe" || disposition === "force";
  for (const [index, part] of partsOf(operation).entries()) {
    if (!writesRows(part)) throw neverReplayable(part.inspection, judged[index]?.decision.reason);
  }
  for (const { inspection, decision } of isKnowingly ? [] : judged) assertNotRefused(inspection, decision);
  const targets = judged.map(({ inspection }) => tablesOf(inspection, payload, facts));
  if (!isKnowingly) for (const { decision } of judged) assertDecided(decision, payload);
  const settled = schema !== undefined ? judged.map((one) => withoutNewDefault(one, facts)) : judged;
  const decisions = settled.map(({ decision }) => decision);
  const longest = isOfItself(payload, decisions) ? longestTtl(decisions) : Number.POSITIVE_INFINITY;
  const statements = settled.map(({ statement, inspection, decision }) => ({
    ...statement,
    ...replayed(inspection, decision, statement.params, ageMs, longest),
  }));
  for (const [index, one] of judged.entries()) {
    const keyspace = keyspaceOf(one.inspection, facts);
    const [table] = targets[index] ?? [];
    if (isTimeless(one) && keyspace !== undefined && table !== undefined)
      allowed.set(one.inspection, { keyspace, table });
  }
  return { tables: targets.flat(), statements };
}

/** So far may what the client makes be from the clock that it looks at next. */
const OWN_MICROS = 1_000_000n;

/**
 * Whether its timestamp was made for it alone. One that the caller said may be that of other writes, which may live for longer: a delete at
 * the same timestamp would take them along. It shows in the text, by another time than that of the write, or as a number of milliseconds.
 */
function isOfItself(
  { timestampMicros, writtenAtMs }: ReplayPayload,
  decisions: readonly Decision[],
): boolean {
  const aheadMicros = timestampMicros - BigInt(Math.floor(writtenAtMs)) * 1_000n;
  const isOfThen = aheadMicros < OWN_MICROS && aheadMicros > -OWN_MICROS;
  return (
    isOfThen && timestampMicros % 1_000n !== 0n && decisions.every(({ timestamp }) => timestamp === undefined)
  );
}

function judge(statement: Statement, { schema, keyspace }: ReplayFacts): Judged {
  const inspection = inspect(statement.query);
  return {
    statement,
    inspection,
    decision: decide(inspection, { schema, keyspace, values: statement.params }),
  };
}

/**
 * A default TTL that the tables had at the write stands in the text, where they were known then. What this cluster's have, or have got
 * since, is not for this write.
 */
function withoutNewDefault(judged: Judged, facts: ReplayFacts): Judged {
  const { statement, inspection, decision } = judged;
  if (!decision.members.some(({ ttl }) => ttl?.source === "table")) return judged;
  const members = decision.members.map((member) =>
    member.ttl?.source === "table" ? { ...member, ttl: { ...member.ttl, seconds: 0 } } : member,
  );
  return judge(withDefaultTtl(inspection, { ...decision, members }, statement.params), facts);
}

function assertNotRefused({ calls, verb }: Inspection, { verdict, reason }: Decision): void {
  if (verdict === "refuse") throw notReplayable(reason ?? UNKNOWN);
  if (verdict === "read")
    throw notReplayable({ construct: verb.toUpperCase(), at: 0, why: "It writes nothing." });
  const [call] = calls;
  if (verdict !== "evaluate" || call === undefined) return;
  const why = "Its value was not made with the write, and would be another one now.";
  throw notReplayable({ construct: `a call of ${call.function}()`, at: call.call.at, why });
}

/** The cluster's schema was read: what it lacks, it may get. */
function assertDecided(
  { verdict, on, reason = UNKNOWN, members }: Decision,
  { targetCluster }: ReplayPayload,
): void {
  if (verdict !== "depends") return;
  if (!on.includes("schema")) throw notReplayable(reason);
  const { keyspace, table = "" } = members.find((member) => member.verdict === "depends") ?? {};
  throw schemaUnknown(targetCluster, keyspace === undefined ? table : `${keyspace}.${table}`, reason.why);
}

const NO_KEYSPACE =
  "Neither its text nor its payload names a keyspace, and the session has none: set `keyspace` in the options of the cluster.";

const UNKNOWN: Reason = {
  construct: "a statement of which it cannot be told whether it is safe",
  at: 0,
  why: "What it writes a second time may be something else.",
};

function tablesOf(
  inspection: Inspection,
  { targetCluster }: ReplayPayload,
  { schema, keyspace }: ReplayFacts,
): TargetTable[] {
  return inspection.tables.map(({ keyspace: named, table }) => {
    const owner = named?.name ?? keyspace;
    const name = owner === undefined ? table.name : `${owner}.${table.name}`;
    const found = owner === undefined ? undefined : schema.keyspace(owner)?.tables.get(table.name);
    if (owner === undefined) throw schemaUnknown(targetCluster, name, NO_KEYSPACE);
    if (found === undefined) throw schemaUnknown(targetCluster, name, "It has no such table.");
    if (isServersOwn(found)) {
      const construct = `a write to ${name}`;
      throw neverReplayable(inspection, { construct, at: 0, why: "What is in it is the servers' to say." });
    }
    const dropped = lastDropped(inspection, table.name, found);
    return { name, schema: found, createdAtMs: timeOfId(found.id), dropped };
  });
}

function lastDropped({ statement }: Inspection, name: string, table: TableSchema): ColumnSchema | undefined {
  let last: ColumnSchema | undefined;
  for (const column of table.columns.values()) {
    const { droppedAtMs } = column;
    if (droppedAtMs === undefined || droppedAtMs <= (last?.droppedAtMs ?? 0)) continue;
    const writes = statement?.verb === "batch" ? statement.members : statement ? [statement] : [];
    if (writes.some((write) => write.table.table.name === name && isWritten(write, column.name)))
      last = column;
  }
  return last;
}

function isWritten(write: WriteStatement, column: string): boolean {
  switch (write.verb) {
    case "insert":
      // A JSON that does not name it writes null, or nothing: that is not looked at.
      return write.json !== undefined || write.columns.some(({ name }) => name === column);
    case "update":
      return write.assignments.some(({ target }) => target.column.name === column);
    case "delete":
      return false;
  }
}
