import type { ClusterId, EventSource, SessionEvents, WorkerEvents } from "@helix/core";
import { errorText, isOfTrust } from "./error-text.ts";
import type { PartHealth } from "./readiness.ts";

/** What is known of one cluster: whether there is a session, and whether the worker has suspended its replay. */
export class ClusterWatch {
  readonly #cluster: ClusterId;
  // Until it is known whether the configuration is right.
  #session: PartHealth = { up: false, detail: "not connected yet" };
  #suspension: string | undefined;

  constructor(cluster: ClusterId, executor: EventSource<SessionEvents>) {
    this.#cluster = cluster;
    executor.on("cluster:connected", (event) => {
      if (event.cluster === cluster) this.#session = { up: true };
    });
    executor.on("cluster:disconnected", (event) => {
      if (event.cluster !== cluster) return;
      const isAway = !event.misconfigured && !isOfTrust(event.cause);
      this.#session = { up: false, isAway, detail: errorText(event.cause) };
    });
  }

  /** Also listens to the breaker of the worker. */
  watchWorker(worker: EventSource<WorkerEvents>): void {
    worker.on("cluster:breaker:opened", ({ cluster, cause }) => {
      if (cluster === this.#cluster) this.#suspension = `replay is suspended (${errorText(cause)})`;
    });
    worker.on("cluster:breaker:closed", ({ cluster }) => {
      if (cluster === this.#cluster) this.#suspension = undefined;
    });
  }

  get health(): PartHealth {
    if (!this.#session.up || this.#suspension === undefined) return this.#session;
    return { up: false, isAway: true, detail: this.#suspension };
  }
}
