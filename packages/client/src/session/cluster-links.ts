import { type ClusterId, helixError } from "@helix/core";
import type { ClusterLink } from "./cluster-link.ts";

/** The links of a process, one per cluster that is configured. */
export class ClusterLinks {
  readonly #links: ReadonlyMap<ClusterId, ClusterLink>;
  #closed = false;

  constructor(links: ReadonlyMap<ClusterId, ClusterLink>) {
    this.#links = links;
  }

  /** In the order of the clusters. */
  get all(): readonly ClusterLink[] {
    return [...this.#links.values()];
  }

  /**
   * @throws HELIX_CLIENT_CLOSED; HELIX_CLUSTER_UNAVAILABLE for a cluster that is not configured, so that
   * its messages wait for a process that has it.
   */
  get(cluster: ClusterId): ClusterLink {
    if (this.#closed) throw clientClosed();
    const link = this.#links.get(cluster);
    if (link !== undefined) return link;
    throw helixError(
      "HELIX_CLUSTER_UNAVAILABLE",
      `Cluster ${cluster} is not configured here: name it in \`clusters\``,
      { cluster, outcome: "unavailable" },
    );
  }

  start(): void {
    for (const link of this.all) link.start();
  }

  /** Resolves when no session is left. Twice is safe. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.all.map((link) => link.close()));
  }
}

export function clientClosed(): Error {
  return helixError("HELIX_CLIENT_CLOSED", "The client has been closed", {});
}
