import {
  CLUSTERS,
  type ClientEvents,
  type Clock,
  type ClusterId,
  type EventSink,
  helixError,
  type Logger,
  nextTimestampMicros,
  timestampLeadMs,
} from "@helix/core";

/** Beyond this the clocks are wrong, or somebody writes with timestamps of his own. */
const MAX_LEAD_MS = 1_000;
/** Once said is enough for a while. */
const WARN_INTERVAL_MS = 10_000;

export interface TimestampLimit {
  /** How far ahead of a cluster's clock a timestamp may be. Milliseconds; undefined: any. */
  readonly maxAheadMs: number | undefined;
  /** How far the cluster's clock is ahead of this process's at the most; undefined where that is not known. */
  readonly mostOffsetMs: (cluster: ClusterId) => number | undefined;
}

/**
 * The timestamp of each write, and a word when one lies in the future: it then beats all that are written
 * until then.
 */
export class WriteTimestamps {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #events: EventSink<ClientEvents>;
  readonly #limit: TimestampLimit | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, logger: Logger, events: EventSink<ClientEvents>, limit?: TimestampLimit) {
    this.#clock = clock;
    this.#logger = logger;
    this.#events = events;
    this.#limit = limit;
  }

  /**
   * The one that was given, or a new one.
   *
   * @throws HELIX_TIMESTAMP_AHEAD where it is beyond the limit on one of the clusters.
   */
  next(given: bigint | number | undefined, clusters: readonly ClusterId[] = CLUSTERS): bigint {
    const timestampMicros = given === undefined ? nextTimestampMicros() : BigInt(given);
    this.check(timestampMicros, clusters);
    return timestampMicros;
  }

  /** One that is not chosen here. @throws HELIX_TIMESTAMP_AHEAD as `next` does. */
  check(timestampMicros: bigint, clusters: readonly ClusterId[] = CLUSTERS): void {
    const leadMs = timestampLeadMs(timestampMicros, this.#clock.wallMs());
    this.#assertWithin(leadMs, clusters);
    if (leadMs > MAX_LEAD_MS) this.#warn(leadMs);
  }

  #assertWithin(leadMs: number, clusters: readonly ClusterId[]): void {
    if (this.#limit?.maxAheadMs === undefined) return;
    const { maxAheadMs, mostOffsetMs } = this.#limit;
    for (const cluster of clusters) {
      const aheadMs = Math.round(leadMs - (mostOffsetMs(cluster) ?? 0));
      if (aheadMs <= maxAheadMs) continue;
      const text =
        `Nothing was sent: the timestamp of the write is ${aheadMs} ms ahead of the clock of cluster ${cluster}, ` +
        `and would win over all that is written until then; \`maxTimestampAheadMs\` is ${maxAheadMs}`;
      throw helixError("HELIX_TIMESTAMP_AHEAD", text, { cluster, aheadMs, maxTimestampAheadMs: maxAheadMs });
    }
  }

  #warn(leadMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#warnedAtMs < WARN_INTERVAL_MS) return;
    this.#warnedAtMs = nowMs;
    this.#logger.warn({ leadMs }, "the timestamp of a write is ahead of the wall clock");
    this.#events.emit("write:timestamp:ahead", { leadMs });
  }
}
