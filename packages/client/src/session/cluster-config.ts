import type { ClusterId } from "@helix/core";
import { describeValue, expected } from "@helix/core/internal";
import { Client, type ClientOptions, policies, types } from "cassandra-driver";
import { type WriteMeaning, writeMeaningOf } from "../bindings/write-meaning.ts";
import { freshPolicies } from "./driver-internals/index.ts";
import { withCredentials, withVerification } from "./secrets.ts";

/** The driver's own options for one cluster. */
export interface DriverOptions extends Omit<ClientOptions, "credentials"> {
  /**
   * As the driver's. A `password` that is a function is called for each connection to a node, so it may change meanwhile.
   * So may the certificates and keys in `sslOptions`, where these are getters.
   */
  credentials?: { username: string; password: string | (() => string) } | undefined;
}

/**
 * The driver's own options for one cluster, or a function that makes them. A function is called for each
 * session: needed where the options hold a load balancing policy of a class of your own, since such an object
 * belongs to one session, and sessions are replaced after an outage.
 */
export type ClusterOptions = DriverOptions | (() => DriverOptions);

/** The options of one cluster, checked, and what of them the rest of this package asks about. */
export interface ClusterConfig {
  readonly cluster: ClusterId;
  /** The keyspace of its sessions. */
  readonly keyspace: string | undefined;
  /**
   * Whether the driver may send a write a second time by itself: not with speculative executions, which race.
   */
  readonly mayRetryWrites: boolean;
  /** Whether a write that says nothing about it is idempotent, by the cluster's `queryOptions`. */
  readonly isIdempotent: boolean;
  readonly meaning: WriteMeaning;
  /** How many requests one host of it takes at a time, less some for what the driver sends by itself. */
  readonly maxInFlight: number;
  /** A driver session that is not connected. */
  createClient(): Client;
  hasProfile(name: string): boolean;
  /** The level that the driver will use for a request, as the protocol's number. */
  consistencyOf(request: ProfileChoice & { readonly consistency?: number | undefined }): number;
  /** The retry policy that the driver would use for a request. */
  retryPolicyOf(request: ProfileChoice): policies.retry.RetryPolicy;
}

interface ProfileChoice {
  readonly executionProfile?: string | undefined;
}

/**
 * Checks the options of a cluster and fills in what is safe for two clusters of which one may be gone.
 *
 * @throws TypeError, RangeError naming the option; what the driver's own constructor throws.
 */
export function readClusterConfig(cluster: ClusterId, options: unknown): ClusterConfig {
  const name = `clusters.${cluster}`;
  const make = () =>
    freshPolicies(name, withDefaults(checked(name, typeof options === "function" ? options() : options)));
  const made = make();
  // The driver has checks of its own, in the constructor, which does no I/O.
  new Client(made);
  // Twice, since what serves one session only would be missed after the first outage.
  make();
  const profiles = new Map((made.profiles ?? []).map((profile) => [profile.name, profile]));
  const profileOf = ({ executionProfile = "default" }: ProfileChoice) => profiles.get(executionProfile);
  const defaultRetry = made.policies?.retry ?? new policies.retry.RetryPolicy();
  // As the driver has it, which asks the server; a bundle is what makes the difference.
  const { localOne, localQuorum } = types.consistencies;
  const defaultConsistency =
    made.queryOptions?.consistency ?? (made.cloud === undefined ? localOne : localQuorum);
  const speculative = made.policies?.speculativeExecution;
  return {
    cluster,
    // To the driver an empty text and null are none as well.
    keyspace: made.keyspace || undefined,
    mayRetryWrites:
      speculative === undefined ||
      speculative instanceof policies.speculativeExecution.NoSpeculativeExecutionPolicy,
    isIdempotent: made.queryOptions?.isIdempotent ?? false,
    meaning: writeMeaningOf(made),
    maxInFlight: maxInFlightOf(made),
    createClient: () => new Client(make()),
    hasProfile: (profile) => profile === "default" || profiles.has(profile),
    consistencyOf: (request) => request.consistency ?? profileOf(request)?.consistency ?? defaultConsistency,
    retryPolicyOf: (request) => profileOf(request)?.retry ?? defaultRetry,
  };
}

/** Of what one host takes at a time, one in 128 is left for preparing and for probes. */
function maxInFlightOf({ pooling }: ClientOptions): number {
  const { coreConnectionsPerHost, maxRequestsPerConnection = 2_048 } = pooling ?? {};
  const connections = coreConnectionsPerHost?.[types.distance.local] ?? 1;
  const capacity = connections * maxRequestsPerConnection;
  return Math.max(1, capacity - Math.ceil(capacity / 128));
}

function checked(name: string, options: unknown): DriverOptions {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(expected(name, "the driver's options of the cluster", options));
  }
  const { contactPoints, localDataCenter, socketOptions, cloud, policies: own } = options as ClientOptions;
  if (cloud === undefined) {
    if (!Array.isArray(contactPoints) || contactPoints.length === 0) {
      throw new TypeError(expected(`${name}.contactPoints`, "an array of at least one host", contactPoints));
    }
    for (const [index, host] of contactPoints.entries()) {
      if (typeof host !== "string" || host === "") {
        throw new TypeError(expected(`${name}.contactPoints[${index}]`, "a host or `host:port`", host));
      }
    }
    // With neither, the driver would connect first and then refuse.
    if (own?.loadBalancing === undefined && (typeof localDataCenter !== "string" || localDataCenter === "")) {
      throw new TypeError(
        `${expected(`${name}.localDataCenter`, "the data centre that the application is close to", localDataCenter)}; ` +
          "it is what `data_center` of `system.local` says there",
      );
    }
  }
  const { maxVersion = types.protocolVersion.v4 } = (options as ClientOptions).protocolOptions ?? {};
  // Before it there is no unset: what is undefined would be deleted.
  if (maxVersion < types.protocolVersion.v4) {
    throw new RangeError(expected(`${name}.protocolOptions.maxVersion`, "at least 4", maxVersion));
  }
  for (const key of ["connectTimeout", "readTimeout"] as const) {
    const value = socketOptions?.[key];
    // 0 is "for ever" to the driver: a silent server would never be noticed.
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new RangeError(
        `Expected \`${name}.socketOptions.${key}\` to be milliseconds above 0, got ${describeValue(value)}`,
      );
    }
  }
  return options as DriverOptions;
}

/** Defaults of ours under what was given. Each stands for an outage that the driver's own makes worse. */
function withDefaults({ credentials, sslOptions, ...given }: DriverOptions): ClientOptions {
  return {
    // One silent host would hold up the first execution of each statement for a whole read timeout.
    prepareOnAllHosts: false,
    // A pod replays for many keyspaces on one session; beyond the bound each execution prepares again.
    maxPrepared: 2_000,
    ...(credentials && withCredentials(credentials)),
    ...given,
    // v4 is the newest that the driver speaks to Cassandra; without this it connects, is refused, connects again.
    protocolOptions: { maxVersion: types.protocolVersion.v4, ...given.protocolOptions },
    policies: {
      // The driver's grows to ten minutes: a node that is back would be ignored for as long.
      reconnection: new policies.reconnection.ConstantReconnectionPolicy(1_500),
      ...given.policies,
    },
    // A host that has vanished without a word is noticed by heartbeats alone.
    pooling: { heartBeatInterval: 5_000, ...given.pooling },
    socketOptions: {
      connectTimeout: 3_000,
      readTimeout: 5_000,
      defunctReadTimeoutThreshold: 16,
      ...given.socketOptions,
    },
    ...(sslOptions && { sslOptions: withVerification(sslOptions) }),
  };
}
