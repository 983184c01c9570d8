import type { Batch, WriteStatement } from "../cql/syntax.ts";
import type { Decision, Inspection, MemberDecision, Reason } from "../inspection.ts";
import type { KeyspaceSchema, Schema } from "../schema/schema.ts";
import { missing } from "./objection.ts";
import { type Plan, planWrite } from "./plan.ts";
import { notUnderstood } from "./reasons.ts";
import { NOTHING, needsValues, ON_SCHEMA, type Settled, settle, withTimestamp } from "./settle.ts";
import { type Lookup, lookupIn, type Values } from "./values.ts";

/** What is known beside the text. */
export interface Facts {
  /** Of one cluster. Without it nearly every write depends on it. */
  readonly schema?: Schema | undefined;
  /** That of the session, for names that are not qualified. */
  readonly keyspace?: string | undefined;
  /** As they are bound. Without them a write depends on them where they matter. */
  readonly values?: Values | undefined;
}

/**
 * What may be done with a write, by its text, the schema and what is bound. Never throws. What depends on no value is found out once for
 * an inspection and a `KeyspaceSchema`; a value is read only where it matters.
 */
export function decide(inspection: Inspection, facts: Facts): Decision {
  const { statement, verdict } = inspection;
  if (verdict === "read") return READ;
  if (statement === undefined) {
    const { reason } = notUnderstood("this text", { at: 0 });
    return { verdict: "refuse", on: NOTHING, members: [], reason: inspection.reason ?? reason };
  }
  const decision =
    statement.verb === "batch"
      ? decideBatch(statement, inspection, facts)
      : decideOne(statement, inspection, facts);
  return verdict === "refuse" ? refusal(decision, inspection.reason) : decision;
}

const READ: Decision = { verdict: "read", on: NOTHING, members: [] };
/** `BEGIN BATCH APPLY BATCH` writes nothing. */
const NO_MEMBERS: Decision = { verdict: "gc", on: NOTHING, members: [] };

function decideOne(statement: WriteStatement, inspection: Inspection, facts: Facts): Decision {
  const keyspace = schemaOf(statement, facts);
  if (keyspace === undefined) {
    return decisionOf([withoutSchema(statement, inspection, facts, lookupFor(facts))], inspection);
  }
  const plan = planFor(keyspace, statement, inspection);
  if (plan.decision !== undefined) return plan.decision;
  const decision = decisionOf([settle(plan, lookupFor(facts))], inspection);
  if (!needsValues(plan)) plan.decision = decision;
  return decision;
}

function decideBatch(batch: Batch, inspection: Inspection, facts: Facts): Decision {
  if (batch.members.length === 0) return NO_MEMBERS;
  const lookup = lookupFor(facts);
  const settled = batch.members.map((statement): Settled => {
    const keyspace = schemaOf(statement, facts);
    return keyspace === undefined
      ? withoutSchema(statement, inspection, facts, lookup)
      : settle(planFor(keyspace, statement, inspection), lookup);
  });
  const { using } = batch;
  if (using?.timestamp === undefined) return decisionOf(settled, inspection);
  return decisionOf(withTimestamp(settled, using, inspection.cql, lookup), inspection);
}

function lookupFor({ values }: Facts): Lookup | undefined {
  return values === undefined ? undefined : lookupIn(values);
}

/** Of the members the worst counts. */
function decisionOf(settled: readonly Settled[], { calls }: Inspection): Decision {
  const members = settled.map(({ member }) => member);
  const { member, on, reason } = settled.reduce((a, b) =>
    RANK[b.member.verdict] > RANK[a.member.verdict] ? b : a,
  );
  const { verdict } = member;
  const decision: Decision = { verdict, on, reason, members, ...timestampsOf(settled) };
  if (calls.length === 0 || verdict === "refuse" || verdict === "depends") return decision;
  // biome-ignore lint/suspicious/noThenProperty: a verdict is no function, so nobody waits for a decision.
  return { ...decision, verdict: "evaluate", then: verdict };
}

function timestampsOf([first, ...others]: readonly Settled[]): Pick<
  Decision,
  "timestamp" | "latestTimestamp"
> {
  let latest = first?.timestamp;
  let isCommon = true;
  for (const { timestamp } of others) {
    isCommon &&= timestamp === first?.timestamp;
    if (timestamp !== undefined && (latest === undefined || timestamp > latest)) latest = timestamp;
  }
  return isCommon ? { timestamp: latest } : { timestamp: "several", latestTimestamp: latest };
}

const RANK: Readonly<Record<MemberDecision["verdict"], number>> = {
  gc: 0,
  replay: 1,
  ttl: 2,
  depends: 3,
  refuse: 4,
};

/** Its members keep what they live for, for whoever replays it all the same. */
function refusal(decision: Decision, reason: Reason | undefined): Decision {
  const { members, timestamp, latestTimestamp } = decision;
  return {
    verdict: "refuse",
    on: NOTHING,
    reason,
    members: members.map((member) => ({ ...member, verdict: "refuse" })),
    timestamp,
    latestTimestamp,
  };
}

function schemaOf({ table }: WriteStatement, facts: Facts): KeyspaceSchema | undefined {
  const name = table.keyspace?.name ?? facts.keyspace;
  return name === undefined ? undefined : facts.schema?.keyspace(name);
}

function withoutSchema(
  { table, using }: WriteStatement,
  { cql }: Inspection,
  facts: Facts,
  lookup: Lookup | undefined,
): Settled {
  const keyspace = table.keyspace?.name ?? facts.keyspace;
  const { reason } = missing(
    table,
    "an unknown keyspace",
    keyspace === undefined
      ? "Neither the text nor the session names a keyspace."
      : `Nothing is known of the keyspace ${keyspace}.`,
  );
  const member = { verdict: "depends", keyspace, table: table.table.name } as const;
  const settled = { member, on: ON_SCHEMA, reason };
  const [dated] = using === undefined ? [] : withTimestamp([settled], using, cql, lookup);
  return dated ?? settled;
}

interface CachedPlan extends Plan {
  /** Where no value matters. */
  decision?: Decision;
}

const plans = new WeakMap<KeyspaceSchema, WeakMap<WriteStatement, CachedPlan>>();

function planFor(keyspace: KeyspaceSchema, statement: WriteStatement, inspection: Inspection): CachedPlan {
  const ofKeyspace = plans.get(keyspace) ?? new WeakMap<WriteStatement, CachedPlan>();
  const known = ofKeyspace.get(statement);
  if (known !== undefined) return known;
  const plan = planWrite(statement, keyspace, inspection.cql);
  plans.set(keyspace, ofKeyspace.set(statement, plan));
  return plan;
}
