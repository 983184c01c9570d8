import type { Logger, Metrics, ReplayQueue } from "@helix/core";
import { prometheusMetrics } from "@helix/prometheus";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Route } from "./probe-server.ts";

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

  constructor(build: Build, logger: Logger) {
    this.#logger = logger;
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: "helix_build_info",
      help: "1; what runs here is in the labels.",
      labelNames: Object.keys(build),
      registers: [this.#registry],
    }).set({ ...build }, 1);
    this.metrics = prometheusMetrics({ registry: this.#registry });
  }

  /** From now on each scrape has the depths of this queue, or is without them where they cannot be read. */
  watch(queue: Pick<ReplayQueue, "depths">): void {
    const onError = (error: unknown) =>
      this.#logger.debug({ error }, "a scrape of /metrics is without the depths of the queue");
    prometheusMetrics({ registry: this.#registry, queue, onError });
  }

  readonly route: Route = async (_, response) => {
    const text = await this.#registry.metrics();
    response.writeHead(200, { "content-type": this.#registry.contentType }).end(text);
  };
}
