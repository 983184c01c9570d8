import type { ClusterId, ClusterReport, Operation, Priority } from "@helix/core";

/**
 * Why a write behaves as it does, beyond what the clusters' state does to it. One that `kills` times out for the
 * application, and ends the process that replays it.
 */
export type Poison = "rejected" | "timeout" | "hang" | "kills";

export interface Poisoned {
  readonly cluster: ClusterId;
  readonly how: Poison;
}

/**
 * What a call came to.
 *
 * - `calling`: it has not returned. `died`: its process died first.
 * - `success`, `pending`: it must be on both clusters in the end. What a `success` left in the background may become
 *   `not-queued` by an event, or `died`.
 * - `not-queued`: the caller was told that a cluster missed it.
 * - `failed`: surely applied nowhere, and never will be.
 */
export type Verdict = "calling" | "died" | "success" | "pending" | "not-queued" | "failed";

/** One write of the application, and what is known of it. */
export interface Write {
  readonly number: number;
  readonly operation: Operation;
  readonly priority: Priority;
  readonly timestamp: bigint;
  readonly identity: string;
  readonly rows: readonly string[];
  readonly poison: Poisoned | undefined;
  /** What is queued of it is for a person. */
  readonly isHeld: boolean;
  /** The process that makes it. */
  readonly app: string;
  verdict: Verdict;
  /** What the caller was told of each cluster, where it was told. */
  reports: Readonly<Partial<Record<ClusterId, ClusterReport>>>;
}
