import { CLUSTERS, type ClusterId } from "@helix/core";
import type { CheckFactory } from "./check.ts";

/**
 * What a caller is told is true: applied is applied, queued is queued, and what failed on both clusters is
 * applied on neither, then and ever after.
 */
export const honestAnswers: CheckFactory = (world, violated) => {
  const failed = new Map<string, number>();
  const queued = new Set<string>();
  const key = (cluster: ClusterId, identity: string) => `${cluster} ${identity}`;
  return {
    name: "honest answers",
    see(event) {
      if (event.kind === "enqueue" && event.result === "yes") queued.add(key(event.cluster, event.identity));
      if (event.kind === "apply" && failed.has(event.identity)) {
        violated(`write ${failed.get(event.identity)} failed for good, and ${event.cluster} applied it`);
      }
      if (event.kind !== "return") return;
      const { number, verdict, identity, reports } = event.write;
      for (const cluster of CLUSTERS) {
        const isApplied = world.clusters[cluster].hasApplied(identity);
        const report = reports[cluster];
        if (verdict === "failed" && isApplied)
          violated(`write ${number} failed, and is applied on ${cluster}`);
        if (report?.applied === "yes" && !isApplied) violated(`write ${number} is not applied on ${cluster}`);
        // What is queued may have been replayed before the caller heard of it.
        if (report?.applied === "no" && report.queued === "no" && isApplied)
          violated(`write ${number} is applied on ${cluster} after all`);
        if (report?.queued === "yes" && !queued.has(key(cluster, identity))) {
          violated(`write ${number} is not queued for ${cluster}`);
        }
      }
      if (verdict === "failed") failed.set(identity, number);
    },
  };
};
