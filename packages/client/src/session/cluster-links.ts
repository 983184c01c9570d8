import { CLUSTERS, type ClusterId, helixError } from "@helix/core";
import type { ClusterLink } from "./cluster-link.ts";

/** How many keyspaces beyond the configured one a process replays at a time, per cluster. */
const MAX_KEYSPACES = 8;

/**
 * The links of a process: one per cluster, and further ones for the keyspaces that payloads need, since
 * version 4 of the protocol ties the keyspace to the session. Of those the one that was used longest ago
 * makes room.
 */
export class ClusterLinks {
  readonly #main: ReadonlyMap<ClusterId, ClusterLink>;
  readonly #create: (cluster: ClusterId, keyspace: string) => ClusterLink;
  /** In the order of their last use. */
  readonly #byKeyspace = new Map<ClusterId, Map<string, ClusterLink>>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  /** @param create Makes a link that is not started. */
  constructor(
    main: ReadonlyMap<ClusterId, ClusterLink>,
    create: (cluster: ClusterId, keyspace: string) => ClusterLink,
  ) {
    this.#main = main;
    this.#create = create;
  }

  /** The links of the configuration, in the order of the clusters. */
  get main(): readonly ClusterLink[] {
    return CLUSTERS.flatMap((cluster) => this.#main.get(cluster) ?? []);
  }

  /**
   * The link of a cluster, with a session for that keyspace.
   *
   * @throws HELIX_CLIENT_CLOSED; HELIX_CLUSTER_UNAVAILABLE for a cluster that is not configured, so that
   * its messages wait for a process that has it.
   */
  get(cluster: ClusterId, keyspace?: string): ClusterLink {
    if (this.#closed) throw clientClosed();
    const main = this.#main.get(cluster);
    if (main === undefined) {
      throw helixError(
        "HELIX_CLUSTER_UNAVAILABLE",
        `Cluster ${cluster} is not configured here: name it in \`clusters\``,
        { cluster, outcome: "unavailable", scope: "cluster" },
      );
    }
    if (keyspace === undefined || keyspace === main.config.keyspace) return main;
    return this.#forKeyspace(cluster, keyspace);
  }

  start(): void {
    for (const link of this.#main.values()) link.start();
  }

  /** Resolves when no session is left. Twice is safe. */
  async close(): Promise<void> {
    this.#closed = true;
    const extra = [...this.#byKeyspace.values()].flatMap((links) => [...links.values()]);
    await Promise.all([...[...this.#main.values(), ...extra].map((link) => link.close()), ...this.#closing]);
  }

  #forKeyspace(cluster: ClusterId, keyspace: string): ClusterLink {
    const links = this.#byKeyspace.get(cluster) ?? new Map<string, ClusterLink>();
    this.#byKeyspace.set(cluster, links);
    let link = links.get(keyspace);
    if (link === undefined) {
      link = this.#create(cluster, keyspace);
      link.start();
    } else {
      links.delete(keyspace);
    }
    links.set(keyspace, link);
    const [oldest] = links;
    if (links.size > MAX_KEYSPACES && oldest !== undefined) {
      links.delete(oldest[0]);
      this.#retire(oldest[1]);
    }
    return link;
  }

  #retire(link: ClusterLink): void {
    const closing = link.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

export function clientClosed(): Error {
  return helixError("HELIX_CLIENT_CLOSED", "The client has been closed", {});
}
