import { performance } from "node:perf_hooks";
import type { Logger, Metrics } from "@helix/core";
import { prometheusMetrics } from "@helix/prometheus";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Route } from "./probe-server.ts";
import type { OpenedQueue } from "./queue.ts";

/** The longest that a timer can wait. */
const NEVER_MS = 2 ** 31 - 1;

/** What runs here, as labels of `helix_build_info`. */
export interface Build {
  /** Of the service. */
  readonly version: string;
  /** Of Node. */
  readonly node: string;
}

/** The figures of the pod, of its process and of its event loop, as Prometheus reads them at `/metrics`. */
export class PodMetrics {
  readonly metrics: Metrics;
  readonly #registry = new Registry();
  readonly #logger: Logger;
  #opened: OpenedQueue | undefined;

  constructor(build: Build, logger: Logger) {
    this.#logger = logger;
    processMetrics(this.#registry);
    new Gauge({
      name: "helix_build_info",
      help: "1; what runs here is in the labels.",
      labelNames: Object.keys(build),
      registers: [this.#registry],
    }).set({ ...build }, 1);
    const isUp = () => (this.#opened?.health().up === true ? 1 : 0);
    new Gauge({
      name: "helix_queue_up",
      help: "1 while the pod has its queue; 0: its server is away, or refuses the pod.",
      registers: [this.#registry],
      collect() {
        this.set(isUp());
      },
    });
    this.metrics = prometheusMetrics({ registry: this.#registry });
  }

  /** From now on each scrape has the figures of this queue, or is without them where they cannot be read. */
  watch(opened: OpenedQueue): void {
    this.#opened = opened;
    const onError = (error: unknown) =>
      this.#logger.debug({ error }, "a scrape of /metrics is without the figures of the queue");
    prometheusMetrics({ registry: this.#registry, queue: opened.queue, onError });
  }

  readonly route: Route = async (_, response) => {
    const text = await this.#registry.metrics();
    response.writeHead(200, { "content-type": this.#registry.contentType }).end(text);
  };
}

/**
 * The usual figures of a Node process. How late the event loop is, is measured at each scrape, and how busy it was since the scrape
 * before: the usual distribution of its delays is had by waking up a hundred times a second, which is more than half of what an
 * idle pod costs.
 */
function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const part of ["min", "max", "mean", "stddev", "p50", "p90", "p99"]) {
    registry.removeSingleMetric(`nodejs_eventloop_lag_${part}_seconds`);
  }
  let before = performance.eventLoopUtilization();
  new Gauge({
    name: "nodejs_eventloop_utilization_ratio",
    help: "Share of the time since the last scrape in which the event loop was busy, 0 to 1.",
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization();
      this.set(performance.eventLoopUtilization(now, before).utilization);
      before = now;
    },
  });
}
