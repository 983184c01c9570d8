import type { ClusterConfig } from "@helix/client/internal";
import type { ClusterId, Statement } from "@helix/core";
import { type Client, policies, type QueryOptions, type types } from "cassandra-driver";
import type { SimProcess } from "../world/sim-process.ts";
import { driverErrors } from "./driver-errors.ts";
import type { ClusterRequest, ModelCluster } from "./model-cluster.ts";
import { systemRows } from "./system-tables.ts";

const HOSTS = ["host-1", "host-2"] as const;
const READ_TIMEOUT_MS = 5000;
const CONNECT_TIMEOUT_MS = 3000;
/** `RetryPolicy.retryDecision.retry`, which the driver does not declare. */
const RETRY = 1;

type Retry = policies.retry.RetryPolicy;
type Info = policies.retry.OperationInfo;
type Rejection = Error & { readonly code?: number | string; readonly isSocketError?: boolean };

const MEANING: ClusterConfig["meaning"] = {
  "encoding.map": undefined,
  "encoding.set": undefined,
  "encoding.useBigIntAsLong": false,
  "encoding.useBigIntAsVarint": false,
  "encoding.useUndefinedAsUnset": true,
  "queryOptions.logged": true,
};

/** The configuration of a cluster whose sessions are modelled. */
export function modelConfig(
  cluster: ModelCluster,
  process: SimProcess,
  isIdempotent: boolean,
): ClusterConfig {
  const retry = new policies.retry.RetryPolicy();
  return {
    cluster: cluster.cluster satisfies ClusterId,
    keyspace: undefined,
    mayRetryWrites: true,
    isIdempotent,
    maxInFlight: 2_048,
    meaning: MEANING,
    createClient: () => new ModelSession(cluster, process) as unknown as Client,
    hasProfile: () => false,
    consistencyOf: () => 6,
    retryPolicyOf: () => retry,
  };
}

/**
 * What this project uses of the driver's `Client`, over a model cluster of two hosts: tries and their
 * repetition as the driver asks its retry policy about them, timeouts, the loss of the last host.
 */
class ModelSession {
  readonly hosts: { values(): readonly object[] };
  readonly #cluster: ModelCluster;
  readonly #process: SimProcess;
  readonly #listeners = new Map<string, () => void>();
  readonly #pending = new Set<(error: Error) => void>();
  readonly #stopWatching: () => void;
  #isConnected = false;

  constructor(cluster: ModelCluster, process: SimProcess) {
    this.#cluster = cluster;
    this.#process = process;
    const nodes = HOSTS.map((host) => ({ hostId: `${cluster.cluster}-${host}`, datacenter: "datacenter1" }));
    this.hosts = { values: () => nodes };
    this.#stopWatching = cluster.onDown(() => this.#process.deliver(() => this.#lose(), 1));
  }

  on(event: string, listener: () => void): this {
    this.#listeners.set(event, listener);
    return this;
  }

  getState(): { getConnectedHosts(): readonly string[] } {
    return { getConnectedHosts: () => (this.#isConnected ? HOSTS : []) };
  }

  async connect(): Promise<void> {
    const failure = await this.#failureOf(undefined, CONNECT_TIMEOUT_MS);
    if (failure !== undefined) throw driverErrors.noHost({ [HOSTS[0]]: failure });
    this.#isConnected = true;
  }

  async shutdown(): Promise<void> {
    this.#stopWatching();
    this.#lose();
  }

  async execute(query: string, params: readonly unknown[], options: QueryOptions): Promise<types.ResultSet> {
    if (!query.startsWith("SELECT")) return this.#request([{ query, params }], options);
    await this.#request(undefined, options);
    return resultOf(systemRows(query, this.#cluster));
  }

  batch(statements: readonly Statement[], options: QueryOptions): Promise<types.ResultSet> {
    return this.#request(statements, options);
  }

  async #request(
    statements: readonly Statement[] | undefined,
    options: QueryOptions,
  ): Promise<types.ResultSet> {
    const request = statements && { statements, timestamp: toBigInt(options.timestamp as types.Long) };
    const innerErrors: Record<string, Error> = {};
    let tried = 0;
    for (let nbRetry = 0; ; nbRetry++) {
      const failure = await this.#failureOf(request, options.readTimeout ?? READ_TIMEOUT_MS);
      if (failure === undefined) return resultOf([]);
      const decision = decide(failure, options, { nbRetry } as Info);
      if (decision?.decision !== RETRY) throw failure;
      const host = HOSTS[tried++];
      if (host !== undefined) innerErrors[host] = failure;
      if (tried >= HOSTS.length || !this.#isConnected) throw driverErrors.noHost(innerErrors);
    }
  }

  /** One try: what it failed with, or nothing. */
  #failureOf(request: ClusterRequest | undefined, timeoutMs: number): Promise<Rejection | undefined> {
    return new Promise((resolve) => {
      if (!this.#process.cross()) return;
      if (this.#cluster.isDown) {
        this.#process.deliver(() => resolve(driverErrors.refused()), 1);
        return;
      }
      const cancel = this.#process.clock.setTimer(() => end(driverErrors.timedOut()), timeoutMs);
      const endTry = this.#cluster.beginTry(this.#process.name);
      const end = (error?: Error) => {
        cancel();
        if (this.#pending.delete(end)) endTry();
        resolve(error);
      };
      this.#pending.add(end);
      this.#cluster.receive(request, (error) => void this.#process.deliver(() => end(error), 0));
    });
  }

  #lose(): void {
    this.#isConnected = false;
    for (const end of [...this.#pending]) end(driverErrors.socketClosed());
    this.#listeners.get("hostDown")?.();
  }
}

function resultOf(rows: readonly unknown[]): types.ResultSet {
  const result = { rows, rowLength: rows.length, [Symbol.iterator]: () => rows[Symbol.iterator]() };
  return result as unknown as types.ResultSet;
}

/** As `RequestExecution._getDecision` of the driver. */
function decide(
  failure: Rejection,
  { isIdempotent, retry }: QueryOptions,
  info: Info,
): policies.retry.DecisionInfo | undefined {
  const policy = retry as Retry | undefined;
  if (policy === undefined) return undefined;
  const { code, isSocketError, name } = failure;
  if (isSocketError === true || name === "OperationTimedOutError" || code === 0x1001) {
    return isIdempotent ? policy.onRequestError(info, 6, failure) : undefined;
  }
  if (code === 0x1000) return policy.onUnavailable(info, 6, 2, true);
  if (code === 0x1100) return isIdempotent ? policy.onWriteTimeout(info, 6, 0, 1, "SIMPLE") : undefined;
  return undefined;
}

function toBigInt({ high, low }: { readonly high: number; readonly low: number } & object): bigint {
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
}
