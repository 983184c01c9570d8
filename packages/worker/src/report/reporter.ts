import {
  CLUSTERS,
  type Clock,
  type ClusterFigures,
  type ClusterId,
  clusterOf,
  type DeadLetterCause,
  type DeadLetterReason,
  EventHub,
  type EventSource,
  type Lane,
  type LaneDepth,
  type Logger,
  laneOf,
  type Metrics,
  type Outcome,
  priorityOf,
  type ReplayExecutor,
  type ReplayMessage,
  type ReplayPayload,
  type ReplayQueue,
  silentLogger,
  summarize,
  type TableGrace,
  type WorkerEvents,
} from "@helix/core";
import { type BreakerState, LoggableError, Moment } from "@helix/core/internal";
import { type FailedEnding, readFailure } from "../decide/ending.ts";
import type { HeldMessage } from "../decide/held-message.ts";
import { WORKER_EVENTS } from "./event-names.ts";
import { OwnFigures } from "./own-figures.ts";
import { ProgressReport } from "./progress-report.ts";
import { type Refused, RefusedWrites } from "./refused-writes.ts";

/** What `onError` is told. */
export interface ReplayFailure {
  readonly payload: ReplayPayload;
  readonly error: unknown;
  /** Failures of this message that were proved to be its own, this one included if it is. */
  readonly attempts: number;
  /** Until it is tried again, in milliseconds; 0 where it is not. */
  readonly delayMs: number;
}

/** What `onDrop` is told: a message is now a dead letter. */
export interface ReplayDrop {
  /** Absent where the message could not be decoded; `raw` is there instead. */
  readonly payload?: ReplayPayload | undefined;
  readonly raw?: Uint8Array | undefined;
  readonly cause: DeadLetterReason;
  /** The last failure; undefined where nothing failed here (`held`, `expired`, `attempts` used up elsewhere). */
  readonly error: unknown;
}

/**
 * Told of each delivery that the worker finishes; after a lost acknowledgement or a crash perhaps again.
 * They are not waited for, and one that throws, rejects or hangs changes nothing.
 */
export interface ReplayCallbacks {
  /** A message was applied and has left the queue. @default none */
  readonly onSuccess?: ((success: { readonly payload: ReplayPayload }) => unknown) | undefined;
  /** An execution ended `uncertain` or `rejected`; the last one of a message included. @default none */
  readonly onError?: ((failure: ReplayFailure) => unknown) | undefined;
  /** A message is now a dead letter. Exactly one of `onSuccess` and `onDrop` ends a message. @default none */
  readonly onDrop?: ((drop: ReplayDrop) => unknown) | undefined;
}

export interface ReporterOptions extends ReplayCallbacks {
  /** What its errors say without values. */
  readonly executor: ReplayExecutor;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clusterNames: Readonly<Record<ClusterId, string>>;
  readonly clock: Clock;
  /** Asked what is left. */
  readonly queue: ReplayQueue;
}

interface Figures {
  readonly inHand: number;
  readonly concurrency: number;
}

/**
 * Everything that the outside hears of a worker: events, callbacks, metrics, log lines. It decides
 * nothing, and what it calls cannot change what the worker does (its options are read so). Events and callbacks get the errors of
 * executions themselves; a log line only what quotes no bound value.
 */
export class Reporter implements EventSource<WorkerEvents> {
  readonly #options: ReporterOptions;
  readonly #events: EventHub<WorkerEvents>;
  readonly #figures = new Map<ClusterId, Figures>();
  readonly own: OwnFigures;
  readonly #refused: Readonly<Record<ClusterId, RefusedWrites>> = {
    A: new RefusedWrites(),
    B: new RefusedWrites(),
  };
  readonly #moment: Moment;
  /** Where nobody reads it there is none. */
  readonly #progress: ProgressReport | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { logger, queue, clock } = options;
    this.own = new OwnFigures(clock);
    this.#moment = new Moment(() => clock.wallMs());
    if (logger !== silentLogger)
      this.#progress = new ProgressReport({ ...options, depths: () => queue.depths() });
    this.#events = new EventHub(
      (error, event) => options.logger.warn({ event, error }, "A listener of the replay worker failed"),
      WORKER_EVENTS,
    );
  }

  on<N extends keyof WorkerEvents>(name: N, listener: (event: WorkerEvents[N]) => unknown): () => void {
    return this.#events.on(name, listener);
  }

  /** So that the figures of a cluster are there before anything happens. */
  begin(cluster: ClusterId, perSecond: number | undefined): void {
    const { metrics } = this.#options;
    for (const name of ["helix_in_hand", "helix_paused", "helix_replay_breaker_open"] as const) {
      metrics.gauge(name, { cluster }, 0);
    }
    this.rateLimit(cluster, perSecond);
  }

  started(): void {
    this.#options.logger.info({}, "Replay worker started");
    this.#progress?.start();
    this.#events.emit("worker:started", {});
  }

  stopped(handedBack: number): void {
    this.#progress?.stop();
    this.#options.logger.info({ handedBack }, "Replay worker stopped");
    this.#events.emit("worker:stopped", { handedBack });
  }

  /** What waits, of a queue that only this process drains. */
  left(depths: readonly LaneDepth[]): void {
    const { logger, clusterNames } = this.#options;
    for (const cluster of CLUSTERS) {
      let waiting = 0;
      for (const { lane, pending, inFlight, delayed } of depths)
        if (clusterOf(lane) === cluster) waiting += pending + inFlight + delayed;
      if (waiting === 0) continue;
      logger.warn(
        { cluster: clusterNames[cluster], waiting },
        "The worker has stopped, and messages wait in a queue that no other process drains: one in memory loses them when the process ends",
      );
    }
  }

  cluster(cluster: ClusterId): Omit<ClusterFigures, "pausedBy" | "shortestGrace"> {
    const own = this.own.cluster(cluster, (error) => this.#loggable(error).text);
    const refused = this.#refused[cluster].longest(this.#options.clock.monotonicMs());
    return {
      ...own,
      concurrency: this.#figures.get(cluster)?.concurrency ?? 0,
      ...(refused !== undefined && { refusedWrites: this.#told(refused) }),
    };
  }

  #told({ tables, error, sinceMs }: Refused): ClusterFigures["refusedWrites"] {
    return {
      tables: tables.join(", "),
      text: this.#loggable(error).text,
      sinceMs: this.own.wallMs(sinceMs),
    };
  }

  /** How many messages a worker holds, and what the cluster may get at once. */
  figures(cluster: ClusterId, now: Figures): void {
    const { metrics } = this.#options;
    const last = this.#figures.get(cluster);
    if (now.inHand !== last?.inHand) metrics.gauge("helix_in_hand", { cluster }, now.inHand);
    if (now.concurrency !== last?.concurrency) {
      metrics.gauge("helix_concurrency_limit", { cluster }, now.concurrency);
    }
    this.#figures.set(cluster, now);
    this.#progress?.holds(cluster, now.inHand);
  }

  /** What a cluster may get per second; undefined: any number. */
  rateLimit(cluster: ClusterId, perSecond: number | undefined): void {
    this.own.rateLimit(cluster, perSecond);
    this.#options.metrics.gauge("helix_rate_limit", { cluster }, perSecond ?? Infinity);
  }

  /** @param reason Why nothing is replayed; undefined: it goes on. */
  paused(cluster: ClusterId, reason: string | undefined): void {
    const { logger, metrics, clusterNames } = this.#options;
    metrics.gauge("helix_paused", { cluster }, reason === undefined ? 0 : 1);
    this.#progress?.paused(cluster, reason);
    const fields = { cluster: clusterNames[cluster] };
    if (reason === undefined) {
      logger.info(fields, "Replay to a cluster is resumed");
      this.#events.emit("cluster:resumed", { cluster });
    } else {
      logger.warn({ ...fields, reason }, "Replay to a cluster is paused");
      this.#events.emit("cluster:paused", { cluster, reason });
    }
  }

  breaker(cluster: ClusterId, state: BreakerState, cause: unknown, retryInMs: number): void {
    const { logger, metrics } = this.#options;
    this.own.breaker(cluster, state);
    if (cause !== undefined) this.own.failed(cluster, cause);
    metrics.gauge("helix_replay_breaker_open", { cluster }, state === "closed" ? 0 : 1);
    if (state !== "half-open") this.#progress?.breaker(cluster, state === "open");
    const fields = { cluster: this.#options.clusterNames[cluster] };
    if (state === "open") {
      logger.warn(
        { ...fields, retryInMs, error: this.#loggable(cause) },
        "Replay to a cluster is suspended: it is unavailable",
      );
      this.#events.emit("cluster:breaker:opened", { cluster, cause, retryInMs });
    } else if (state === "half-open") {
      logger.debug(fields, "Replay tries a cluster with one message");
      this.#events.emit("cluster:breaker:half-opened", { cluster });
    } else {
      logger.info(fields, "Replay to a cluster goes on");
      this.#events.emit("cluster:breaker:closed", { cluster });
    }
  }

  executed(item: HeldMessage, result: Outcome, durationMs: number): void {
    const { metrics } = this.#options;
    const labels = { cluster: item.payload.targetCluster, priority: item.priority, result };
    metrics.increment("helix_executions_total", labels);
    metrics.observe("helix_execution_seconds", labels, durationMs / 1000);
  }

  /** An execution failed; `unavailable` is no error of the message, and only an event. */
  failed(failure: ReplayFailure, { outcome, reading }: FailedEnding, counted: boolean): void {
    const { onError, clock } = this.#options;
    const { targetCluster, priority } = failure.payload;
    this.own.failed(targetCluster, failure.error);
    const refused = this.#refused[targetCluster].failed(failure, reading, clock.monotonicMs());
    if (refused !== undefined) this.#refusedFor(targetCluster, refused);
    if (this.#events.has("replay:attempt:failed")) {
      const payload = summarize(failure.payload);
      this.#events.emit("replay:attempt:failed", { ...failure, payload, outcome, counted });
    }
    // The last one of a message ends it.
    if (failure.delayMs > 0) {
      this.own.count(laneOf(targetCluster, priority), "failed");
      this.#progress?.failed(targetCluster);
    }
    if (outcome !== "unavailable") onError?.(failure);
  }

  #refusedFor(cluster: ClusterId, { tables, error, sinceMs }: Refused): void {
    const { logger, clusterNames, clock } = this.#options;
    const refusedForMs = Math.round(clock.monotonicMs() - sinceMs);
    logger.warn(
      { cluster: clusterNames[cluster], tables, refusedForMs, error: this.#loggable(error) },
      "A cluster refuses writes again and again; they wait until that is cured, as by a column or a right that it lacks",
    );
  }

  /** A message was applied and has left the queue. */
  applied({ message, payload, priority }: HeldMessage): void {
    const { metrics, onSuccess, logger, clusterNames } = this.#options;
    const cured = this.#refused[payload.targetCluster].applied(payload);
    if (cured !== undefined) {
      const fields = { cluster: clusterNames[payload.targetCluster], tables: cured.tables };
      logger.info(fields, "A cluster takes writes again that it refused");
    }
    this.own.count(message.lane, "applied");
    const lagMs = Math.max(0, this.#moment.nowMs - payload.writtenAtMs);
    const labels = { cluster: payload.targetCluster, priority };
    metrics.increment("helix_applied_total", labels);
    metrics.observe("helix_replay_lag_seconds", labels, lagMs / 1000);
    this.#progress?.applied(payload.targetCluster, lagMs);
    if (this.#events.has("replay:applied")) {
      this.#events.emit("replay:applied", { payload: summarize(payload), lagMs });
    }
    onSuccess?.({ payload });
  }

  /** A message is now a dead letter. */
  dropped({ content, lane }: ReplayMessage, { reason, error }: DeadLetterCause): void {
    const { logger, metrics, onDrop, clusterNames } = this.#options;
    const payload = content.ok ? content.payload : undefined;
    const cluster = clusterOf(lane);
    this.own.count(lane, "dead");
    metrics.increment("helix_dead_lettered_total", { cluster, priority: priorityOf(lane), result: reason });
    this.#progress?.dead(cluster);
    const summary = payload && summarize(payload);
    const why = error === undefined ? {} : { error: this.#loggable(error) };
    logger.warn(
      { lane, reason, ...why, ...summary, cluster: clusterNames[cluster] },
      "A message became a dead letter",
    );
    this.#events.emit("replay:dropped", { payload: summary, lane, reason, error });
    const what = content.ok ? { payload } : { raw: content.raw };
    onDrop?.({ ...what, cause: reason, error });
  }

  /** Where a table remembers its deletes for a shorter time than the queue keeps messages, some will be too old for it. */
  graceKnown(cluster: ClusterId, { table, gcGraceSeconds }: TableGrace, retentionMs: number): void {
    this.#options.metrics.gauge("helix_gc_grace_seconds", { cluster }, gcGraceSeconds);
    if (gcGraceSeconds * 1000 >= retentionMs) return;
    this.#options.logger.warn(
      { cluster: this.#options.clusterNames[cluster], table, gcGraceSeconds, retentionMs },
      `The queue keeps messages for ${retentionMs / 1000} s, and ${table} remembers its deletes for ${gcGraceSeconds} s ` +
        "(gc_grace_seconds): writes to it that wait for longer are not replayed, but become dead letters (too-old)",
    );
  }

  /** What was handed back since these tables were not served any more is due at once. */
  tablesServed(cluster: ClusterId, served: Omit<WorkerEvents["replay:tables:served"], "cluster">): void {
    const { logger, clusterNames } = this.#options;
    const { tables, unservedMs, hastened } = served;
    const fields = { cluster: clusterNames[cluster], tables, unservedMs: Math.round(unservedMs), hastened };
    logger.info(fields, "Tables are served again; what waits for them is due at once");
    this.#events.emit("replay:tables:served", { cluster, ...served });
  }

  deadLettersFull(lane: Lane, retryInMs: number): void {
    this.#options.logger.error(
      { lane, retryInMs },
      "The dead letters are full; the message stays in its lane",
    );
    this.#events.emit("replay:dead-letters:full", { lane, retryInMs });
  }

  /** The lease of a message has lapsed in hand. */
  lost({ content, lane }: ReplayMessage): void {
    const { logger, metrics } = this.#options;
    const payload = content.ok ? summarize(content.payload) : undefined;
    metrics.increment("helix_lease_lost_total", { cluster: clusterOf(lane), priority: priorityOf(lane) });
    logger.warn({ lane, id: payload?.id }, "The lease of a message has lapsed; the queue delivers it again");
    this.#events.emit("replay:lease:lost", { payload, lane });
  }

  settleFailed(lane: Lane, error: unknown): void {
    this.#options.logger.warn(
      { lane, error },
      "The queue refused to end or mark a message; it is handed back later",
    );
    this.#events.emit("replay:settle:failed", { lane, error });
  }

  /** A lane that stood still, though it has messages, is opened again. */
  laneReopened(lane: Lane, idleMs: number): void {
    const { logger, metrics } = this.#options;
    metrics.increment("helix_lane_reopened_total", { cluster: clusterOf(lane), priority: priorityOf(lane) });
    logger.warn({ lane, idleMs }, "A lane stands still though it has messages; it is opened again");
    this.#events.emit("worker:lane:reopened", { lane, idleMs });
  }

  #loggable(error: unknown): LoggableError {
    return new LoggableError(error, readFailure(this.#options.executor, error).text);
  }

  /** A queue that could not stop a lane in order, or open it again. */
  laneStopFailed(error: unknown): void {
    this.#options.logger.warn({ error }, "The queue could not stop a lane, or open it again");
  }
}
