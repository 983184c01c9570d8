import type { ClusterGate, ClusterId } from "@helix/core";

/** Whether a gate drains a cluster. One that throws drains nothing. */
export function isDrained(gate: ClusterGate | undefined, cluster: ClusterId): boolean {
  try {
    return gate?.state(cluster) === "drained";
  } catch {
    return false;
  }
}
