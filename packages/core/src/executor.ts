import type { ClusterId } from "./cluster.ts";
import type { ClusterIdentities } from "./cluster-identity.ts";
import type { ErrorReading } from "./error-reading.ts";
import type { ReplayPayload } from "./payload/payload.ts";

/** Executes a payload on its target cluster with its timestamp. Resolves when it is applied, else rejects. */
export type ExecuteFunc = (payload: ReplayPayload, options: { signal: AbortSignal }) => Promise<void>;

/**
 * What a worker executes with; `client.replayExecutor()` returns one, and a bare {@link ExecuteFunc} will do.
 */
export interface ReplayExecutor {
  execute: ExecuteFunc;
  /** What a failure of `execute` means. Must not throw. @default {@link readingOf} */
  read?(error: unknown): ErrorReading;
  /** Resolves if the cluster is there at all, whatever it thinks of the message that failed. */
  probe?(cluster: ClusterId, options: { signal: AbortSignal }): Promise<void>;
  /**
   * The least `gc_grace_seconds` of the tables that the cluster's replays may write, with the name of that table; undefined
   * where there is none. A queue that keeps messages for longer keeps some that will be refused.
   */
  shortestGrace?(cluster: ClusterId, options: { signal: AbortSignal }): Promise<TableGrace | undefined>;
  /**
   * By how much the clock of a cluster is ahead of this process's, as its servers have told, without what a slow answer may explain;
   * undefined while they have not. Milliseconds.
   */
  clockOffsetMs?(cluster: ClusterId): number | undefined;
  /**
   * Calls back at each sign that a cluster is there again, such as a session that is made; returns what ends that. A worker
   * that holds back tries the cluster then, and not only when its interval is over.
   */
  onAvailable?(listener: (cluster: ClusterId) => void): () => void;
  /**
   * Told of the queue's record before anything is executed: from then on nothing is, on a cluster of which the record has not said
   * that it is the right one. Twice is safe.
   */
  compareWith?(identities: ClusterIdentities): void;
}

/** A table's `gc_grace_seconds`. */
export interface TableGrace {
  /** As `keyspace.table`. */
  readonly table: string;
  readonly gcGraceSeconds: number;
}

/** What `client.attachWorker` takes; the class is `ReplayWorker` in `@helix/worker`. */
export interface Startable extends AsyncDisposable {
  /** Resolves when it runs. Twice is safe, also while it starts or stops. */
  start(): Promise<void>;
  /**
   * Resolves when nothing of it is left: stops receiving, waits up to `graceMs` (or until `signal` is
   * aborted) for what is being executed, aborts the rest, hands everything unfinished back.
   */
  stop(options?: { graceMs?: number | undefined; signal?: AbortSignal | undefined }): Promise<void>;
  readonly isRunning: boolean;
}
