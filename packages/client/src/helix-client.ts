import {
  type ClientEvents,
  type ClusterId,
  EventHub,
  type EventSource,
  helixError,
  type Params,
  type ReplayExecutor,
  type Startable,
} from "@helix/core";
import type { BreakerState } from "@helix/core/internal";
import type { types } from "cassandra-driver";
import { type HelixClientOptions, type ReadClientOptions, readClientOptions } from "./client-options.ts";
import { createPaths, type Paths } from "./create-paths.ts";
import { type DriverLog, DriverSurface, type LogListener } from "./driver-surface.ts";
import { CLIENT_EVENTS } from "./event-names.ts";
import { AttachedWorkers } from "./replay/attached-workers.ts";
import { createReplayExecutor } from "./replay/replay-executor.ts";
import { type BatchOptions, type ExecuteOptions, refuseCallback } from "./request-options.ts";
import { Requests } from "./requests.ts";
import type { Result } from "./result.ts";
import type { ClusterLink } from "./session/cluster-link.ts";
import { type ClusterLinks, clientClosed } from "./session/cluster-links.ts";
import { type ConnectOptions, checkConnectOptions, connectLinks } from "./session/connect-links.ts";
import { createLinks } from "./session/create-links.ts";
import { InFlight } from "./session/in-flight.ts";
import type { BatchStatement } from "./write/operations.ts";
import { WriteTimestamps } from "./write/write-timestamps.ts";

/** How one cluster looks from here. */
export interface ClusterState {
  readonly connected: boolean;
  readonly breaker: BreakerState;
}

/**
 * Writes every row to two Cassandra clusters, and queues for replay what one of them missed. It trades the
 * certainty that both have a write when the call returns for calls that succeed while one cluster is away:
 * `result.writes` says which it was.
 *
 * new –`connect`→ open –`close`→ closed. Before `connect` requests reject with HELIX_CLIENT_NOT_CONNECTED,
 * after `close` with HELIX_CLIENT_CLOSED; in between clusters come and go by themselves.
 */
export class HelixClient extends DriverSurface implements EventSource<ClientEvents>, AsyncDisposable {
  readonly #options: ReadClientOptions;
  readonly #events: EventHub<ClientEvents>;
  readonly #log: DriverLog;
  readonly #links: ClusterLinks;
  readonly #requests: Requests;
  readonly #paths: Paths | undefined;
  readonly #workers = new AttachedWorkers();
  readonly #inFlight = new InFlight();
  readonly #closed = new AbortController();
  #isOpen = false;
  #wasConnected = false;
  #closing: Promise<void> | undefined;

  /** @throws TypeError, RangeError naming option, expectation and value. Does no I/O. */
  constructor(options: HelixClientOptions) {
    const read = readClientOptions(options);
    const { clusters, clock, logger, maxTimestampAheadMs: maxAheadMs } = read;
    const onListenerError = (err: unknown, event: string) =>
      logger.error({ err, event }, "an event listener failed");
    const events = new EventHub<ClientEvents>(onListenerError, CLIENT_EVENTS);
    const log: DriverLog = new EventHub(onListenerError);
    super(log, logger);
    this.#options = read;
    this.#events = events;
    this.#log = log;
    const links = createLinks(read, events, { driverLog: log, identities: read.replayer?.identities });
    const mostOffsetMs = (cluster: ClusterId) => links.get(cluster).schema.mostClockOffsetMs;
    const timestamps = new WriteTimestamps(clock, logger, events, { maxAheadMs, mostOffsetMs });
    const inFlight = this.#inFlight;
    const paths = createPaths(read, links, timestamps, inFlight, events);
    this.#links = links;
    this.#paths = paths;
    const assertOpen = () => this.#assertOpen();
    this.#requests = new Requests({ clusters, links, timestamps, inFlight, paths, assertOpen });
  }

  /** What each configured cluster looks like now. */
  get clusterStates(): Readonly<Partial<Record<ClusterId, ClusterState>>> {
    const entries = this.#links.all.map(
      (link) => [link.cluster, { connected: link.isConnected, breaker: link.breakerState }] as const,
    );
    return Object.fromEntries(entries);
  }

  /**
   * Resolves when the clusters that are waited for are there, and the attached workers run. Twice is safe: once it
   * has resolved, it does so at once if no `waitFor` is given, as the driver's does (its Mapper connects ever again).
   *
   * Rejects with the signal's reason or, once every cluster has refused its configuration (data centre, password),
   * with HELIX_NO_CLUSTER_AVAILABLE, which says what each of them says: the clusters are sought all the same, so
   * connect again, or close. Rejects with HELIX_CLIENT_CLOSED, or with what a worker failed to start with.
   */
  async connect(options: ConnectOptions = {}): Promise<void> {
    refuseCallback("connect", options);
    checkConnectOptions(options);
    if (this.#closed.signal.aborted) throw clientClosed();
    options.signal?.throwIfAborted();
    if (this.#wasConnected && options.waitFor === undefined) return;
    this.#isOpen = true;
    await connectLinks(this.#links, options, this.#closed.signal);
    if (this.#closed.signal.aborted) throw clientClosed();
    await this.#workers.start();
    if (options.waitFor !== "none") this.#wasConnected = true;
  }

  /**
   * Runs a statement: a write on both clusters, a SELECT on one of them, anything on one alone with
   * `cluster`, or if there is only one. Resolves when it is applied on one cluster and queued for the other
   * at least; with `wait: "first"` when it is applied on one.
   *
   * Rejects, before any I/O, with TypeError or RangeError, HELIX_PAYLOAD_INVALID for a value that cannot be
   * bound, HELIX_NOT_REPLAYABLE and HELIX_TIMESTAMP_AHEAD. A write to both rejects with HELIX_BOTH_CLUSTERS_FAILED,
   * HELIX_OUTCOME_PENDING (it **will** be applied), HELIX_OUTCOME_HELD (a person decides), HELIX_REPLAY_NOT_QUEUED, HELIX_PAYLOAD_INVALID for a value
   * that its column would get as another one (known once the statement is prepared), or the driver's
   * ArgumentError for a name that is missing; with these two nothing is written. A read rejects with
   * HELIX_NO_CLUSTER_AVAILABLE, or the driver's error for a refusal; a statement on one cluster with the
   * driver's error, or HELIX_CLUSTER_UNAVAILABLE.
   */
  execute<Row = types.Row>(
    query: string,
    params?: Params | null,
    options?: ExecuteOptions | null,
    ...nothing: never[]
  ): Promise<Result<Row>> {
    // Not `async`, here and on the way from here: each such function is a promise more, and three turns.
    try {
      refuseCallback("execute", params, options, ...nothing);
      return this.#requests.execute<Row>(query, params, options ?? {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Runs statements as one batch, as `execute` runs a write; all of them get the same timestamp. Rejects as
   * `execute` does.
   */
  batch<Row = types.Row>(
    statements: readonly BatchStatement[],
    options?: BatchOptions | null,
    ...nothing: never[]
  ): Promise<Result<Row>> {
    try {
      refuseCallback("batch", options, ...nothing);
      return this.#requests.batch<Row>(statements, options ?? {});
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Returns what removes the listener. A listener that fails is logged and changes nothing. `log` is the driver's: the
   * lines that the drivers of all sessions log.
   *
   * @throws TypeError for an event that does not exist, such as `hostDown` of the driver, which would never come.
   */
  on(name: "log", listener: LogListener): () => void;
  on<N extends keyof ClientEvents>(name: N, listener: (event: ClientEvents[N]) => unknown): () => void;
  on(name: keyof ClientEvents | "log", listener: (...event: never[]) => unknown): () => void {
    if (name === "log") return this.#log.on("log", (line) => (listener as LogListener)(...line));
    return this.#events.on(name, listener as (event: unknown) => unknown);
  }

  /**
   * Executes payloads on the sessions of this client, for a worker. After `close` it rejects with
   * HELIX_CLIENT_CLOSED.
   */
  replayExecutor(): ReplayExecutor {
    return createReplayExecutor(this.#links, this.#events, this.#options.clock);
  }

  /**
   * Ties a worker to this client: `connect` starts it, `close` stops it first. Resolves when it runs, or
   * at once before `connect`.
   */
  async attachWorker(worker: Startable): Promise<void> {
    if (this.#closed.signal.aborted) throw clientClosed();
    await this.#workers.attach(worker);
  }

  /**
   * Stops the attached workers, waits for requests in flight and writes in the background, ends the sessions; the replayer is whose it
   * was. Resolves when no socket and no timer is left. Rejects, after all of that, with what a worker failed
   * to stop with. Twice is safe.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected override get readLinks(): readonly ClusterLink[] {
    return this.#paths?.reads.links ?? this.#links.all;
  }

  async #close(): Promise<void> {
    const { clock, drainTimeoutMs } = this.#options;
    this.#closed.abort();
    const failures = await this.#workers.stop();
    await this.#inFlight.drain(clock, drainTimeoutMs);
    this.#paths?.handoff.close();
    this.#paths?.writes.close();
    await this.#links.close();
    // What was cut off is now being queued.
    await this.#inFlight.drain(clock, drainTimeoutMs);
    this.#paths?.handoff.giveUp();
    await this.#inFlight.drain(clock, drainTimeoutMs);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, "Attached workers failed to stop");
  }

  #assertOpen(): void {
    if (this.#closed.signal.aborted) throw clientClosed();
    if (!this.#isOpen) {
      throw helixError(
        "HELIX_CLIENT_NOT_CONNECTED",
        "The client is not connected: await `connect()` first",
        {},
      );
    }
  }
}
