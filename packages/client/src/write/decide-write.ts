import { CLUSTERS, type ClusterId, type ErrorReading } from "@helix/core";

/** What one cluster came to, for one logical write. */
export type ClusterOutcome<T> =
  | { readonly state: "applied"; readonly result: T }
  | { readonly state: "failed"; readonly error: unknown; readonly reading: ErrorReading };

/** What is to be done about both. */
export interface WriteDecision {
  /**
   * - `success`: at least one cluster has it.
   * - `pending`: none surely has it, one perhaps has: it is made to happen on both.
   * - `failed`: surely on neither.
   * - `mistake`: not applied, as far as is known, and not to be: the columns of a cluster refuse the caller's values.
   */
  readonly verdict: "success" | "pending" | "failed" | "mistake";
  /** Where it is to be replayed. */
  readonly queue: readonly ClusterId[];
}

const NOWHERE: readonly ClusterId[] = Object.freeze([]);

/** The rules of a dual write. Pure. */
export function decideWrite(outcomes: Readonly<Record<ClusterId, ClusterOutcome<unknown>>>): WriteDecision {
  const { A, B } = outcomes;
  if (A.state === "applied" || B.state === "applied") {
    const queue = CLUSTERS.filter((cluster) => outcomes[cluster].state === "failed");
    return { verdict: "success", queue };
  }
  // Before "perhaps": it could never be made to happen on both.
  if (isRefusedForGood(A) || isRefusedForGood(B)) return { verdict: "mistake", queue: NOWHERE };
  if (A.reading.applied === "maybe" || B.reading.applied === "maybe") {
    return { verdict: "pending", queue: CLUSTERS };
  }
  return { verdict: isMistake(A) || isMistake(B) ? "mistake" : "failed", queue: NOWHERE };
}

/** Whether it is a value, a name or an option that we or the driver refused before anything was sent. */
export function isMistake(outcome: ClusterOutcome<unknown>): boolean {
  if (outcome.state === "applied") return false;
  const { answered, retry, scope } = outcome.reading;
  return !answered && (scope === "value" || (scope === "caller" && retry === "never"));
}

/** And no change of the schema that may still come would make it right. */
export function isRefusedForGood(outcome: ClusterOutcome<unknown>): boolean {
  return isMistake(outcome) && outcome.state === "failed" && outcome.reading.retry === "never";
}
