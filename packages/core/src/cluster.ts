/** One of the two independent Cassandra clusters that hold the same data. */
export type ClusterId = "A" | "B";

/** Chosen per write; `high` is the default. What it means is the scheduler's business (ratio or strict). */
export type Priority = "high" | "low";

/** One cluster × one priority: what a worker receives from, and a subject of the durable queue. */
export type Lane = `${Priority}.${ClusterId}`;

/** Both clusters, in the order in which everything that reports per cluster reports them. */
export const CLUSTERS: readonly ClusterId[] = Object.freeze(["A", "B"]);

/** Both priorities, the more urgent first. */
export const PRIORITIES: readonly Priority[] = Object.freeze(["high", "low"]);

/** All four lanes. */
export const LANES: readonly Lane[] = Object.freeze(["high.A", "low.A", "high.B", "low.B"]);

/** Made once, since it is asked for with each message, and a text that is put together anew is slow to compare. */
const LANES_OF: Readonly<Record<Priority, Readonly<Record<ClusterId, Lane>>>> = {
  high: { A: "high.A", B: "high.B" },
  low: { A: "low.A", B: "low.B" },
};

export function laneOf(cluster: ClusterId, priority: Priority): Lane {
  return LANES_OF[priority][cluster];
}

export function clusterOf(lane: Lane): ClusterId {
  return lane.endsWith("A") ? "A" : "B";
}

export function priorityOf(lane: Lane): Priority {
  return lane.startsWith("high") ? "high" : "low";
}

export function otherCluster(cluster: ClusterId): ClusterId {
  return cluster === "A" ? "B" : "A";
}

export function isClusterId(value: unknown): value is ClusterId {
  return value === "A" || value === "B";
}

export function isPriority(value: unknown): value is Priority {
  return value === "high" || value === "low";
}
