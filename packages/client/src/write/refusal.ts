import { helixError, type Operation } from "@helix/core";
import {
  type Decision,
  type Inspection,
  isSystemKeyspace,
  type Reason,
  type TableSchema,
} from "@helix/safety";
import type { Part } from "./parts.ts";

/**
 * What becomes of a write that is not safe to send twice, late, or to a second cluster. `refuse`: nothing is sent. `hold`: it goes to
 * both clusters, and what one of them missed is kept for a person. `replay`: it goes to both, and what one missed is replayed, knowingly.
 */
export type Unsafe = "refuse" | "hold" | "replay";

export const UNSAFE: readonly Unsafe[] = Object.freeze(["refuse", "hold", "replay"]);

const ONE_CLUSTER = '`{ cluster: "A" }` runs it on that cluster alone';
const BOTH_CLUSTERS =
  '`unsafe: "hold"` writes it to both, and keeps what one of them missed until a person decides; ' +
  '`unsafe: "replay"` writes it to both, and replays what one of them missed, though it may then count twice';

const COUNTER_BATCH: Reason = {
  construct: "a counter batch",
  at: 0,
  why: "What was applied, and seemed not to be, would be counted again by a replay",
};

/** Why a statement is refused; undefined where it is not. */
export function refusalOf(
  operation: Operation,
  part: Part,
  decision: Decision | undefined,
): Reason | undefined {
  if (operation.kind === "batch") {
    if (operation.batchType === "counter") return COUNTER_BATCH;
    const { verb, verdict } = part.inspection;
    if (verdict === "read") return { construct: "SELECT in a batch", at: 0, why: "It writes nothing" };
    if (verb === "batch") return { construct: "a batch in a batch", at: 0, why: "Servers do not take it" };
  }
  if (decision?.verdict === "read") {
    const construct = part.inspection.verb.toUpperCase();
    return { construct, at: 0, why: "It writes nothing, and is asked of one cluster" };
  }
  return decision?.verdict === "refuse" ? (decision.reason ?? NOT_UNDERSTOOD) : undefined;
}

const NOT_UNDERSTOOD: Reason = {
  construct: "a statement that is not understood",
  at: 0,
  why: "It cannot be told what it would do when it is sent again",
};

/**
 * Whether a caller may insist on it, as far as its text tells: it writes rows and does nothing else. What it does must not depend on
 * what each cluster holds (IF), which would let the two differ although neither missed anything; a condition has no timestamp either.
 */
export function writesRows({ inspection: { statement }, member }: Part): boolean {
  if (statement === undefined) return false;
  if (statement.verb !== "batch")
    return statement.condition === undefined && !isSystem(statement.table.keyspace?.name);
  return (
    member === undefined &&
    statement.members.every(
      ({ condition, table }) => condition === undefined && !isSystem(table.keyspace?.name),
    )
  );
}

/** Whether the servers have the last word on what is in it, and when. */
export function isServersOwn(table: TableSchema | undefined): boolean {
  if (table === undefined) return false;
  const { isView, keyspace, transactionalMode = "off" } = table;
  return isView || isSystem(keyspace) || transactionalMode.toLowerCase() !== "off";
}

function isSystem(keyspace: string | undefined): boolean {
  return keyspace !== undefined && isSystemKeyspace(keyspace);
}

export interface Refused {
  readonly reason: Reason;
  /** The number of the statement in its batch, from 1. */
  readonly member?: number | undefined;
  /** Whether the caller may insist. */
  readonly mayInsist: boolean;
  readonly cause?: unknown;
}

/** The error of a write that is not sent: what, where, why, how else, and how to have it all the same. */
export function notReplayable({ reason, member, mayInsist, cause }: Refused): Error {
  const { construct, at, why, cure, isMistake = false } = reason;
  const where = member === undefined ? "" : ` of statement ${member} of the batch`;
  const text = [
    `Nothing was sent, because of ${construct} at character ${at + 1}${where}.`,
    sentence(why),
    cure === undefined ? "" : sentence(cure),
    isMistake ? "" : `Knowingly: ${mayInsist ? `${ONE_CLUSTER}; ${BOTH_CLUSTERS}` : ONE_CLUSTER}.`,
  ];
  const fields = { construct, at, why };
  return helixError("HELIX_NOT_REPLAYABLE", text.filter((one) => one !== "").join(" "), fields, { cause });
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return begun.endsWith(".") ? begun : `${begun}.`;
}

/**
 * `USE` would change the keyspace of the session behind everybody's back, until the session is replaced.
 *
 * @throws HELIX_NOT_REPLAYABLE
 */
export function assertNoUse({ verb }: Inspection): void {
  if (verb !== "use") return;
  const why = "Sessions are replaced and shared";
  const cure = "Set `keyspace` in the options of the cluster, or name the keyspace in the statement";
  throw helixError("HELIX_NOT_REPLAYABLE", `Nothing was sent: USE is refused. ${why}. ${cure}.`, {
    construct: "USE",
    at: 0,
    why,
  });
}
