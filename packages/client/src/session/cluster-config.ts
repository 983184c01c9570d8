import type { ClusterId } from "@helix/core";
import { describeValue, expected } from "@helix/core/internal";
import { Client, type ClientOptions, policies, types } from "cassandra-driver";

/**
 * The driver's own options for one cluster, or a function that makes them. A function is called for each
 * session: needed where the options hold policy objects of your own, since a policy belongs to one session,
 * and sessions are replaced after an outage and made anew for other keyspaces.
 */
export type ClusterOptions = ClientOptions | (() => ClientOptions);

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
  /** A driver session that is not connected. `keyspace` replaces that of the options. */
  createClient(keyspace?: string): Client;
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
  const make = () => withDefaults(checked(name, typeof options === "function" ? options() : options));
  const made = make();
  // The driver has checks of its own, in the constructor, which does no I/O.
  new Client(made);
  const profiles = new Map((made.profiles ?? []).map((profile) => [profile.name, profile]));
  const profileOf = ({ executionProfile = "default" }: ProfileChoice) => profiles.get(executionProfile);
  const defaultRetry = made.policies?.retry ?? new policies.retry.RetryPolicy();
  const defaultConsistency = made.queryOptions?.consistency ?? types.consistencies.localOne;
  const speculative = made.policies?.speculativeExecution;
  return {
    cluster,
    keyspace: made.keyspace,
    mayRetryWrites:
      speculative === undefined ||
      speculative instanceof policies.speculativeExecution.NoSpeculativeExecutionPolicy,
    isIdempotent: made.queryOptions?.isIdempotent ?? false,
    createClient(keyspace) {
      const fresh = make();
      if (keyspace !== undefined && typeof options !== "function" && hasOwnPolicy(fresh)) {
        throw new TypeError(
          `A session for another keyspace needs policies of its own: give \`${name}\` as a function`,
        );
      }
      return new Client(keyspace === undefined ? fresh : { ...fresh, keyspace });
    },
    hasProfile: (profile) => profile === "default" || profiles.has(profile),
    consistencyOf: (request) => request.consistency ?? profileOf(request)?.consistency ?? defaultConsistency,
    retryPolicyOf: (request) => profileOf(request)?.retry ?? defaultRetry,
  };
}

/** A load balancing policy knows the hosts of its session: one object cannot serve two sessions at a time. */
function hasOwnPolicy(options: ClientOptions): boolean {
  const profiles = options.profiles ?? [];
  return (
    options.policies?.loadBalancing !== undefined ||
    profiles.some((profile) => profile.loadBalancing !== undefined)
  );
}

/** @throws TypeError if two clusters were given the same policy object. */
export function assertOwnPolicies(a: unknown, b: unknown): void {
  const shared = loadBalancingOf(a);
  if (shared !== undefined && shared === loadBalancingOf(b)) {
    throw new TypeError("Expected `clusters.A` and `clusters.B` to have a load balancing policy object each");
  }
}

function loadBalancingOf(options: unknown): unknown {
  return typeof options === "function" ? undefined : (options as ClientOptions).policies?.loadBalancing;
}

function checked(name: string, options: unknown): ClientOptions {
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
  for (const key of ["connectTimeout", "readTimeout"] as const) {
    const value = socketOptions?.[key];
    // 0 is "for ever" to the driver: a silent server would never be noticed.
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      throw new RangeError(
        `Expected \`${name}.socketOptions.${key}\` to be milliseconds above 0, got ${describeValue(value)}`,
      );
    }
  }
  return options as ClientOptions;
}

/** Defaults of ours under what was given. Each stands for an outage that the driver's own makes worse. */
function withDefaults(given: ClientOptions): ClientOptions {
  return {
    // One silent host would hold up the first execution of each statement for a whole read timeout.
    prepareOnAllHosts: false,
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
    // The driver's default is to accept any certificate.
    ...(given.sslOptions && { sslOptions: { rejectUnauthorized: true, ...given.sslOptions } }),
  };
}
