import type { ClusterId, Priority } from "./cluster.ts";

/** The metrics that the packages emit: kind, unit, and what an operator reads in it. */
export const METRICS = Object.freeze({
  helix_write_total: { kind: "counter", help: "Writes of the client per cluster, by what came of them." },
  helix_enqueued_total: { kind: "counter", help: "Payloads that a queue accepted from this process." },
  helix_enqueue_failed_total: {
    kind: "counter",
    help: "Payloads that a queue did not accept, by error code.",
  },
  helix_executions_total: { kind: "counter", help: "Replay executions, by outcome." },
  helix_applied_total: { kind: "counter", help: "Messages that were applied and left the queue." },
  helix_dead_lettered_total: { kind: "counter", help: "Messages that became dead letters, by reason." },
  helix_lease_lost_total: {
    kind: "counter",
    help: "Messages given up unexecuted, since their lease ran out while they waited.",
  },
  helix_replay_lag_seconds: { kind: "histogram", help: "From the write to its replay." },
  helix_in_hand: { kind: "gauge", help: "Messages that the worker has received and not yet settled." },
  helix_concurrency_limit: {
    kind: "gauge",
    help: "Executions that a cluster may get at once by now; 0 while its breaker is not closed.",
  },
  helix_rate_limit: {
    kind: "gauge",
    help: "Executions per second that a cluster may get; +Inf: any number.",
  },
  helix_paused: { kind: "gauge", help: "1 while replay to a cluster is paused, or the cluster is drained." },
  helix_breaker_open: { kind: "gauge", help: "1 while the breaker of a cluster is open or half-open." },
} as const satisfies Record<string, { kind: "counter" | "gauge" | "histogram"; help: string }>);

type NamesOf<K extends string> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N]["kind"] extends K ? N : never;
}[keyof typeof METRICS];

export interface MetricLabels {
  readonly cluster?: ClusterId | undefined;
  readonly priority?: Priority | undefined;
  /** An outcome, a reason or an error code: one of a small, fixed set. */
  readonly result?: string | undefined;
}

/** Where figures go. Must not throw; must be cheap, since it is called for each message. */
export interface Metrics {
  increment(name: NamesOf<"counter">, labels: MetricLabels, by?: number): void;
  gauge(name: NamesOf<"gauge">, labels: MetricLabels, value: number): void;
  observe(name: NamesOf<"histogram">, labels: MetricLabels, value: number): void;
}

/** Counts nothing. */
export const silentMetrics: Metrics = Object.freeze({ increment() {}, gauge() {}, observe() {} });
