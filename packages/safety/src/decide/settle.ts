import type { Inspection, MemberDecision, Reason } from "../inspection.ts";
import type { BoundPart, Effect } from "./findings.ts";
import { refused } from "./objection.ts";
import type { Plan } from "./plan.ts";
import { isObjection } from "./types.ts";
import { isBound, readBound } from "./using.ts";
import { boundTo, type Values } from "./values.ts";

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

export function settle(plan: Plan, values: Values | undefined): Settled {
  const { keyspace, table, findings } = plan;
  const { objection } = findings;
  if (objection?.kind === "missing") {
    return { member: { verdict: "depends", keyspace, table }, on: ON_SCHEMA, reason: objection.reason };
  }
  if (values === undefined && needsValues(plan)) {
    return objection === undefined
      ? { member: { verdict: "depends", keyspace, table }, on: ON_VALUES }
      : { member: { verdict: "refuse", keyspace, table }, on: NOTHING, reason: objection.reason };
  }
  try {
    return settleBy(plan, values ?? []);
  } catch {
    return { member: { verdict: "refuse", keyspace, table }, on: NOTHING, reason: UNREADABLE };
  }
}

function settleBy({ keyspace, table, findings, using }: Plan, values: Values): Settled {
  const ttl = readBound(using.ttl, values);
  const timestamp = readBound(using.timestamp, values);
  const known = typeof timestamp === "bigint" ? { timestamp } : {};
  let { objection, writesData } = findings;
  if (objection === undefined) {
    for (const part of findings.suspects) {
      const effect = judge(part, values);
      if (typeof effect === "object") objection ??= effect;
      else if (effect === "data") writesData = true;
    }
  }
  if (typeof timestamp === "object") objection ??= timestamp;
  if (ttl !== undefined && isObjection(ttl)) objection ??= ttl;
  const lives = ttl === undefined || isObjection(ttl) ? {} : { ttl };
  if (objection !== undefined) {
    const isMissing = objection.kind === "missing";
    const member = { verdict: isMissing ? "depends" : "refuse", keyspace, table, ...lives } as const;
    return { member, on: isMissing ? ON_SCHEMA : NOTHING, reason: objection.reason, ...known };
  }
  const isData = writesData || findings.cells.some((part) => judge(part, values) === "data");
  const member: MemberDecision = !isData
    ? { verdict: "gc", keyspace, table }
    : { verdict: ttl === undefined ? "replay" : "ttl", keyspace, table, ...lives };
  return { member, on: NOTHING, ...known };
}

function judge(part: BoundPart, values: Values): Effect {
  return part.judge(boundTo(values, part.marker, part.name));
}

export const NOTHING: Inspection["on"] = [];
export const ON_SCHEMA: Inspection["on"] = ["schema"];
const ON_VALUES: Inspection["on"] = ["values"];

const { reason: UNREADABLE } = refused(
  { at: 0 },
  "a value that cannot be read",
  "It threw when it was looked at.",
);
