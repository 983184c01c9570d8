import {
  CLUSTERS,
  METRICS,
  type MetricDescription,
  type MetricLabels,
  type MetricName,
  type Metrics,
  PRIORITIES,
  type ReplayQueue,
  reportDepths,
  reportRoom,
} from "@helix/core";
import {
  callback,
  expected,
  harmlessCallback,
  having,
  type OptionsOf,
  object,
  optional,
  readOptions,
  toldError,
  withDefault,
} from "@helix/core/internal";
import { Counter, Gauge, Histogram, type Metric, type Registry, register } from "prom-client";
import { BoundedResults } from "./bounded-results.ts";
import { type Buckets, DEFAULT_BUCKETS } from "./buckets.ts";

/** What is read of the queue at each scrape. */
const QUEUE_GAUGES = [
  "helix_queue_messages",
  "helix_oldest_age_seconds",
  "helix_capacity_used_ratio",
  "helix_dead_letters",
  "helix_retention_seconds",
] as const satisfies readonly MetricName<"gauge">[];
const DEPTHS_TIMEOUT_MS = 5_000;
/** After so long an answer is not expected any more, and the queue is asked anew. */
const DEPTHS_GIVEN_UP_MS = 60_000;

export interface PrometheusMetricsOptions {
  /** Where the metrics are registered. Calls with the same one share them. @default prom-client's global one */
  readonly registry?: Registry | undefined;
  /** Put in front of every name, such as `shop_`. @default none */
  readonly prefix?: string | undefined;
  /** Upper bounds of the buckets of a histogram, in seconds, ascending. @default 1 ms to 30 s, 10 ms to 24 h */
  readonly buckets?: Partial<Buckets> | undefined;
  /**
   * Its depths are read at each scrape, and how full it is. Where that fails, or takes 5 s, its figures are left out of the scrape, and
   * the others are there all the same. @default none
   */
  readonly queue?: WatchedQueue | undefined;
  /** Told of depths that could not be read. @default none */
  readonly onError?: ((error: unknown) => void) | undefined;
}

type WatchedQueue = Pick<ReplayQueue, "depths"> & Partial<Pick<ReplayQueue, "room" | "traits">>;

/** Registers every metric of `METRICS`, and returns what client and worker take as their `metrics`. */
export function prometheusMetrics(options: PrometheusMetricsOptions = {}): Metrics {
  const { registry, prefix, buckets, queue, onError } = readOptions<Settings>(
    "prometheusMetrics",
    PROMETHEUS_OPTIONS,
    options,
  );
  const registered = new Map<string, Metric>();
  for (const [name, description] of Object.entries<MetricDescription>(METRICS)) {
    const { kind, labels, help } = description;
    const config = { name: prefix + name, help, labelNames: [...labels], registers: [registry] };
    const create = {
      counter: () => startAtZero(new Counter(config), description),
      gauge: () => withoutValue(new Gauge(config), description),
      histogram: () => new Histogram({ ...config, buckets: [...buckets[name as keyof Buckets]] }),
    };
    registered.set(name, registry.getSingleMetric(config.name) ?? create[kind]());
  }
  // The names of each method are of its kind. A name of a later version of the core has no metric here.
  const counter = (name: MetricName<"counter">) => registered.get(name) as Counter | undefined;
  const gauge = (name: MetricName<"gauge">) => registered.get(name) as Gauge | undefined;
  const histogram = (name: MetricName<"histogram">) => registered.get(name) as Histogram | undefined;
  const results = new BoundedResults();
  const labelsOf = (name: MetricName, labels: MetricLabels) => {
    const own = ownLabels(name, labels);
    return own.result === undefined ? own : { ...own, result: results.of(name, own.result) };
  };
  const metrics: Metrics = {
    increment: (name, labels, by = 1) => counter(name)?.inc(labelsOf(name, labels), by),
    gauge: (name, labels, value) => gauge(name)?.set(labelsOf(name, labels), value),
    observe: (name, labels, value) => histogram(name)?.observe(labelsOf(name, labels), value),
  };
  if (queue !== undefined) {
    const gauges = QUEUE_GAUGES.map(gauge);
    const read = once(async () => {
      for (const one of gauges) one?.reset();
      await Promise.all([reportDepths(queue, metrics), reportRoom(queue, metrics)]);
    }, DEPTHS_GIVEN_UP_MS);
    const report = harmlessCallback((error: unknown) => onError?.(error));
    const collect = once(() => inTime(read()).catch(report));
    for (const one of gauges) if (one !== undefined) Object.assign(one, { collect });
  }
  return metrics;
}

/** One without labels is 0 from the beginning, before anything was measured. */
function withoutValue(gauge: Gauge, { labels }: MetricDescription): Gauge {
  if (labels.length === 0) gauge.remove();
  return gauge;
}

/** `increase()` does not see the first value of a series, so each is there before anything is counted. */
function startAtZero(counter: Counter, { labels, results }: MetricDescription): Counter {
  // Of a result that is an error code it is not known beforehand which there are.
  if (labels.includes("result") && results === undefined) return counter;
  for (const cluster of CLUSTERS) {
    for (const priority of labels.includes("priority") ? PRIORITIES : [undefined]) {
      for (const result of results ?? [undefined]) {
        counter.inc({ cluster, ...(priority && { priority }), ...(result && { result }) }, 0);
      }
    }
  }
  return counter;
}

/** While it runs it is not run again for so long: the gauges of one scrape share it, and scrapes do a read that is late. */
function once(run: () => Promise<void>, forMs = Number.POSITIVE_INFINITY): () => Promise<void> {
  let running: { readonly promise: Promise<void>; readonly sinceMs: number } | undefined;
  return () => {
    if (running === undefined || performance.now() - running.sinceMs >= forMs) {
      const promise = run().finally(() => {
        if (running?.promise === promise) running = undefined;
      });
      running = { promise, sinceMs: performance.now() };
    }
    return running.promise;
  };
}

/** A scrape waits for no queue that does not answer: Prometheus gives up after 10 s, and would have nothing. */
async function inTime(read: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = toldError(`The figures of the queue were not there within ${DEPTHS_TIMEOUT_MS} ms`);
    timer = setTimeout(() => reject(error), DEPTHS_TIMEOUT_MS);
  });
  try {
    await Promise.race([read, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Those that the metric has. One that is absent is no label with the value "undefined". */
function ownLabels(metric: MetricName, labels: MetricLabels): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of METRICS[metric].labels) {
    const value = labels[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}

interface Settings {
  readonly registry: Registry;
  readonly prefix: string;
  readonly buckets: Buckets;
  readonly queue: WatchedQueue | undefined;
  readonly onError: ((error: unknown) => void) | undefined;
}

const bounds = object<readonly number[]>({ expectation: "an array of ascending numbers" }, (value, name) => {
  const isAscending =
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((one, n) => Number.isFinite(one) && (n === 0 || one > value[n - 1]));
  if (!isAscending) throw new TypeError(expected(name, "an array of ascending numbers", value));
  return value;
});
const BUCKETS: OptionsOf<Partial<Buckets>> = {
  helix_replay_lag_seconds: optional(bounds),
  helix_execution_seconds: optional(bounds),
};

/** Every option of `prometheusMetrics`. */
export const PROMETHEUS_OPTIONS: OptionsOf<Settings> = {
  registry: withDefault(
    register,
    having<Registry>("a Registry of prom-client", ["registerMetric", "getSingleMetric"], {
      about: "Where the metrics are registered. Calls with the same one share them.",
    }),
    "prom-client's global one",
  ),
  prefix: withDefault(
    "",
    object<string>(
      {
        expectation: "letters, digits and underscores, no digit first",
        about: "Put in front of every name, such as `shop_`.",
      },
      (value, name) => {
        if (typeof value === "string" && /^([a-zA-Z_:][a-zA-Z0-9_:]*)?$/.test(value)) return value;
        throw new TypeError(expected(name, "letters, digits and underscores, no digit first", value));
      },
    ),
    "none",
  ),
  buckets: withDefault(
    DEFAULT_BUCKETS,
    object<Buckets>(
      {
        expectation: "an object with arrays of ascending numbers",
        about: "Upper bounds of the buckets, per histogram, in seconds, ascending.",
      },
      (value, name) => ({ ...DEFAULT_BUCKETS, ...readOptions<Partial<Buckets>>(name, BUCKETS, value) }),
    ),
    "1 ms to 30 s, 10 ms to 24 h",
  ),
  queue: optional(
    having<WatchedQueue>("a ReplayQueue", ["depths"], {
      about:
        "How much is in it, and how full it is, is read at each scrape; where that fails its figures are left out of it.",
    }),
  ),
  onError: callback({ about: "Told of depths that could not be read." }),
};
