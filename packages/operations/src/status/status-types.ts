import type { ClusterId, GateState, Lane, Priority } from "@helix/core";
import type { PerSecond } from "../pods/per-second.ts";
import type { PodReport } from "../pods/pod-report.ts";
import type { Warning } from "./warnings.ts";

// All of it is plain data, so that an API, a command line and a page show the same. Times are milliseconds since 1970, ages and durations
// milliseconds. What is absent is not known, or is not there.

/** What holds of a queue, its clusters and its pods, and for how long it will last. */
export interface Status {
  readonly atMs: number;
  readonly clusters: Readonly<Record<ClusterId, ClusterStatus>>;
  /** Those that said something within the last minutes. */
  readonly pods: readonly PodStatus[];
  /** What somebody should do something about, before it is too late. */
  readonly warnings: readonly Warning[];
  /** What a change that must not undo somebody else's is compared with. */
  readonly revisions: { readonly gates?: number | undefined; readonly rates?: number | undefined };
  /** What could not be read: the rest is what is known. */
  readonly unread: readonly Unread[];
}

export interface Unread {
  readonly part: "lanes" | "gates" | "rates" | "pods" | "room";
  /** In words that quote no value. */
  readonly error: string;
}

export interface ClusterStatus extends Outlook {
  readonly cluster: ClusterId;
  readonly name: string;
  /** All of it, for a person. */
  readonly sentence: string;
  readonly gate?: GateStatus | undefined;
  /** Over all pods; absent: any number. */
  readonly rate?: RateStatus | undefined;
  readonly breaker: BreakerStatus;
  /** The last one of any pod. */
  readonly lastError?: { readonly text: string; readonly atMs: number; readonly pod: string } | undefined;
  /** All that is in its lanes. */
  readonly depth?: number | undefined;
  readonly oldestAgeMs?: number | undefined;
  readonly in: PerSecond;
  readonly out: PerSecond;
  readonly lanes: readonly LaneStatus[];
}

/** What holds: an order that is over is none. */
export interface GateStatus {
  readonly state: GateState;
  readonly by?: string | undefined;
  readonly why?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export interface RateStatus {
  readonly perSecond: number;
  readonly by: string;
  readonly why: string;
  readonly sinceMs: number;
  readonly untilMs?: number | undefined;
}

/** The breakers of the pods that are alive. */
export interface BreakerStatus {
  /** `partly-open`: for some of them. `unknown`: there is none that could tell. */
  readonly state: "closed" | "open" | "partly-open" | "unknown";
  readonly openPods: number;
  readonly pods: number;
  /** For so long it has been open for one of them. */
  readonly openForMs?: number | undefined;
}

/**
 * What becomes of what waits, if it goes on as in the last minute. An estimate.
 *
 * `empty`: nothing waits. `draining`: by `drainedInMs`. `growing`: more comes than goes. `steady`: neither. `held`: nothing is
 * replayed, by order or since the cluster is away, and no time can be foretold. `unknown`: no pod can tell.
 */
export interface Outlook {
  readonly outlook: "empty" | "draining" | "growing" | "steady" | "held" | "unknown";
  readonly drainedInMs?: number | undefined;
}

export interface LaneStatus extends Outlook {
  readonly lane: Lane;
  readonly priority: Priority;
  /** All that is in the lane: the sum of the four that follow. */
  readonly depth: number;
  /** What no pod holds or has delayed; what was handed back is among it. */
  readonly pending: number;
  /** As pods have said some seconds ago, those that are gone as well while others do not get what they held. */
  readonly inHand: number;
  /** As pods that are alive have said some seconds ago; what a pod that is gone delayed counts as pending. */
  readonly inBackOff: number;
  /** Stored, but owed to nobody: a fault of the queue. */
  readonly stuck: number;
  /** Of the write. */
  readonly oldestAgeMs?: number | undefined;
  /** An estimate: what left it, and by how much it grew. */
  readonly in: PerSecond;
  /** Applied or dead, by the pods that are alive. */
  readonly out: PerSecond;
}

export interface PodStatus extends Omit<PodReport, "atMs"> {
  /** Whether its reports come. */
  readonly isAlive: boolean;
  /** Since the last one. */
  readonly silentMs: number;
  /** So much its clock was ahead of the store's with the last one, at least. */
  readonly clockOffsetMs?: number | undefined;
}
