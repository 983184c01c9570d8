import { CLUSTERS, type ClusterId, isHelixError } from "@helix/core";
import type { ErrorClass } from "../failure/classify-error.ts";

/** What one cluster came to, for one logical write. */
export type ClusterOutcome<T> =
  | { readonly state: "applied"; readonly result: T }
  | ({ readonly state: "failed"; readonly error: unknown } & ErrorClass);

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
  if (A.applied === "maybe" || B.applied === "maybe") return { verdict: "pending", queue: CLUSTERS };
  const tried = [A, B].filter(({ outcome }) => outcome !== "unavailable");
  const mistake = tried.length > 0 && tried.every(({ error }) => isCallersMistake(error));
  return { verdict: mistake ? "mistake" : "failed", queue: NOWHERE };
}

/** A value, a name or an option that we or the driver refuse before anything is sent. */
export function isCallersMistake(error: unknown): boolean {
  if (isHelixError(error, "HELIX_PAYLOAD_INVALID")) return true;
  const name: unknown = typeof error === "object" && error !== null && "name" in error && error.name;
  return name === "TypeError" || name === "RangeError" || name === "ArgumentError";
}
