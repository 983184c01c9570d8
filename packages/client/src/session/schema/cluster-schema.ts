import type { TableGrace } from "@helix/core";
import type { KeyspaceSchema } from "@helix/safety";

export interface LoadOptions {
  /** Ends the waiting, not the reading: others may wait for the same. */
  readonly signal?: AbortSignal | undefined;
  /** How old the look may be by which it is known. Milliseconds; 0: one that begins now. @default 60_000, which is the most */
  readonly maxAgeMs?: number | undefined;
}

/** What this process knows of a cluster's tables. Nothing of it is older than a minute without a look at the server. */
export interface ClusterSchema {
  /**
   * A keyspace as it is known now; without tables where there is no such keyspace. The same object until it has changed.
   * Undefined where `load` has to be asked first: it was not read yet, a server has said that it changed, events of
   * the server may have been missed, or the last look at the server is too old.
   */
  known(keyspace: string, maxAgeMs?: number): KeyspaceSchema | undefined;
  /** As it was known last, however long ago. */
  lastKnown(keyspace: string): KeyspaceSchema | undefined;
  /**
   * Makes the keyspaces known, by what has to be asked for that, or nothing. Callers share one read. After one that failed, the
   * next begins a second later; whoever asks in between waits for it.
   *
   * Rejects with HELIX_CLUSTER_UNAVAILABLE without a session or where the answer cannot be read, with the driver's error, or with the signal's reason.
   */
  load(keyspaces: readonly string[], options?: LoadOptions): Promise<void>;
  /**
   * When a table was last truncated, at the latest, by this process's clock; as far as the nodes that were looked at have said.
   * Milliseconds since 1970.
   */
  truncatedAtMs(tableId: string): number | undefined;
  /** So much the cluster's clock is ahead of this process's, as of the last look. Milliseconds; negative: behind. */
  readonly clockOffsetMs: number | undefined;
  /** The same without what a slow answer may explain. */
  readonly sureClockOffsetMs: number | undefined;
  /** So much it is ahead at the most. */
  readonly mostClockOffsetMs: number | undefined;
  /** The table with the least `gc_grace_seconds`; undefined where there is no table. Rejects as `load` does. */
  shortestGrace(signal?: AbortSignal): Promise<TableGrace | undefined>;
}
