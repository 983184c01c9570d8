import {
  CLUSTERS,
  type ClusterId,
  type ControlDocument,
  clusterOf,
  GATES_KEY,
  type Gates,
  gateStateAt,
  type LaneDepth,
  priorityOf,
  readGates,
} from "@helix/core";
import { errorText, toldError } from "@helix/core/internal";
import { type Operated, settingsOf } from "../operated.ts";
import { sentenceOf } from "./sentence.ts";
import type { ClusterStatus, GateStatus, LaneStatus, Status, Unread } from "./status-types.ts";

/**
 * What an operator wants to know first. Resolves with what can be read, and says what cannot. It reads no message but the oldest
 * of each lane, and so takes as long for a million as for one.
 */
export async function status(
  operated: Pick<Operated, "queue" | "control" | "clusterNames" | "clock">,
): Promise<Status> {
  const { queue, control } = operated;
  const { names, clock } = settingsOf(operated);
  const unread: Unread[] = [];
  const read = <T>(part: Unread["part"], promise: Promise<T>): Promise<T | undefined> =>
    promise.catch((error: unknown) => {
      unread.push({ part, error: errorText(error) });
      return undefined;
    });
  const [depths, gates] = await Promise.all([
    read("lanes", queue.depths()),
    read("gates", control.get(GATES_KEY).then(gatesIn)),
  ]);
  const nowMs = clock.wallMs();
  const clusterStatus = (cluster: ClusterId): ClusterStatus => {
    const known = {
      cluster,
      name: names[cluster],
      ...(gates !== undefined && { gate: gateOf(gates.orders, cluster, nowMs) }),
      lanes: (depths ?? []).filter(({ lane }) => clusterOf(lane) === cluster).map(laneStatus),
    };
    return { ...known, sentence: sentenceOf(known, nowMs) };
  };
  const [A, B] = CLUSTERS.map(clusterStatus) as [ClusterStatus, ClusterStatus];
  return { atMs: nowMs, clusters: { A, B }, revisions: { gates: gates?.revision }, unread };
}

function gatesIn(document: ControlDocument | undefined) {
  if (document === undefined) return { orders: {}, revision: 0 };
  const { revision, value } = document;
  const orders = readGates(value);
  if (orders === undefined) throw toldError("what lies in the store as gates are none");
  return { orders, revision };
}

function gateOf(gates: Gates, cluster: ClusterId, nowMs: number): GateStatus {
  const order = gates[cluster];
  const state = gateStateAt(order, nowMs);
  if (order === undefined || state !== order.state) return { state };
  const { by, reason: why, sinceMs, untilMs } = order;
  return { state, by, why, sinceMs, ...(untilMs !== undefined && { untilMs }) };
}

function laneStatus({
  lane,
  pending,
  inFlight: inHand,
  delayed: inBackOff,
  stuck,
  oldestAgeMs,
}: LaneDepth): LaneStatus {
  return {
    lane,
    priority: priorityOf(lane),
    depth: pending + inHand + inBackOff + stuck,
    pending,
    inHand,
    inBackOff,
    stuck,
    ...(oldestAgeMs !== undefined && { oldestAgeMs }),
  };
}
