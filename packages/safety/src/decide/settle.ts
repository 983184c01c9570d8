import type { Using } from "../cql/syntax.ts";
import type { Inspection, MemberDecision, Reason } from "../inspection.ts";
import type { BoundPart, Effect } from "./findings.ts";
import { mistaken, type Objection } from "./objection.ts";
import type { Plan } from "./plan.ts";
import { isObjection } from "./types.ts";
import { isBound, planUsing, readBound, type Timestamp } from "./using.ts";
import { type Lookup, Unbound } from "./values.ts";

/** What one write comes to. */
export interface Settled {
  readonly member: MemberDecision;
  /** What is missing, where it `depends`. */
  readonly on: Inspection["on"];
  readonly reason?: Reason | undefined;
  readonly timestamp?: bigint | undefined;
}

/** Whether values can change what a write comes to. */
export function needsValues({ findings, using }: Plan): boolean {
  const { objection, suspects, cells, writesData } = findings;
  if (isBound(using.ttl) || isBound(using.timestamp)) return true;
  return objection === undefined && (suspects.length > 0 || (cells.length > 0 && !writesData));
}

export function settle(plan: Plan, lookup: Lookup | undefined): Settled {
  const { keyspace, table, findings } = plan;
  const { objection } = findings;
  if (objection?.kind === "missing") return objected({ keyspace, table }, objection);
  if (lookup === undefined && needsValues(plan)) {
    return objection === undefined
      ? { member: { verdict: "depends", keyspace, table }, on: ON_VALUES }
      : objected({ keyspace, table }, objection);
  }
  try {
    return settleBy(plan, lookup ?? NOTHING_BOUND);
  } catch (error) {
    return objected({ keyspace, table }, unreadable(error));
  }
}

/** The members of a batch that has a timestamp for all of them. */
export function withTimestamp(
  settled: readonly Settled[],
  using: Using,
  cql: string,
  lookup: Lookup | undefined,
): readonly Settled[] {
  const { timestamp: planned } = planUsing(using, cql, 0);
  if (isBound(planned) && lookup === undefined) {
    return settled.map((one) =>
      one.reason === undefined ? { member: { ...one.member, verdict: "depends" }, on: ON_VALUES } : one,
    );
  }
  let timestamp: Timestamp;
  try {
    timestamp = readBound(planned, lookup ?? NOTHING_BOUND);
  } catch (error) {
    timestamp = unreadable(error);
  }
  if (timestamp === undefined) return settled;
  const known = timestamp;
  return settled.map((one) => {
    if (typeof known === "bigint") return { ...one, timestamp: known };
    return one.reason === undefined ? objected(one.member, known) : one;
  });
}

function settleBy({ keyspace, table, findings, using }: Plan, lookup: Lookup): Settled {
  const ttl = readBound(using.ttl, lookup);
  const timestamp = readBound(using.timestamp, lookup);
  let { objection, writesData } = findings;
  if (objection === undefined) {
    for (const part of findings.suspects) {
      const effect = judge(part, lookup);
      if (typeof effect === "object") objection ??= effect;
      else if (effect === "data") writesData = true;
    }
  }
  if (typeof timestamp === "object") objection ??= timestamp;
  if (ttl !== undefined && isObjection(ttl)) objection ??= ttl;
  const known = typeof timestamp === "bigint" ? { timestamp } : undefined;
  const lives = ttl === undefined || isObjection(ttl) ? undefined : { ttl };
  if (objection !== undefined) return { ...objected({ keyspace, table, ...lives }, objection), ...known };
  const isData = writesData || findings.cells.some((part) => judge(part, lookup) === "data");
  const member: MemberDecision = isData
    ? { verdict: lives === undefined ? "replay" : "ttl", keyspace, table, ...lives }
    : { verdict: "gc", keyspace, table };
  return { member, on: NOTHING, ...known };
}

/** It keeps what it would live for, for whoever replays it all the same. */
function objected(member: Omit<MemberDecision, "verdict">, { kind, reason }: Objection): Settled {
  return kind === "missing"
    ? { member: { ...member, verdict: "depends" }, on: ON_SCHEMA, reason }
    : { member: { ...member, verdict: "refuse" }, on: NOTHING, reason };
}

const NOTHING_BOUND: Lookup = () => undefined;

function judge(part: BoundPart, lookup: Lookup): Effect {
  return part.judge(lookup(part.marker, part.name));
}

export const NOTHING: Inspection["on"] = [];
export const ON_SCHEMA: Inspection["on"] = ["schema"];
const ON_VALUES: Inspection["on"] = ["values"];

function unreadable(error: unknown): Objection {
  if (error instanceof Unbound) return error.objection;
  return mistaken({ at: 0 }, "a value that cannot be read", "It threw when it was looked at.");
}
