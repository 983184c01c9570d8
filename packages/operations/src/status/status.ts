import { CLUSTERS, type Clock, type ClusterFigures, type ClusterId } from "@helix/core";
import { errorText } from "@helix/core/internal";
import { type Operated, settingsOf } from "../operated.ts";
import { listPods } from "../pods/pod-list.ts";
import type { PodReport } from "../pods/pod-report.ts";
import { recordOf } from "../record-of.ts";
import { clusterStatus } from "./cluster-status.ts";
import { gateStatus, rateStatus, readOrders } from "./orders.ts";
import type { PodStatus, Status, Unread } from "./status-types.ts";
import { warningsOf } from "./warnings.ts";

export type Observed = Pick<Operated, "control" | "clusterNames" | "clock"> & {
  readonly queue: Pick<Operated["queue"], "depths" | "room" | "traits">;
};

/**
 * What an operator wants to know first. Resolves with what can be read, and says what cannot; never rejects for that. It reads no
 * message but the oldest of each lane, and so takes as long for a million as for one. What is told of pods is some seconds old.
 */
export async function status(operated: Observed): Promise<Status> {
  const { queue, control } = operated;
  const { names, clock } = settingsOf(operated);
  const unread: Unread[] = [];
  const read = async <T>(part: Unread["part"], ask: () => Promise<T> | undefined): Promise<T | undefined> => {
    try {
      return await ask();
    } catch (error) {
      unread.push({ part, error: errorText(error) });
      return undefined;
    }
  };
  const [depths, room, gates, rates, pods] = await Promise.all([
    read("lanes", () => queue.depths()),
    read("room", () => queue.room?.()),
    read("gates", () => readOrders.gates(control)),
    read("rates", () => readOrders.rates(control)),
    read("pods", () => podsIn(control, clock)),
  ]);
  const nowMs = clock.wallMs();
  const { retentionMs, leaseMs } = queue.traits;
  const of = (cluster: ClusterId) =>
    clusterStatus({
      cluster,
      name: names[cluster],
      nowMs,
      gate: gates && gateStatus(gates.orders[cluster], nowMs),
      rate: rates && rateStatus(rates.orders[cluster], nowMs),
      depths,
      pods,
      leaseMs,
    });
  const clusters = { A: of("A"), B: of("B") };
  return {
    atMs: nowMs,
    clusters,
    pods: pods ?? [],
    warnings: warningsOf({ clusters, pods, room: room ?? [], retentionMs, nowMs }),
    revisions: { gates: gates?.revision, rates: rates?.revision },
    unread,
  };
}

/** A clock that is further off than that moves what is told by it. Milliseconds. */
const OFF_MS = 1_000;

/** Those that are spoken of, as they have reported; when, by the clock of whoever asks. Rejects as the store does. */
export async function podsIn(control: Operated["control"], clock: Clock): Promise<PodStatus[]> {
  const listed = await listPods(control);
  const nowMs = clock.wallMs();
  return listed.flatMap(({ report, isAlive, silentMs, isForgotten, clockOffsetMs }) => {
    if (report === undefined || isForgotten) return [];
    const { atMs, ...told } = report;
    const offMs = atMs === undefined ? 0 : nowMs - silentMs - atMs;
    return { ...(Math.abs(offMs) > OFF_MS ? movedBy(offMs, told) : told), isAlive, silentMs, clockOffsetMs };
  });
}

/** By so much a pod's clock is behind. */
function movedBy(ms: number, told: Omit<PodReport, "atMs">): Omit<PodReport, "atMs"> {
  const moved = (atMs: number) => Math.max(0, Math.round(atMs + ms));
  const { clusters, startedAtMs } = told;
  const of = ({ breakerSinceMs, lastError, refusedWrites, ...figures }: ClusterFigures): ClusterFigures => ({
    ...figures,
    ...(breakerSinceMs !== undefined && { breakerSinceMs: moved(breakerSinceMs) }),
    ...(lastError !== undefined && { lastError: { ...lastError, atMs: moved(lastError.atMs) } }),
    ...(refusedWrites !== undefined && {
      refusedWrites: { ...refusedWrites, sinceMs: moved(refusedWrites.sinceMs) },
    }),
  });
  return {
    ...told,
    startedAtMs: moved(startedAtMs),
    clusters: recordOf(CLUSTERS, (cluster) => of(clusters[cluster])),
  };
}
