import { type ClusterId, clusterOf, LANES, type LaneDepth, priorityOf } from "@helix/core";
import { sentenceOf } from "./sentence.ts";
import type {
  BreakerStatus,
  ClusterStatus,
  GateStatus,
  LaneStatus,
  PodStatus,
  RateStatus,
} from "./status-types.ts";
import { outlookOf, trafficOf } from "./traffic.ts";

/** What is known of a cluster; what is undefined could not be read. */
export interface Known {
  readonly cluster: ClusterId;
  readonly name: string;
  readonly nowMs: number;
  readonly gate: GateStatus | undefined;
  readonly rate: RateStatus | undefined;
  readonly depths: readonly LaneDepth[] | undefined;
  readonly pods: readonly PodStatus[] | undefined;
  /** For so long nobody else gets what a pod held that is gone. Milliseconds. */
  readonly leaseMs?: number | undefined;
}

export function clusterStatus(known: Known): ClusterStatus {
  const { cluster, name, nowMs, gate, rate, depths, pods } = known;
  const breaker = breakerStatus(cluster, pods ?? [], nowMs);
  const isHeld = breaker.state === "open" || (gate !== undefined && gate.state !== "open");
  const own = depths?.filter(({ lane }) => clusterOf(lane) === cluster);
  const lanes = (own ?? []).map((depth) => laneStatus(depth, known, isHeld));
  const depth = own && lanes.reduce((sum, lane) => sum + lane.depth, 0);
  const { growth, died, ...traffic } = trafficOf(
    LANES.filter((lane) => clusterOf(lane) === cluster),
    pods ?? [],
  );
  const ages = lanes.map(({ oldestAgeMs }) => oldestAgeMs).filter((age) => age !== undefined);
  const told = {
    cluster,
    name,
    gate,
    rate,
    breaker,
    lastError: lastError(cluster, pods ?? []),
    depth,
    oldestAgeMs: ages.length === 0 ? undefined : Math.max(...ages),
    ...traffic,
    ...(depth === undefined ? { outlook: "unknown" as const } : outlookOf(depth, growth, isHeld)),
    lanes,
  };
  return { ...told, sentence: sentenceOf(told, { growth, died }, nowMs) };
}

function laneStatus(
  { lane, pending, inFlight, delayed, stuck, oldestAgeMs }: LaneDepth,
  { pods, leaseMs = 0 }: Known,
  isHeld: boolean,
): LaneStatus {
  const owed = inFlight + delayed;
  const saidOf = (what: "inHand" | "inBackOff", of: readonly PodStatus[] = []) =>
    of.reduce((sum, pod) => sum + pod.lanes[lane][what], 0);
  const alive = pods?.filter(({ isAlive }) => isAlive);
  const holding = pods?.filter(({ isAlive, silentMs }) => isAlive || silentMs < leaseMs);
  // Whoever asks knows his own at the most.
  const inBackOff = Math.min(owed, Math.max(delayed, saidOf("inBackOff", alive)));
  // A server owes what was handed back to whoever had it, until somebody asks for more: in an outage nobody does.
  const inHand = Math.min(owed - inBackOff, holding === undefined ? owed : saidOf("inHand", holding));
  const depth = pending + owed + stuck;
  const { growth, died: _, ...traffic } = trafficOf([lane], pods ?? []);
  return {
    lane,
    priority: priorityOf(lane),
    depth,
    pending: pending + owed - inBackOff - inHand,
    inHand,
    inBackOff,
    stuck,
    oldestAgeMs,
    ...traffic,
    ...outlookOf(depth, growth, isHeld),
  };
}

function breakerStatus(cluster: ClusterId, pods: readonly PodStatus[], nowMs: number): BreakerStatus {
  const alive = pods.filter(({ isAlive }) => isAlive).map(({ clusters }) => clusters[cluster]);
  const open = alive.filter(({ breaker }) => breaker !== "closed");
  const since = open.map(({ breakerSinceMs = nowMs }) => breakerSinceMs);
  const state = open.length === 0 ? "closed" : open.length === alive.length ? "open" : "partly-open";
  return {
    state: alive.length === 0 ? "unknown" : state,
    openPods: open.length,
    pods: alive.length,
    openForMs: since.length === 0 ? undefined : Math.max(0, nowMs - Math.min(...since)),
  };
}

function lastError(cluster: ClusterId, pods: readonly PodStatus[]): ClusterStatus["lastError"] {
  const all = pods.flatMap(({ id: pod, clusters }) => {
    const { lastError: last } = clusters[cluster];
    return last === undefined ? [] : { ...last, pod };
  });
  return all.sort((one, other) => other.atMs - one.atMs)[0];
}
