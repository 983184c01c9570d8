import { CLUSTERS, type ClusterId, type Lane, type QueueRoom } from "@helix/core";
import { duration, quantity } from "@helix/core/internal";
import { fullnessOf } from "./fullness.ts";
import type { ClusterStatus, PodStatus } from "./status-types.ts";

/** What somebody should do something about, before it is too late. */
export interface Warning {
  readonly code:
    | "lanes-nearly-full"
    | "dead-letters-nearly-full"
    | "half-of-retention"
    | "half-of-gc-grace"
    | "nobody-replays"
    | "queue-warning"
    | "failing-again"
    | "stuck";
  /** For a person. */
  readonly sentence: string;
  readonly cluster?: ClusterId | undefined;
  readonly lane?: Lane | undefined;
  /** Until it is too late, if it goes on as in the last minute. Milliseconds; absent: it is, it does not get worse, or nobody can tell. */
  readonly inMs?: number | undefined;
}

const HALF = 0.5;
/** Of what pods say of the queue. */
const MOST_TOLD = 3;
/** A schema that is changed on one cluster and then on the other is none. */
const REFUSED_MS = 300_000;

export interface Seen {
  readonly clusters: Readonly<Record<ClusterId, ClusterStatus>>;
  /** Undefined: it could not be read who is there. */
  readonly pods: readonly PodStatus[] | undefined;
  readonly room: readonly QueueRoom[];
  readonly retentionMs: number | undefined;
  readonly nowMs: number;
}

export function warningsOf(seen: Seen): Warning[] {
  const clusters = CLUSTERS.map((cluster) => seen.clusters[cluster]);
  return [
    ...seen.room.flatMap((room) => fullness(room, seen.pods ?? [])),
    ...clusters.flatMap((cluster) => ages(cluster, seen)),
    ...clusters.flatMap((cluster) => standstill(cluster, seen)),
    ...clusters.flatMap((cluster) => refusals(cluster, seen)),
    ...ofPods(seen.pods ?? []),
  ];
}

function fullness(room: QueueRoom, pods: readonly PodStatus[]): Warning[] {
  const nearly = fullnessOf(room, pods);
  if (nearly === undefined) return [];
  const { of, lane, where, held, isFull, inMs, harm } = nearly;
  const soon = inMs === undefined ? "" : `, full in ${duration(inMs)}`;
  return [
    {
      code: of === "lanes" ? "lanes-nearly-full" : "dead-letters-nearly-full",
      sentence: `${where}: ${held}${soon}; ${isFull ? "it is full: " : "full, "}${harm}`,
      ...(lane !== undefined && { lane }),
      inMs,
    },
  ];
}

function ages({ cluster, name, oldestAgeMs }: ClusterStatus, { retentionMs, pods = [] }: Seen): Warning[] {
  if (oldestAgeMs === undefined) return [];
  const graces = pods.flatMap(({ clusters }) => clusters[cluster].shortestGrace ?? []);
  const grace = graces.sort((one, other) => one.gcGraceSeconds - other.gcGraceSeconds)[0];
  const graceMs = grace && grace.gcGraceSeconds * 1000;
  const old = `${name}: the oldest write has waited for ${duration(oldestAgeMs)}`;
  const found: Warning[] = [];
  if (retentionMs !== undefined && oldestAgeMs >= HALF * retentionMs) {
    const inMs = Math.max(0, retentionMs - oldestAgeMs);
    const sentence = `${old} of the ${duration(retentionMs)} for which the queue keeps it; then it becomes a dead letter (expired)`;
    found.push({ code: "half-of-retention", sentence, cluster, inMs });
  }
  if (grace !== undefined && graceMs !== undefined && oldestAgeMs >= HALF * graceMs) {
    const inMs = Math.max(0, graceMs - oldestAgeMs);
    const sentence = `${old}, and ${grace.table} remembers its deletes for ${duration(graceMs)} (gc_grace_seconds); then what is for it becomes a dead letter (too-old)`;
    found.push({ code: "half-of-gc-grace", sentence, cluster, inMs });
  }
  return found;
}

/** What pods have against their queue: one warning, since mostly all of them say the same. */
function ofPods(pods: readonly PodStatus[]): Warning[] {
  const told = new Map<string, string[]>();
  for (const { isAlive, host, warning } of pods) {
    if (isAlive && warning !== undefined) told.set(warning, [...(told.get(warning) ?? []), host]);
  }
  if (told.size === 0) return [];
  const sentences = [...told].map(
    ([warning, [host, ...others]]) =>
      `${host}${others.length > 0 ? ` and ${others.length} more` : ""}: ${warning}`,
  );
  return [{ code: "queue-warning", sentence: sentences.slice(0, MOST_TOLD).join("; ") }];
}

function standstill({ cluster, name, depth = 0, lanes }: ClusterStatus, { pods }: Seen): Warning[] {
  const stuck = lanes.filter((lane) => lane.stuck > 0);
  const found: Warning[] = stuck.map(({ lane, stuck: count }) => ({
    code: "stuck",
    sentence: `${name}: ${quantity(count)} messages of lane ${lane} are stored, but owed to nobody; pods bring them back within minutes`,
    cluster,
    lane,
  }));
  if (depth > 0 && pods !== undefined && !pods.some(({ isAlive }) => isAlive)) {
    const sentence = `${name}: ${quantity(depth)} messages wait, and no pod that replays says that it is there`;
    found.push({ code: "nobody-replays", sentence, cluster });
  }
  return found;
}

/** What a cluster has refused for so long that somebody has to cure it. */
function refusals({ cluster, name, depth = 0 }: ClusterStatus, { pods = [], nowMs }: Seen): Warning[] {
  const [refused] = pods
    .flatMap((pod) => (pod.isAlive && pod.clusters[cluster].refusedWrites) || [])
    .sort((one, other) => one.sinceMs - other.sinceMs);
  if (refused === undefined || depth === 0) return [];
  const { tables, text, sinceMs } = refused;
  const forMs = nowMs - sinceMs;
  if (forMs < REFUSED_MS) return [];
  const to = tables === "" ? "" : ` to ${tables}`;
  const sentence = `${name}: writes${to} have been refused for ${duration(forMs)}, and wait until that is cured: ${text}`;
  return [{ code: "failing-again", sentence, cluster }];
}
