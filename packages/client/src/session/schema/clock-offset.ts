import type { Clock, ClusterId, Logger, Metrics } from "@helix/core";

/** How long nothing is said after a warning, and at most, where it stays as it is. */
const QUIET_MS = 60_000;
const MAX_QUIET_MS = 3_600_000;

export interface ClockOffsetOptions {
  readonly cluster: ClusterId;
  /** What the cluster is called in logs. */
  readonly name: string;
  /** Further apart is warned of. Milliseconds. */
  readonly maxOffsetMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * How far the clock of a cluster is from this process's, by what the node says that was asked last. Its answer takes half of
 * the round trip, as far as anybody knows: warned of, and a figure for alerts, is how much it is even if that is wrong.
 */
export class ClockOffset {
  readonly #options: ClockOffsetOptions;
  #offsetMs: number | undefined;
  /** By so much it may be wrong. */
  #errorMs = 0;
  #quietUntilMs = Number.NEGATIVE_INFINITY;
  #quietMs = 0;

  constructor(options: ClockOffsetOptions) {
    this.#options = options;
  }

  /** Positive: the cluster's clock is ahead. Undefined: not known yet. */
  get offsetMs(): number | undefined {
    return this.#offsetMs;
  }

  /** As far as it is sure: nearer to 0 by what the last answer may explain. */
  get sureMs(): number | undefined {
    if (this.#offsetMs === undefined) return undefined;
    return Math.sign(this.#offsetMs) * Math.max(0, Math.abs(this.#offsetMs) - this.#errorMs);
  }

  /** By how much the cluster's clock is ahead at the most. */
  get mostMs(): number | undefined {
    return this.#offsetMs === undefined ? undefined : this.#offsetMs + this.#errorMs;
  }

  /** @param sentAtMs When it was asked, by this process's wall clock. */
  heard(serverMs: number, sentAtMs: number, roundTripMs: number): void {
    const { cluster, maxOffsetMs, metrics } = this.#options;
    // A process that stood still learns nothing.
    if (roundTripMs / 2 > maxOffsetMs) return;
    this.#errorMs = roundTripMs / 2;
    this.#offsetMs = serverMs - (sentAtMs + this.#errorMs);
    const { sureMs = 0 } = this;
    metrics.gauge("helix_cluster_clock_offset_seconds", { cluster }, sureMs / 1000);
    if (Math.abs(sureMs) > maxOffsetMs) this.#warn(Math.round(this.#offsetMs));
  }

  #warn(offsetMs: number): void {
    const { name, clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs < this.#quietUntilMs) return;
    const isNew = nowMs - this.#quietUntilMs > MAX_QUIET_MS;
    this.#quietMs = isNew ? QUIET_MS : Math.min(2 * this.#quietMs, MAX_QUIET_MS);
    this.#quietUntilMs = nowMs + this.#quietMs;
    const by = Math.abs(offsetMs);
    const text =
      offsetMs > 0
        ? `the clock of cluster ${name} is ${by} ms ahead of this process's: what others write by it, or it by itself, ` +
          "beats writes of this process that are made up to as much later"
        : `the clock of this process is ${by} ms ahead of that of cluster ${name}: its writes beat what others write by ` +
          "that, or the cluster by itself, up to as much later";
    logger.warn({ cluster: name, offsetMs }, `${text}. The age of a replay is wrong by as much`);
  }
}
