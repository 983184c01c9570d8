import type { ClusterId } from "@helix/core";
import type { CqlTap } from "@helix/testkit";
import { type ExecutionKey, executionKey } from "./account.ts";
import type { Figure } from "./verdict.ts";

export interface TappedCluster {
  readonly cluster: ClusterId;
  readonly tap: Pick<CqlTap, "executions">;
}

/** Writes that a cluster was given more than once. With the same timestamp that is harmless, but it is work. */
export interface Doubles {
  /** The cluster has answered twice that it was applied. */
  readonly certain: number;
  /** Of several requests some were never answered: they may have been executed, or have died with a server. */
  readonly possible: number;
}

/**
 * Counts at the clusters' doors, by timestamp, over all who go through: nobody has to be believed. Only writes of the
 * callers are counted, by `timestamps`.
 */
export function countDoubles(taps: readonly TappedCluster[], timestamps: ReadonlySet<bigint>): Doubles {
  const seen = new Map<ExecutionKey, { applied: number; unanswered: number }>();
  for (const { cluster, tap } of taps) {
    for (const { timestampMicros, state } of tap.executions) {
      if (state === "refused" || !timestamps.has(timestampMicros)) continue;
      const key = executionKey(cluster, timestampMicros);
      const one = seen.get(key) ?? { applied: 0, unanswered: 0 };
      seen.set(key, one);
      one[state]++;
    }
  }
  let certain = 0;
  let possible = 0;
  for (const { applied, unanswered } of seen.values()) {
    if (applied > 1) certain++;
    else if (applied + unanswered > 1) possible++;
  }
  return { certain, possible };
}

export function doublesFigure(name: string, { certain, possible }: Doubles): Figure {
  const upTo = possible === 0 ? "" : ` to ${(certain + possible).toLocaleString("en-US")}`;
  return { name, value: `${certain.toLocaleString("en-US")}${upTo}` };
}
