import type { ClusterId, GateState, Lane, Priority } from "@helix/core";

// All of it is plain data, so that an API, a command line and a page show the same. Times are milliseconds since 1970, ages and durations
// milliseconds. What is absent is not known, or is not there.

/** What holds of a queue, its clusters and its pods, and for how long it will last. */
export interface Status {
  readonly atMs: number;
  readonly clusters: Readonly<Record<ClusterId, ClusterStatus>>;
  /** What a change that must not undo somebody else's is compared with. */
  readonly revisions: { readonly gates?: number | undefined };
  /** What could not be read: the rest is what is known. */
  readonly unread: readonly Unread[];
}

export interface Unread {
  readonly part: "lanes" | "gates";
  /** In words that quote no value. */
  readonly error: string;
}

export interface ClusterStatus {
  readonly cluster: ClusterId;
  readonly name: string;
  /** All of it, for a person. */
  readonly sentence: string;
  readonly gate?: GateStatus | undefined;
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

export interface LaneStatus {
  readonly lane: Lane;
  readonly priority: Priority;
  /** All that is in the lane: the sum of the four that follow. */
  readonly depth: number;
  readonly pending: number;
  readonly inHand: number;
  readonly inBackOff: number;
  /** Stored, but owed to nobody: a fault of the queue. */
  readonly stuck: number;
  /** Of the write. */
  readonly oldestAgeMs?: number | undefined;
}
