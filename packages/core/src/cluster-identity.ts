import { CLUSTERS, type ClusterId, otherCluster } from "./cluster.ts";
import { type HelixError, helixError } from "./errors.ts";

/** What tells a cluster from every other one. */
export interface ClusterIdentity {
  /** Its `cluster_name`: many are called alike, but none has two. Undefined where it does not say. */
  readonly name?: string | undefined;
  /** For people as well. */
  readonly dataCenters: readonly string[];
  /** The ids of its nodes, which no other cluster has; at least one. */
  readonly hosts: readonly string[];
}

/** What is known to be A and B. */
export type KnownClusters = Readonly<Partial<Record<ClusterId, ClusterIdentity>>>;

/** The ids of nodes by which a person says what A or B is from now on. */
export type AcceptedClusters = Readonly<Partial<Record<ClusterId, string>>>;

/** The record of which cluster is A and which is B, shared by all who write to them or replay. */
export interface ClusterIdentities {
  /**
   * Compares what a process has reached under a letter with what is recorded for it, and records it if nothing is. `unknown`:
   * nothing is recorded yet, or this process has no right to read it.
   *
   * Rejects with HELIX_CLUSTER_MISTAKEN where it is another cluster; with anything else where it cannot be said now.
   */
  claim(cluster: ClusterId, found: ClusterIdentity): Promise<"same" | "unknown">;
}

/** Nodes are replaced by and by; so many ids are kept, the latest first. */
const MAX_HOSTS = 1_000;
/** Of a text, which is a log line as well. */
const MAX_SHOWN = 3;
const MAX_NAME = 64;

/**
 * What has to be recorded from now on: the same object where nothing is new. A cluster is the same while it has one node of
 * those that it ever had. Pure.
 *
 * @throws HELIX_CLUSTER_MISTAKEN where another one is recorded, or this one under the other letter, and nobody has accepted that.
 */
export function claimed(
  known: KnownClusters,
  cluster: ClusterId,
  found: ClusterIdentity,
  accepted: AcceptedClusters = {},
): KnownClusters {
  const other = otherCluster(cluster);
  const [own, others] = [known[cluster], known[other]];
  const isAccepted = isOf(found, accepted[cluster]);
  if (isShared(found, others)) {
    // Exchanged by order: of both, or the other letter would go on meaning this one.
    const isExchanged = isAccepted && accepted[other] !== undefined && !isOf(others, accepted[other]);
    if (!isExchanged) throw mistaken(cluster, found, own, other);
    return { [cluster]: found };
  }
  if (own === undefined || (isAccepted && !isShared(found, own))) return { ...known, [cluster]: found };
  if (!isShared(found, own)) throw mistaken(cluster, found, own, undefined);
  const isKnown = new Set(own.hosts);
  if (found.hosts.every((host) => isKnown.has(host))) return known;
  const hosts = [...new Set([...found.hosts, ...own.hosts])].slice(0, MAX_HOSTS);
  return { ...known, [cluster]: { ...found, hosts } };
}

/**
 * Whether both are one cluster. Of one that was made from a copy of another's disks the host ids are the same as well, but, where
 * they live side by side, not the name.
 */
export function isShared(found: ClusterIdentity, other: ClusterIdentity | undefined): boolean {
  if (other === undefined) return false;
  if (found.name !== undefined && other.name !== undefined && found.name !== other.name) return false;
  const hosts = new Set(other.hosts);
  return found.hosts.some((host) => hosts.has(host));
}

function isOf(cluster: ClusterIdentity | undefined, host: string | undefined): boolean {
  return host !== undefined && cluster?.hosts.includes(host) === true;
}

function mistaken(
  cluster: ClusterId,
  found: ClusterIdentity,
  recorded: ClusterIdentity | undefined,
  recordedAs: ClusterId | undefined,
): HelixError {
  const is = recorded === undefined ? "nothing is recorded" : `${described(recorded)} is recorded`;
  const why =
    recordedAs === undefined
      ? "It is another environment, or a cluster that was restored or made anew."
      : `It is the one that is recorded for ${recordedAs}: A and B are exchanged in this process's configuration, or lead to one cluster.`;
  const order = CLUSTERS.filter((one) => one === cluster || recordedAs !== undefined)
    .map((one) =>
      one === cluster ? `${one}=${found.hosts[0]}` : `${one}=<a host id of what ${one} is to be>`,
    )
    .join(",");
  return helixError(
    "HELIX_CLUSTER_MISTAKEN",
    `This is not cluster ${cluster}: ${described(found)} was found, ${is}. ${why} Nothing is sent to it. ` +
      `If the configuration is right and the record is not, a worker of this queue accepts it with \`acceptClusters\` ${order}`,
    { cluster, found, recorded, recordedAs },
  );
}

function described({ name = "a cluster without a name", dataCenters, hosts }: ClusterIdentity): string {
  return `"${name.slice(0, MAX_NAME)}" (data centre ${shown(dataCenters)}; host ids ${shown(hosts)})`;
}

function shown(names: readonly string[]): string {
  const more = names.length > MAX_SHOWN ? ` and ${names.length - MAX_SHOWN} more` : "";
  return names.length === 0 ? "unknown" : names.slice(0, MAX_SHOWN).join(", ") + more;
}
