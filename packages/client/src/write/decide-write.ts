import { CLUSTERS, type ClusterId, type ErrorReading, outcomeOf } from "@helix/core";

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
   * - `mistake`: as `failed`, and no cluster was needed to see that the caller's values cannot be bound.
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
  if (A.reading.applied === "maybe" || B.reading.applied === "maybe") {
    return { verdict: "pending", queue: CLUSTERS };
  }
  const tried = [A, B].filter(({ reading }) => outcomeOf(reading) !== "unavailable");
  return { verdict: tried.length > 0 && tried.every(isMistake) ? "mistake" : "failed", queue: NOWHERE };
}

/** Whether it is a value, a name or an option that we or the driver refused before anything was sent. */
export function isMistake(outcome: ClusterOutcome<unknown>): boolean {
  if (outcome.state === "applied") return false;
  const { answered, retry, scope } = outcome.reading;
  return !answered && (scope === "value" || (scope === "caller" && retry === "never"));
}
