import type { ConnectedReplayExecutor } from "@helix/client";
import type { ClusterId, EventSource } from "@helix/core";
import { errorText } from "./error-text.ts";
import type { PartHealth } from "./readiness.ts";

/**
 * What is known of one cluster: whether there is a session, and whether the worker has suspended its replay.
 *
 * The executor has further sessions for keyspaces, and its events do not tell them apart. So one that is lost
 * is looked into: while the cluster answers, it was one of those.
 */
export class ClusterWatch {
  readonly #cluster: ClusterId;
  readonly #closing = new AbortController();
  #session: PartHealth = { up: false, detail: "not connected yet" };
  #suspension: string | undefined;
  /** Sessions so far: an answer that comes after a new one is no news. */
  #sessions = 0;

  constructor(cluster: ClusterId, executor: Pick<ConnectedReplayExecutor, "on" | "probe">) {
    this.#cluster = cluster;
    executor.on("cluster:connected", (event) => {
      if (event.cluster !== cluster) return;
      this.#sessions++;
      this.#session = { up: true };
    });
    executor.on("cluster:disconnected", (event) => {
      if (event.cluster === cluster) void this.#lost(executor, event.cause);
    });
  }

  /** Also listens to the breaker of the worker. */
  watchWorker(worker: EventSource): void {
    worker.on("cluster:breaker:opened", ({ cluster, cause }) => {
      if (cluster === this.#cluster) this.#suspension = `replay is suspended (${errorText(cause)})`;
    });
    worker.on("cluster:breaker:closed", ({ cluster }) => {
      if (cluster === this.#cluster) this.#suspension = undefined;
    });
  }

  get health(): PartHealth {
    if (!this.#session.up || this.#suspension === undefined) return this.#session;
    return { up: false, detail: this.#suspension };
  }

  /** Looks into nothing any more. */
  close(): void {
    this.#closing.abort();
  }

  async #lost(executor: Pick<ConnectedReplayExecutor, "probe">, cause: unknown): Promise<void> {
    const sessions = this.#sessions;
    try {
      await executor.probe(this.#cluster, { signal: this.#closing.signal });
    } catch {
      if (sessions === this.#sessions) this.#session = { up: false, detail: errorText(cause) };
    }
  }
}
