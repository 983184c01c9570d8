import type { Clock, ClusterId, ClusterIdentities, EventSink, Logger, SessionEvents } from "@helix/core";
import { type BreakerState, toldError } from "@helix/core/internal";
import type { Client } from "cassandra-driver";
import type { DriverLog } from "../driver-surface.ts";
import { loggable } from "../failure/loggable.ts";
import { readError } from "../failure/read-error.ts";
import { UnknownErrors } from "../failure/unknown-errors.ts";
import { ClusterBreaker } from "./cluster-breaker.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { eventHostOf, watchSchema } from "./driver-internals/index.ts";
import { IdentityCheck, type ReachedClusters } from "./identity/identity-check.ts";
import { clusterBusy, clusterUnavailable } from "./link-errors.ts";
import { Outstanding } from "./outstanding.ts";
import type { ClockOffset } from "./schema/clock-offset.ts";
import type { ClusterSchema } from "./schema/cluster-schema.ts";
import { KnownSchema } from "./schema/known-schema.ts";
import { SchemaReader } from "./schema/schema-reader.ts";
import { type LinkRequest, type RequestSender, SentRequest } from "./sent-request.ts";
import { SupervisedSession } from "./supervised-session.ts";

const PROBE_TIMEOUT_MS = 2_000;

export interface ClusterLinkOptions {
  readonly config: ClusterConfig;
  /** What the cluster is called in logs. */
  readonly name: string;
  readonly requestTimeoutMs: number;
  readonly clock: Clock;
  readonly clockOffset: ClockOffset;
  /** By all links of the process. */
  readonly reached: ReachedClusters;
  /** The record of the queue that missed writes go to. */
  readonly identities?: ClusterIdentities | undefined;
  readonly random: () => number;
  readonly logger: Logger;
  readonly events: EventSink<SessionEvents>;
  readonly driverLog?: DriverLog | undefined;
  readonly onBreakerChange: (state: BreakerState) => void;
}

/** All that one cluster is to the client: its session, its breaker, and what it owes an answer to. */
export class ClusterLink {
  readonly config: ClusterConfig;
  readonly #options: ClusterLinkOptions;
  readonly #session: SupervisedSession;
  readonly #breaker: ClusterBreaker;
  readonly #outstanding: Outstanding;
  readonly #schema: KnownSchema;
  readonly #identity: IdentityCheck;
  readonly #sender: RequestSender;
  readonly #attemptListeners = new Set<() => void>();
  readonly #unavailableListeners = new Set<() => void>();
  #lastFailure: unknown;
  #refusal: Error | undefined;
  /** It opens again after each trial that failed, which is no news; nor is it with a session that is lost. */
  #isOpenTold = false;

  constructor(options: ClusterLinkOptions) {
    const { config, requestTimeoutMs, clock, clockOffset, random, logger, name, reached } = options;
    this.config = config;
    this.#options = options;
    this.#identity = new IdentityCheck(
      {
        cluster: config.cluster,
        name,
        reached,
        clock,
        random,
        logger,
        onMistaken: (error) => this.#session.drop(error),
      },
      options.identities,
    );
    this.#session = new SupervisedSession({
      createClient: () => this.#listen(config.createClient()),
      isLogged: () => options.driverLog?.has("log") === true,
      isBlocked: () => this.#outstanding.isBlocked,
      clock,
      random,
      check: (client) => this.#identity.connected(client),
      onConnected: () => {
        this.#onConnected();
        // Found out since the session was let through.
        if (this.#identity.mistake !== undefined) this.#session.drop(this.#identity.mistake);
      },
      onDisconnected: (cause, info) => this.#onDisconnected(cause, info),
    });
    this.#breaker = new ClusterBreaker({
      clock,
      random,
      probe: () => this.probe(),
      onSessionInDoubt: (cause) => this.#session.drop(cause),
      onChange: (state, info) => this.#onBreakerChange(state, info),
    });
    this.#outstanding = new Outstanding({
      clock,
      requestTimeoutMs,
      maxInFlight: config.maxInFlight,
      busyError: () => clusterBusy(config.cluster, name, config.maxInFlight, requestTimeoutMs),
      onStall: () => this.#breaker.stalled(toldError("The cluster has stopped answering")),
    });
    this.#sender = {
      session: this.#session,
      breaker: this.#breaker,
      outstanding: this.#outstanding,
      unknownErrors: new UnknownErrors(logger, name),
      unavailableError: () => this.unavailableError(),
    };
    const untold = (why: string, cause?: unknown) => clusterUnavailable(config.cluster, name, why, cause);
    this.#schema = new KnownSchema({
      reader: new SchemaReader({
        send: (request) => this.send(request),
        driver: () => this.#driver(),
        unreadable: (cause) => untold("what it says of its schema cannot be read", cause),
      }),
      clock,
      clockOffset,
      assertConnected: () => void this.#driver(),
      unsettled: () => untold("its schema changes all the time"),
      answeredBy: (hostId) => this.#identity.answeredBy(hostId),
      teller: () => (this.driver === undefined ? undefined : eventHostOf(this.driver)),
    });
  }

  get cluster(): ClusterId {
    return this.config.cluster;
  }

  /** What is known of its tables. */
  get schema(): ClusterSchema {
    return this.#schema;
  }

  /** Whether its sessions lead to the cluster that is meant. */
  get identity(): Pick<IdentityCheck, "asking" | "doubt" | "settled" | "compareWith"> {
    return this.#identity;
  }

  /** The driver of the present session; undefined while there is none. */
  get driver(): Client | undefined {
    return this.#session.client;
  }

  get isConnected(): boolean {
    return this.#session.client !== undefined;
  }

  get breakerState(): BreakerState {
    return this.#breaker.state;
  }

  /** Whether a write should be tried on it at all. */
  get isAvailable(): boolean {
    return this.isConnected && this.#breaker.state === "closed";
  }

  start(): void {
    this.#session.start();
  }

  /** Ends the session with whatever is in flight. Resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#breaker.close();
    this.#schema.close();
    this.#identity.disconnected();
    await this.#session.close();
    this.#outstanding.close();
  }

  /** Why the cluster will not have this configuration, whatever is waited for; undefined where it may yet. */
  get refusal(): Error | undefined {
    return this.#refusal;
  }

  /** Calls back after each attempt to connect; returns what removes the listener. */
  onAttempt(listener: () => void): () => void {
    this.#attemptListeners.add(listener);
    return () => void this.#attemptListeners.delete(listener);
  }

  /** Calls back whenever it ceases to be available; returns what removes the listener. */
  onUnavailable(listener: () => void): () => void {
    this.#unavailableListeners.add(listener);
    return () => void this.#unavailableListeners.delete(listener);
  }

  /** The error of a request that is not sent: surely not its fault, surely not applied. */
  unavailableError(
    why = this.isConnected ? "its breaker is open" : this.#whyThereIsNoSession(),
    cause = this.#lastFailure,
  ): Error {
    return clusterUnavailable(this.cluster, this.#options.name, why, cause);
  }

  /** What only a person can cure stands in each error: the last of them is all that some see of it. */
  #whyThereIsNoSession(): string {
    return this.#refusal === undefined ? "there is no session" : readError(this.#refusal).text;
  }

  /**
   * Makes a request of the session, whatever the breaker says. Rejects with the driver's error, HELIX_CLUSTER_UNAVAILABLE without a
   * session, HELIX_CLUSTER_BUSY when its turn does not come, or HELIX_EXECUTE_TIMEOUT when the driver comes to no end.
   *
   * @param isWanted Asked when its turn has come: what nobody waits for any more would only keep others waiting.
   */
  send<T>(request: (client: Client) => Promise<T>, isWanted: () => boolean = () => true): Promise<T> {
    return new Promise((applied, failed) => {
      this.ask({ send: request, isWanted, applied, failed });
    });
  }

  /** As {@link send}, for who needs no promise of it: once it has ended, one of the two methods is called, perhaps at once. */
  ask<T>(request: LinkRequest<T>): void {
    if (this.isConnected) this.#outstanding.add(new SentRequest(request, this.#sender));
    else request.failed(this.unavailableError());
  }

  /** Resolves if the cluster answers at all. Rejects with the driver's error, or that of `send`. */
  async probe(): Promise<void> {
    const client = this.#driver();
    // Not through `send`: the breaker reads the end of its own probes.
    await client.execute("SELECT key FROM system.local", [], {
      prepare: false,
      isIdempotent: false,
      readTimeout: PROBE_TIMEOUT_MS,
    });
  }

  /** Throws HELIX_CLUSTER_UNAVAILABLE without a session. */
  #driver(): Client {
    const { client } = this.#session;
    if (client === undefined) throw this.unavailableError();
    return client;
  }

  #listen(client: Client): Client {
    watchSchema(client, this.#schema);
    client.on("hostAdd", () => this.#identity.again());
    const { driverLog } = this.#options;
    client.on("log", (level, className, message, furtherInfo) => {
      if (driverLog?.has("log")) {
        driverLog.emit("log", [level, className, message, furtherInfo, this.cluster]);
      }
    });
    return client;
  }

  #tellAttempt(): void {
    for (const listener of [...this.#attemptListeners]) listener();
  }

  #onConnected(): void {
    const { logger, name, events } = this.#options;
    logger.info({ cluster: name }, "connected to the cluster");
    this.#lastFailure = undefined;
    this.#refusal = undefined;
    this.#breaker.connected();
    this.#schema.reconnected();
    events.emit("cluster:connected", { cluster: this.cluster });
    this.#tellAttempt();
  }

  #onDisconnected(cause: unknown, info: { retryInMs: number; misconfigured: boolean }): void {
    const { logger, name, events } = this.#options;
    // Read here, since a logger sees the driver's text alone, of which each host's error is a part with its stack.
    const fields = { cluster: name, err: loggable(cause), retryInMs: info.retryInMs };
    if (info.misconfigured) logger.error(fields, "the configuration of the cluster is refused");
    else logger.warn(fields, "no session to the cluster; it is sought again");
    this.#identity.disconnected();
    this.#lastFailure = cause;
    this.#refusal = info.misconfigured ? (cause as Error) : undefined;
    this.#breaker.disconnected(cause);
    events.emit("cluster:disconnected", {
      cluster: this.cluster,
      cause,
      misconfigured: info.misconfigured,
    });
    this.#tellAttempt();
  }

  #onBreakerChange(state: BreakerState, info: { cause?: unknown; retryInMs: number }): void {
    const { logger, name, events, onBreakerChange } = this.#options;
    const { cluster } = this;
    onBreakerChange(state);
    if (state === "open") {
      this.#lastFailure = info.cause ?? this.#lastFailure;
      if (!this.#isOpenTold && this.isConnected) {
        logger.warn({ cluster: name }, "breaker opened: the cluster has stopped answering");
        this.#isOpenTold = true;
      }
      events.emit("cluster:breaker:opened", { cluster, cause: info.cause, retryInMs: info.retryInMs });
      for (const listener of [...this.#unavailableListeners]) listener();
    } else if (state === "half-open") {
      events.emit("cluster:breaker:half-opened", { cluster });
    } else {
      // Otherwise what is slow, and not silent, would open it again at the next look.
      this.#outstanding.answered();
      if (this.#isOpenTold) logger.info({ cluster: name }, "breaker closed: the cluster answers again");
      this.#isOpenTold = false;
      events.emit("cluster:breaker:closed", { cluster });
    }
  }
}
