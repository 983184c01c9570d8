import {
  type ClientEvents,
  type ClusterId,
  EventHub,
  type EventSource,
  helixError,
  type Operation,
  type Params,
  type ReplayExecutor,
  type ReplayQueue,
  type Startable,
} from "@helix/core";
import type { BreakerState } from "@helix/core/internal";
import type { types } from "cassandra-driver";
import { abortable } from "./abortable.ts";
import { toLong } from "./bindings/long.ts";
import type { WriteMeaning } from "./bindings/write-meaning.ts";
import { type HelixClientOptions, type ReadClientOptions, readClientOptions } from "./client-options.ts";
import { type DriverLog, DriverSurface, type LogListener } from "./driver-surface.ts";
import { clusterOfPage, parsePageState } from "./page-state.ts";
import { OwnWrites } from "./read/own-writes.ts";
import { ReadPath } from "./read/read-path.ts";
import { readStrategy } from "./read/read-strategy.ts";
import { AttachedWorkers } from "./replay/attached-workers.ts";
import { inKeyspace } from "./replay/in-keyspace.ts";
import { createReplayExecutor } from "./replay/replay-executor.ts";
import {
  type BatchOptions,
  type ExecuteOptions,
  type ReadOptions,
  readBatchOptions,
  readExecuteOptions,
  refuseCallback,
} from "./request-options.ts";
import { type FetchPage, Result } from "./result.ts";
import type { ClusterLink } from "./session/cluster-link.ts";
import { type ClusterLinks, clientClosed } from "./session/cluster-links.ts";
import { type ConnectOptions, checkConnectOptions, connectLinks } from "./session/connect-links.ts";
import { createLinks } from "./session/create-links.ts";
import { queryOptions, sendOperation } from "./session/driver-request.ts";
import { InFlight } from "./session/in-flight.ts";
import { isDrained } from "./session/is-drained.ts";
import { Background } from "./write/background.ts";
import { assertCarried } from "./write/carried-options.ts";
import {
  type BatchStatement,
  readBatch,
  readStatement,
  unsafeConstruct,
  withNulls,
} from "./write/operations.ts";
import { ReplayHandoff } from "./write/replay-handoff.ts";
import { assertReplayable, inspectStatement, isWrite } from "./write/statement-check.ts";
import { WritePath } from "./write/write-path.ts";
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
  readonly #timestamps: WriteTimestamps;
  readonly #workers = new AttachedWorkers();
  readonly #inFlight = new InFlight();
  readonly #closed = new AbortController();
  /** None with one cluster alone. */
  readonly #both:
    | { readonly reads: ReadPath; readonly writes: WritePath; readonly handoff: ReplayHandoff }
    | undefined;
  #isOpen = false;
  #wasConnected = false;
  #closing: Promise<void> | undefined;

  /** @throws TypeError, RangeError naming option, expectation and value. Does no I/O. */
  constructor(options: HelixClientOptions) {
    const read = readClientOptions(options);
    const { clock, logger, metrics, replayer, onEnqueueFailed, secondaryTimeoutMs, readCluster } = read;
    const { openTelemetry, wait, maxInBackground, onQueueFull } = read;
    const onListenerError = (err: unknown, event: string) =>
      logger.error({ err, event }, "an event listener failed");
    const events = new EventHub<ClientEvents>(onListenerError);
    const log: DriverLog = new EventHub(onListenerError);
    super(log, logger);
    this.#options = read;
    this.#events = events;
    this.#log = log;
    this.#links = createLinks(read, events, log);
    this.#timestamps = new WriteTimestamps(clock, logger, events);
    if (!read.clusters.has("B")) return;
    const links = { A: this.#links.get("A"), B: this.#links.get("B") };
    const handoff = new ReplayHandoff({ replayer, onEnqueueFailed, onQueueFull, clock, metrics, events });
    const timestamps = this.#timestamps;
    const { gate, readYourWrites, random } = read;
    const ownWrites =
      readYourWrites === false
        ? undefined
        : new OwnWrites({ clock, queue: replayer as Partial<ReplayQueue>, ...readYourWrites });
    const drained = (cluster: ClusterId) => isDrained(gate, cluster);
    this.#both = {
      handoff,
      reads: new ReadPath({
        links,
        strategy: readStrategy(read.readStrategy, readCluster, random),
        isAvoided: (cluster) => drained(cluster) || ownWrites?.isMissing(cluster) === true,
        clock,
      }),
      writes: new WritePath({
        links,
        handoff,
        timestamps,
        wait,
        background: new Background({ limit: maxInBackground, inFlight: this.#inFlight, logger }),
        isDrained: drained,
        ownWrites,
        secondaryTimeoutMs,
        clock,
        metrics,
        openTelemetry,
      }),
    };
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
    this.#wasConnected = true;
  }

  /**
   * Runs a statement: a write on both clusters, a SELECT on one of them, anything on one alone with
   * `cluster`, or if there is only one. Resolves when it is applied on one cluster and queued for the other
   * at least; with `wait: "first"` when it is applied on one.
   *
   * Rejects, before any I/O, with TypeError or RangeError, HELIX_PAYLOAD_INVALID for a value that cannot be
   * bound, and HELIX_NOT_REPLAYABLE. A write to both rejects with HELIX_BOTH_CLUSTERS_FAILED,
   * HELIX_OUTCOME_PENDING (it **will** be applied), HELIX_REPLAY_NOT_QUEUED, HELIX_PAYLOAD_INVALID for a value
   * that its column would get as another one (known once the statement is prepared), or the driver's
   * ArgumentError for a name that is missing; with these two nothing is written. A read rejects with
   * HELIX_NO_CLUSTER_AVAILABLE, or the driver's error for a refusal; a statement on one cluster with the
   * driver's error, or HELIX_CLUSTER_UNAVAILABLE.
   */
  async execute<Row = types.Row>(
    query: string,
    params?: Params | null,
    options: ExecuteOptions = {},
    ...nothing: never[]
  ): Promise<Result<Row>> {
    refuseCallback("execute", params, options, ...nothing);
    const given = readExecuteOptions(options);
    const operation = meant(readStatement(query, params), given);
    const only = this.#onlyCluster(given);
    const kind = inspectStatement(query);
    const page = parsePageState(given.pageState);
    const from = page === undefined ? undefined : clusterOfPage(page, only);
    const request = page === undefined ? given : { ...given, pageState: page.state };
    const fetchPage = (pageState: string) => this.execute<Row>(query, params, { ...options, pageState });
    if (only !== undefined) return this.#single(operation, request, only, isWrite(kind), fetchPage);
    if (kind.verb !== "select") return this.#write(operation, request);
    const { reads } = this.#ready();
    const read =
      from === undefined
        ? () => reads.read(operation, request, fetchPage)
        : () => reads.readPage(from, operation, request, fetchPage);
    return this.#inFlight.track(() => abortable(read(), given.signal));
  }

  /**
   * Runs statements as one batch, as `execute` runs a write; all of them get the same timestamp. Rejects as
   * `execute` does.
   */
  async batch<Row = types.Row>(
    statements: readonly BatchStatement[],
    options: BatchOptions = {},
    ...nothing: never[]
  ): Promise<Result<Row>> {
    refuseCallback("batch", options, ...nothing);
    const given = readBatchOptions(options);
    const { logged = this.#meaning["queryOptions.logged"] } = given;
    const operation = meant(readBatch(statements, { ...given, logged }), given);
    const only = this.#onlyCluster(given);
    if (only !== undefined) return this.#single(operation, given, only, true);
    return this.#write(operation, given);
  }

  /**
   * Returns what removes the listener. A listener that fails is logged and changes nothing. `log` is the driver's: the
   * lines that the drivers of all sessions log.
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
    return createReplayExecutor(this.#links, this.#events);
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
    return this.#both?.reads.links ?? this.#links.all;
  }

  async #close(): Promise<void> {
    const { clock, drainTimeoutMs } = this.#options;
    this.#closed.abort();
    const failures = await this.#workers.stop();
    await this.#inFlight.drain(clock, drainTimeoutMs);
    this.#both?.handoff.close();
    await this.#links.close();
    // What was cut off is now being queued.
    await this.#inFlight.drain(clock, drainTimeoutMs);
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, "Attached workers failed to stop");
  }

  /** The cluster that a request is for, if it is not for both. */
  #onlyCluster({ cluster, executionProfile, signal }: ReadOptions): ClusterId | undefined {
    const { clusters } = this.#options;
    if (cluster !== undefined && !clusters.has(cluster)) {
      throw new TypeError(`Expected \`cluster\` to be one that is configured, got "${cluster}"`);
    }
    const only = cluster ?? (this.#both === undefined ? "A" : undefined);
    for (const [id, config] of executionProfile === undefined ? [] : clusters) {
      if ((only ?? id) === id && executionProfile !== undefined && !config.hasProfile(executionProfile)) {
        throw new TypeError(`Expected \`executionProfile\` to be one of \`clusters.${id}.profiles\``);
      }
    }
    this.#assertOpen();
    signal?.throwIfAborted();
    return only;
  }

  #write<Row>(operation: Operation, options: ReadOptions): Promise<Result<Row>> {
    assertReplayable(unsafeConstruct(operation));
    assertCarried(operation, options);
    const isUnset = this.#meaning["encoding.useUndefinedAsUnset"];
    const resolved = isUnset ? operation : withNulls(operation);
    return this.#inFlight.track(() => this.#ready().writes.write<Row>(resolved, options));
  }

  async #single<Row>(
    operation: Operation,
    options: ReadOptions,
    cluster: ClusterId,
    isTimed: boolean,
    fetchPage?: FetchPage<Row>,
  ): Promise<Result<Row>> {
    const timestampMicros = isTimed ? this.#timestamps.next(options.timestampMicros) : undefined;
    const query = {
      ...queryOptions(operation, options),
      ...(timestampMicros !== undefined && { timestamp: toLong(timestampMicros) }),
    };
    return this.#inFlight.track(async () => {
      const sent = sendOperation(this.#links.get(cluster), operation, query);
      return new Result<Row>(await abortable(sent, options.signal), { cluster, timestampMicros, fetchPage });
    });
  }

  /** That of both clusters. */
  get #meaning(): WriteMeaning {
    const { meaning } = this.#links.get("A").config;
    return meaning;
  }

  #ready(): { readonly reads: ReadPath; readonly writes: WritePath } {
    if (this.#both === undefined) throw new Error("Two clusters are needed here: a bug in the routing");
    return this.#both;
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

/** In the keyspace that the request says, if it says one. */
function meant(operation: Operation, { keyspace }: ReadOptions): Operation {
  return keyspace === undefined ? operation : inKeyspace(operation, keyspace);
}
