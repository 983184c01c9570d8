import type { ClusterId } from "./cluster.ts";
import type { ReplayPayload } from "./payload/payload.ts";

/**
 * What an execution came to.
 *
 * - `applied`: the cluster has it.
 * - `unavailable`: surely the cluster's fault and surely not applied. Costs the message nothing.
 * - `uncertain`: perhaps applied, or refused for a reason that may pass (schema, rights, guardrails).
 * - `rejected`: can never work, whatever the cluster's state.
 */
export type Outcome = "applied" | "unavailable" | "uncertain" | "rejected";

/**
 * What a failure says about the state of the cluster.
 *
 * - `overload`: it has too much to do, and says so.
 * - `timeout`: no answer in time.
 * - `partial`: it answers, and cannot serve this data now (too few replicas); it may serve other data.
 * - `connection-lost`: the connection went before there was an answer. Surely no fault of the message, whatever is
 *   applied on the next connection.
 */
export type Strain = "overload" | "timeout" | "partial" | "connection-lost";

/** Executes a payload on its target cluster with its timestamp. Resolves when it is applied, else rejects. */
export type ExecuteFunc = (payload: ReplayPayload, options: { signal: AbortSignal }) => Promise<void>;

/**
 * What a worker executes with; `client.replayExecutor()` returns one, and a bare {@link ExecuteFunc} will do.
 */
export interface ReplayExecutor {
  execute: ExecuteFunc;
  /**
   * What a failure means. Must not throw. @default `error.outcome` where it is an outcome, else `uncertain`
   */
  classify?(error: unknown): Exclude<Outcome, "applied">;
  /**
   * What a failure says about the state of the cluster, by which the worker adapts its concurrency. An
   * `unavailable` that is an `overload` or `partial` does not open the breaker at once. Must not throw.
   * @default `timeout` for an execution that outlived its time
   */
  strain?(error: unknown): Strain | undefined;
  /** Resolves if the cluster is there at all, whatever it thinks of the message that failed. */
  probe?(cluster: ClusterId, options: { signal: AbortSignal }): Promise<void>;
  /**
   * Calls back at each sign that a cluster is there again, such as a session that is made; returns what ends that. A worker
   * that holds back tries the cluster then, and not only when its interval is over.
   */
  onAvailable?(listener: (cluster: ClusterId) => void): () => void;
}

/** What {@link ReplayExecutor.classify} does where an executor has none. */
export function outcomeOf(error: unknown): Exclude<Outcome, "applied"> {
  const outcome: unknown = typeof error === "object" && error !== null && "outcome" in error && error.outcome;
  return outcome === "unavailable" || outcome === "rejected" ? outcome : "uncertain";
}

/** What `client.attachWorker` takes; the class is `ReplayWorker` in `@helix/worker`. */
export interface Startable extends AsyncDisposable {
  /** Resolves when it runs. Twice is safe, also while it starts or stops. */
  start(): Promise<void>;
  /**
   * Resolves when nothing of it is left: stops receiving, waits up to `graceMs` (or until `signal` is
   * aborted) for what is being executed, aborts the rest, hands everything unfinished back.
   */
  stop(options?: { graceMs?: number | undefined; signal?: AbortSignal | undefined }): Promise<void>;
  readonly isRunning: boolean;
}
