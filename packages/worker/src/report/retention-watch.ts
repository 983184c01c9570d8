import { CLUSTERS, type ClusterId, type ReplayExecutor, type TableGrace } from "@helix/core";

export interface RetentionWatchOptions {
  readonly executor: ReplayExecutor;
  /** How old a message may become in the queue. Milliseconds; undefined: nobody looks. */
  readonly retentionMs: number | undefined;
  /** Told of the table that remembers its deletes for the shortest time; once per cluster. */
  readonly known: (cluster: ClusterId, grace: TableGrace, retentionMs: number) => void;
}

/**
 * Finds out whether the queue keeps messages for so long that some become too old to be replayed. Nobody waits for it:
 * a cluster that does not answer is asked again when it is there, one that never does costs nothing.
 */
export class RetentionWatch {
  readonly #options: RetentionWatchOptions;
  /** What clusters have answered. */
  readonly #known = new Map<ClusterId, TableGrace | undefined>();
  #end = () => {};

  constructor(options: RetentionWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { executor, retentionMs } = this.#options;
    if (retentionMs === undefined || executor.shortestGrace === undefined) return;
    const stopping = new AbortController();
    const asking = new Set<ClusterId>();
    const ask = async (cluster: ClusterId) => {
      if (this.#known.has(cluster) || asking.has(cluster)) return;
      asking.add(cluster);
      try {
        const grace = await executor.shortestGrace?.(cluster, { signal: stopping.signal });
        if (stopping.signal.aborted) return;
        this.#known.set(cluster, grace);
        if (grace !== undefined) this.#options.known(cluster, grace, retentionMs);
      } catch {
        // It is away, or does not say: it is no concern of the replay.
      } finally {
        asking.delete(cluster);
      }
    };
    const endListening = executor.onAvailable?.((cluster) => void ask(cluster));
    this.#end = () => {
      endListening?.();
      stopping.abort();
    };
    for (const cluster of CLUSTERS) void ask(cluster);
  }

  /** The table that remembers its deletes for the shortest time; undefined: none, or it is not known. */
  graceOf(cluster: ClusterId): TableGrace | undefined {
    return this.#known.get(cluster);
  }

  /** Whoever is still being asked is not waited for. Twice is safe. */
  stop(): void {
    this.#end();
    this.#end = () => {};
  }
}
