import { CLUSTERS, type ClusterId } from "@helix/core";
import { UsageError } from "../failures.ts";

/** By its letter, or as it is called. @throws UsageError. */
export function clusterIn(
  given: string,
  clusters: Readonly<Record<ClusterId, { readonly name: string }>>,
  type: (cluster: string) => string,
): ClusterId {
  const found =
    CLUSTERS.find((id) => id === given) ??
    CLUSTERS.find((id) => clusters[id].name === given) ??
    CLUSTERS.find((id) => id.toLowerCase() === given.toLowerCase());
  if (found !== undefined) return found;
  const names = CLUSTERS.map((id) => (clusters[id].name === id ? id : `${id} (${clusters[id].name})`));
  throw new UsageError(
    `There is no cluster ${JSON.stringify(given)}: there are ${names.join(" and ")}`,
    ...CLUSTERS.map(type),
  );
}
