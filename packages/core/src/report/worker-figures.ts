import type { ClusterId, Lane } from "../cluster.ts";
import type { TableGrace } from "../executor.ts";
import type { BreakerState } from "../policy/breaker.ts";

/** What a worker tells of itself when it is asked. Nothing that was bound to a statement is in it. */
export interface WorkerFigures {
  readonly clusters: Readonly<Record<ClusterId, ClusterFigures>>;
  readonly lanes: Readonly<Record<Lane, LaneFigures>>;
}

export interface ClusterFigures {
  readonly breaker: BreakerState;
  /** When the breaker left `closed`, or came back to it. Milliseconds since 1970; undefined: it has never left it. */
  readonly breakerSinceMs?: number | undefined;
  /** Why replay stands still by order; undefined: it does not. */
  readonly pausedBy?: string | undefined;
  /** Executions that it may get at once by now. */
  readonly concurrency: number;
  /** Executions that it may get per second; undefined: any number. */
  readonly perSecond?: number | undefined;
  /** Of an execution or a trial. */
  readonly lastError?: { readonly text: string; readonly atMs: number } | undefined;
  /** What it has refused again and again, and may take once that is cured: the writes that have waited for it the longest. */
  readonly refusedWrites?: RefusedWrites | undefined;
  /** The least `gc_grace_seconds` there, once the executor has told it. */
  readonly shortestGrace?: TableGrace | undefined;
}

/** Writes that wait for what a cluster lacks, such as a column or a right. */
export interface RefusedWrites {
  readonly tables: string;
  /** Of the last failure. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Counted since the worker was made, but for `inHand`. */
export interface LaneFigures {
  /** Received and not settled. */
  readonly inHand: number;
  readonly applied: number;
  /** Executions that failed and are tried again. */
  readonly failed: number;
  /** Became dead letters. */
  readonly dead: number;
}
