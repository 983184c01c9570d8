import { type ClusterId, helixError } from "@helix/core";

// Of requests that are not sent: surely not their fault, surely not applied.

export function clusterUnavailable(cluster: ClusterId, name: string, why: string, cause: unknown): Error {
  return helixError(
    "HELIX_CLUSTER_UNAVAILABLE",
    `Cluster ${name} is not available: ${why}`,
    { cluster, outcome: "unavailable" },
    { cause },
  );
}

export function clusterBusy(cluster: ClusterId, name: string, maxInFlight: number, waitedMs: number): Error {
  return helixError(
    "HELIX_CLUSTER_BUSY",
    `${maxInFlight} requests to cluster ${name} are out, and none has made room within ${waitedMs} ms`,
    { cluster, maxInFlight, outcome: "unavailable" },
  );
}
