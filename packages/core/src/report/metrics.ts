import type { ClusterId, Priority } from "../cluster.ts";
import { DEAD_LETTER_REASONS } from "../queue/dead-letters.ts";

/** What a metric is, its unit, the labels it has, and what it says. */
export interface MetricDescription {
  readonly kind: "counter" | "gauge" | "histogram";
  readonly unit: string;
  readonly labels: readonly (keyof MetricLabels)[];
  /** All values of the label `result`, where they are known beforehand. */
  readonly results?: readonly string[];
  readonly help: string;
}

export interface MetricLabels {
  readonly cluster?: ClusterId | undefined;
  readonly priority?: Priority | undefined;
  /** An outcome, a reason, a state or an error code: one of a small, fixed set. */
  readonly result?: string | undefined;
}

const PER_CLUSTER = ["cluster"] as const;
const PER_LANE = ["cluster", "priority"] as const;
const PER_RESULT = ["cluster", "priority", "result"] as const;

/**
 * The metrics that the packages emit. Per cluster, and over all processes:
 * `enqueued + redriven + stuck_recovered = applied + dead_lettered + drained + queue_messages`, where each counter may
 * be off by what a process had in hand when it was killed.
 */
export const METRICS = Object.freeze({
  helix_write_total: {
    kind: "counter",
    unit: "writes",
    labels: ["cluster", "result"],
    results: ["applied", "queued", "failed"],
    help: "Writes of the client per cluster, by what came of them.",
  },
  helix_enqueued_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Payloads that a queue accepted from this process.",
  },
  helix_enqueue_failed_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_RESULT,
    help: "Payloads that a queue did not accept, by error code.",
  },
  helix_executions_total: {
    kind: "counter",
    unit: "executions",
    labels: PER_RESULT,
    results: ["applied", "unavailable", "uncertain", "rejected"],
    help: "Replay executions, by outcome.",
  },
  helix_applied_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Messages that were applied and left the queue.",
  },
  helix_dead_lettered_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_RESULT,
    results: DEAD_LETTER_REASONS,
    help: "Messages that became dead letters, by reason.",
  },
  helix_redriven_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Dead letters that were put back into their lane.",
  },
  helix_discarded_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Dead letters that were moved into the trash, where nobody replays them.",
  },
  helix_restored_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Dead letters that were brought back from the trash.",
  },
  helix_drained_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Messages that were taken out of the queue by a person's order.",
  },
  helix_stuck_recovered_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Messages that the queue's server held and would not deliver, put back into their lane. Nearly all were settled before, and are executed and counted again.",
  },
  helix_lane_reopened_total: {
    kind: "counter",
    unit: "lanes",
    labels: PER_LANE,
    help: "Lanes that stood still though they had messages, and were opened again: a fault, of the queue or its server.",
  },
  helix_lease_lost_total: {
    kind: "counter",
    unit: "messages",
    labels: PER_LANE,
    help: "Messages whose lease lapsed in hand; whoever has them now tells what becomes of them.",
  },
  helix_replay_lag_seconds: {
    kind: "histogram",
    unit: "seconds",
    labels: PER_LANE,
    help: "From the write to its replay.",
  },
  helix_execution_seconds: {
    kind: "histogram",
    unit: "seconds",
    labels: PER_RESULT,
    help: "How long a replay execution took, by outcome.",
  },
  helix_queue_messages: {
    kind: "gauge",
    unit: "messages",
    labels: PER_RESULT,
    help: "Messages in a lane, by state: pending, in_flight, delayed, stuck.",
  },
  helix_stray_messages: {
    kind: "gauge",
    unit: "messages",
    labels: ["result"],
    results: ["unknown_subject"],
    help: "Messages in the durable queue's stream that are in no lane, so that nobody replays them; told when there are any.",
  },
  helix_oldest_age_seconds: {
    kind: "gauge",
    unit: "seconds",
    labels: PER_LANE,
    help: "Age of the oldest write in a lane; 0 if it is empty.",
  },
  helix_capacity_used_ratio: {
    kind: "gauge",
    unit: "share, 0 to 1",
    labels: PER_RESULT,
    results: ["lanes", "dead-letters"],
    help: "How full the queue is, by the fullest of its limits; of a lane that has one of its own with cluster and priority.",
  },
  helix_dead_letters: {
    kind: "gauge",
    unit: "messages",
    labels: ["result"],
    results: ["kept"],
    help: "Dead letters that are there now.",
  },
  helix_retention_seconds: {
    kind: "gauge",
    unit: "seconds",
    labels: PER_CLUSTER,
    help: "How old a message may become in the queue; then it is a dead letter.",
  },
  helix_gc_grace_seconds: {
    kind: "gauge",
    unit: "seconds",
    labels: PER_CLUSTER,
    help: "The least gc_grace_seconds of the tables of a cluster: an older write to that table becomes a dead letter.",
  },
  helix_in_hand: {
    kind: "gauge",
    unit: "messages",
    labels: PER_CLUSTER,
    help: "Messages that this worker has received and not yet settled.",
  },
  helix_concurrency_limit: {
    kind: "gauge",
    unit: "executions",
    labels: PER_CLUSTER,
    help: "Executions that a cluster may get at once by now; 0 while its breaker is not closed.",
  },
  helix_rate_limit: {
    kind: "gauge",
    unit: "executions per second",
    labels: PER_CLUSTER,
    help: "Executions per second that a cluster may get; +Inf: any number.",
  },
  helix_paused: {
    kind: "gauge",
    unit: "0 or 1",
    labels: PER_CLUSTER,
    help: "1 while replay to a cluster is paused, or the cluster is drained.",
  },
  helix_replay_breaker_open: {
    kind: "gauge",
    unit: "0 or 1",
    labels: PER_CLUSTER,
    help: "1 while the worker's breaker of a cluster is open or half-open.",
  },
  helix_breaker_open: {
    kind: "gauge",
    unit: "0 or 1",
    labels: PER_CLUSTER,
    help: "1 while the client's breaker of a cluster is open or half-open.",
  },
  helix_warning: {
    kind: "gauge",
    unit: "0 or 1",
    labels: PER_RESULT,
    results: [
      "lanes-nearly-full",
      "dead-letters-nearly-full",
      "half-of-retention",
      "half-of-gc-grace",
      "nobody-replays",
      "queue-warning",
      "failing-again",
      "stuck",
    ],
    help: "1 while the status warns of something, 0 when that is over; told by the pod that has been there for the longest.",
  },
  helix_queue_clock_offset_seconds: {
    kind: "gauge",
    unit: "seconds",
    labels: [],
    help: "So much the clock of the durable queue's servers is ahead of this process's.",
  },
  helix_cluster_clock_offset_seconds: {
    kind: "gauge",
    unit: "seconds",
    labels: PER_CLUSTER,
    help: "So much the clock of a cluster is ahead of this process's.",
  },
} as const satisfies Record<string, MetricDescription>);

/** The names of {@link METRICS} of one kind. */
export type MetricName<K extends MetricDescription["kind"] = MetricDescription["kind"]> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N]["kind"] extends K ? N : never;
}[keyof typeof METRICS];

/** Where figures go. Must not throw; must be cheap, since it is called for each message. */
export interface Metrics {
  increment(name: MetricName<"counter">, labels: MetricLabels, by?: number): void;
  gauge(name: MetricName<"gauge">, labels: MetricLabels, value: number): void;
  observe(name: MetricName<"histogram">, labels: MetricLabels, value: number): void;
}

/** Counts nothing. */
export const silentMetrics: Metrics = Object.freeze({ increment() {}, gauge() {}, observe() {} });
