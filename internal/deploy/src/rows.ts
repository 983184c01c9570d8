/** One question of a panel: what Prometheus is asked, and what a line is called. */
export interface Line {
  readonly query: string;
  readonly legend: string;
}

export interface PanelOf {
  readonly title: string;
  /** What it means, for whoever has not seen it before. */
  readonly about: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  /** What a value is called: one band a line, instead of a curve. */
  readonly states?: Readonly<Record<string, string>>;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly PanelOf[];
}

// `$__rate_interval` is Grafana's own. All pods tell the same of the queue: the largest is taken.
const PODS = 'namespace=~"$namespace", job=~"$job"';
const CLIENTS = 'namespace=~"$namespace"';
const rate = (metric: string, more = "") => `rate(${metric}{${PODS}${more}}[$__rate_interval])`;
const waiting = `max by (cluster) (sum by (instance, cluster) (helix_queue_messages{${PODS}}))`;
const done = `sum by (cluster) (${rate("helix_applied_total")})`;
const worst = (metric: string, by: string) => `max by (${by}) (${metric}{${PODS}})`;

/** In the order in which somebody asks at night. */
export const ROWS: readonly Row[] = [
  {
    title: "Is it replaying?",
    panels: [
      {
        title: "State",
        about:
          "Away: the workers get no answer, and wait; nothing is lost. Who has paused it, why and until when, says `helix status`.",
        unit: "short",
        lines: [
          {
            query: `${worst("helix_replay_breaker_open", "cluster")} + 2 * ${worst("helix_paused", "cluster")}`,
            legend: "{{cluster}}",
          },
        ],
        states: { "0": "open", "1": "away", "2": "paused", "3": "paused, and away" },
      },
      {
        title: "Replayed",
        about: "Messages that were applied and left the queue, over all pods.",
        unit: "ops",
        lines: [{ query: done, legend: "{{cluster}}" }],
      },
      {
        title: "Warnings",
        about:
          "What somebody should do something about before it is too late: `helix status` has the sentences.",
        unit: "short",
        lines: [
          {
            query: `${worst("helix_warning", "result, cluster, priority")} > 0`,
            legend: "{{result}} {{cluster}}",
          },
        ],
        states: { "1": "warns" },
      },
      {
        title: "At most",
        about:
          "Executions that a cluster may get at once. Lower than configured: it is overloaded, or has just come back. 0: it is away.",
        unit: "short",
        lines: [{ query: `sum by (cluster) (helix_concurrency_limit{${PODS}})`, legend: "{{cluster}}" }],
      },
    ],
  },
  {
    title: "How much is left?",
    panels: [
      {
        title: "Waiting",
        about: "All that is in the lanes of a cluster.",
        unit: "short",
        lines: [
          {
            query: `max by (cluster, priority) (sum by (instance, cluster, priority) (helix_queue_messages{${PODS}}))`,
            legend: "{{priority}}.{{cluster}}",
          },
        ],
      },
      {
        title: "By state",
        about: "`delayed` alone: messages that fail again and again. `stuck`: a fault of the queue.",
        unit: "short",
        lines: [
          {
            query: `max by (cluster, result) (sum by (instance, cluster, result) (helix_queue_messages{${PODS}}))`,
            legend: "{{cluster}} {{result}}",
          },
        ],
      },
      {
        title: "How full",
        about: "By the fullest limit. At 100 % nothing more is taken.",
        unit: "percentunit",
        lines: [
          {
            query: worst("helix_capacity_used_ratio", "cluster, priority, result"),
            legend: "{{result}} {{priority}} {{cluster}}",
          },
        ],
      },
    ],
  },
  {
    title: "How long?",
    panels: [
      {
        title: "The oldest",
        about: "For how long the oldest write has waited: so long the clusters have differed.",
        unit: "s",
        lines: [{ query: worst("helix_oldest_age_seconds", "cluster"), legend: "{{cluster}}" }],
      },
      {
        title: "Drained in",
        about: "If it goes on as in the last minutes. Nothing is shown while it grows, or stands still.",
        unit: "s",
        lines: [
          {
            query: `${waiting} / (-max by (cluster) (deriv((${waiting})[5m:30s])) > 0)`,
            legend: "{{cluster}}",
          },
        ],
      },
      {
        title: "Of the time that is left",
        about:
          "The age of the oldest as a share of the queue's retention, and of the least gc_grace_seconds. At 100 % it becomes a dead letter.",
        unit: "percentunit",
        lines: [
          {
            query: `${worst("helix_oldest_age_seconds", "cluster")} / ${worst("helix_retention_seconds", "cluster")}`,
            legend: "{{cluster}} retention",
          },
          {
            query: `${worst("helix_oldest_age_seconds", "cluster")} / ${worst("helix_gc_grace_seconds", "cluster")}`,
            legend: "{{cluster}} gc_grace",
          },
        ],
      },
      {
        title: "Lag of what was replayed, p99",
        about: "From the write to its replay.",
        unit: "s",
        lines: [
          {
            query: `histogram_quantile(0.99, sum by (cluster, le) (${rate("helix_replay_lag_seconds_bucket")}))`,
            legend: "{{cluster}}",
          },
        ],
      },
    ],
  },
  {
    title: "What fails?",
    panels: [
      {
        title: "Failed executions",
        about:
          "`unavailable`: the cluster is away. `uncertain`: timeouts, or a schema or a right that is missing. `rejected`: it can never work.",
        unit: "ops",
        lines: [
          {
            query: `sum by (cluster, result) (${rate("helix_executions_total", ', result!="applied"')})`,
            legend: "{{cluster}} {{result}}",
          },
        ],
      },
      {
        title: "Execution, p99",
        about: "Grows before timeouts do: the cluster is slow, or gets too much at once.",
        unit: "s",
        lines: [
          {
            query: `histogram_quantile(0.99, sum by (cluster, le) (${rate("helix_execution_seconds_bucket")}))`,
            legend: "{{cluster}}",
          },
        ],
      },
      {
        title: "Faults of the queue",
        about:
          "Each of them the pods have got round by themselves: messages brought back, lanes opened again, leases lost.",
        unit: "ops",
        lines: [
          {
            query: `sum by (cluster) (${rate("helix_stuck_recovered_total")})`,
            legend: "{{cluster}} brought back",
          },
          {
            query: `sum by (cluster) (${rate("helix_lane_reopened_total")})`,
            legend: "{{cluster}} opened again",
          },
          {
            query: `sum by (cluster) (${rate("helix_lease_lost_total")})`,
            legend: "{{cluster}} leases lost",
          },
        ],
      },
    ],
  },
  {
    title: "Pods",
    panels: [
      {
        title: "There, and with a queue",
        about: "By version. A pod without a queue replays nothing.",
        unit: "short",
        lines: [
          { query: `count by (version) (helix_build_info{${PODS}})`, legend: "{{version}}" },
          { query: `sum(helix_queue_up{${PODS}})`, legend: "with a queue" },
        ],
      },
      {
        title: "In hand",
        about: "Constant at its most with nothing replayed: executions hang.",
        unit: "short",
        lines: [{ query: `helix_in_hand{${PODS}}`, legend: "{{instance}} {{cluster}}" }],
      },
      {
        title: "Processor and event loop",
        about: "An event loop near 100 % loses leases.",
        unit: "percentunit",
        lines: [
          { query: rate("process_cpu_seconds_total"), legend: "{{instance}} processor" },
          { query: `nodejs_eventloop_utilization_ratio{${PODS}}`, legend: "{{instance}} event loop" },
        ],
      },
      {
        title: "Memory",
        about: "Of the process, and of its heap.",
        unit: "bytes",
        lines: [
          { query: `process_resident_memory_bytes{${PODS}}`, legend: "{{instance}}" },
          { query: `nodejs_heap_size_used_bytes{${PODS}}`, legend: "{{instance}} heap" },
        ],
      },
    ],
  },
  {
    title: "Clients",
    panels: [
      {
        title: "Writes",
        about: "By what came of them on a cluster. `queued`: it missed them, while callers still succeeded.",
        unit: "ops",
        lines: [
          {
            query: `sum by (job, cluster, result) (rate(helix_write_total{${CLIENTS}}[$__rate_interval])) > 0`,
            legend: "{{job}} {{cluster}} {{result}}",
          },
        ],
      },
      {
        title: "Not queued",
        about: "Writes that one cluster lacks and no queue has, by error code: whoever called was told.",
        unit: "ops",
        lines: [
          {
            query: `sum by (job, cluster, result) (rate(helix_enqueue_failed_total{${CLIENTS}}[$__rate_interval]))`,
            legend: "{{job}} {{cluster}} {{result}}",
          },
        ],
      },
      {
        title: "Clusters that are away for them",
        about: "Of how many processes the breaker is open: their writes to that cluster are queued at once.",
        unit: "short",
        lines: [
          { query: `sum by (job, cluster) (helix_breaker_open{${CLIENTS}})`, legend: "{{job}} {{cluster}}" },
        ],
      },
      {
        title: "Clocks",
        about:
          "By how much a cluster's clock is ahead of a process's. Near a second, the later of two writes loses.",
        unit: "s",
        lines: [
          { query: `helix_cluster_clock_offset_seconds{${CLIENTS}}`, legend: "{{instance}} {{cluster}}" },
        ],
      },
    ],
  },
  {
    title: "Dead letters",
    panels: [
      {
        title: "Kept",
        about: "Until somebody redrives or discards them, the clusters differ there: `helix dead groups`.",
        unit: "short",
        lines: [{ query: worst("helix_dead_letters", "job"), legend: "{{job}}" }],
      },
      {
        title: "Died",
        about: "By why.",
        unit: "short",
        lines: [
          {
            query: `sum by (cluster, result) (increase(helix_dead_lettered_total{${PODS}}[$__rate_interval])) > 0`,
            legend: "{{cluster}} {{result}}",
          },
        ],
      },
    ],
  },
  {
    title: "Jobs and orders",
    panels: [
      {
        title: "What jobs have done",
        about:
          "Dead letters that were put back, discarded and restored. Who has ordered it, and how far it is: `helix jobs list`.",
        unit: "ops",
        lines: [
          { query: `sum by (cluster) (${rate("helix_redriven_total")})`, legend: "{{cluster}} redriven" },
          { query: `sum by (cluster) (${rate("helix_discarded_total")})`, legend: "{{cluster}} discarded" },
          { query: `sum by (cluster) (${rate("helix_restored_total")})`, legend: "{{cluster}} restored" },
        ],
      },
      {
        title: "Rates that were ordered",
        about: "Over all pods. Nothing is shown where none is.",
        unit: "ops",
        lines: [{ query: `sum by (cluster) (helix_rate_limit{${PODS}}) < Inf`, legend: "{{cluster}}" }],
      },
    ],
  },
];
