import { inspect } from "node:util";
import {
  type Client,
  type ClientOptions,
  ExecutionProfile,
  policies,
  tracker,
  types,
} from "cassandra-driver";
import { expect, test } from "vitest";
import { readClientOptions } from "../client-options.ts";
import { type ClusterOptions, readClusterConfig } from "./cluster-config.ts";

const A = { contactPoints: ["127.0.0.1"], localDataCenter: "dc1" };

test.each<[string, unknown, string]>([
  ["nothing", undefined, "`clusters.A`"],
  ["no contact point", { ...A, contactPoints: [] }, "`clusters.A.contactPoints`"],
  ["an empty contact point", { ...A, contactPoints: [""] }, "`clusters.A.contactPoints[0]`"],
  ["no data centre", { contactPoints: ["127.0.0.1"] }, "`clusters.A.localDataCenter`"],
  [
    "a read timeout of for ever",
    { ...A, socketOptions: { readTimeout: 0 } },
    "`clusters.A.socketOptions.readTimeout`",
  ],
  ["what the driver refuses", { ...A, protocolOptions: { maxVersion: 99 } }, "maxVersion"],
])("a cluster with %s is refused before any I/O, and the option named", (_, options, name) => {
  expect(() => readClusterConfig("A", options)).toThrow(name);
});

const { loadBalancing, speculativeExecution } = policies;

class Own extends loadBalancing.RoundRobinPolicy {}
class Changed extends speculativeExecution.NoSpeculativeExecutionPolicy {
  override shutdown(): void {}
}
class Tracker extends tracker.RequestLogger {
  override shutdown(): void {}
}
const patched = Object.assign(new loadBalancing.RoundRobinPolicy(), { getDistance: () => 0 });

test("a load balancing policy takes the place of the data centre", () => {
  const policy = new loadBalancing.DCAwareRoundRobinPolicy("dc1");
  const config = readClusterConfig("A", { contactPoints: ["a"], policies: { loadBalancing: policy } });
  expect(config.createClient()).toBeDefined();
});

test.each<[string, () => policies.loadBalancing.LoadBalancingPolicy]>([
  ["RoundRobinPolicy", () => new loadBalancing.RoundRobinPolicy()],
  ["DCAwareRoundRobinPolicy", () => new loadBalancing.DCAwareRoundRobinPolicy("dc1")],
  ["TokenAwarePolicy", () => new loadBalancing.TokenAwarePolicy(new loadBalancing.RoundRobinPolicy())],
  [
    "AllowListPolicy",
    () => new loadBalancing.AllowListPolicy(new loadBalancing.DCAwareRoundRobinPolicy("dc1"), ["a:9042"]),
  ],
  [
    "WhiteListPolicy",
    () => new loadBalancing.WhiteListPolicy(new loadBalancing.RoundRobinPolicy(), ["a:9042", "b:9042"]),
  ],
  [
    "DefaultLoadBalancingPolicy",
    () => new loadBalancing.DefaultLoadBalancingPolicy({ localDc: "dc1", filter: () => true }),
  ],
  ["the default", () => policies.defaultLoadBalancingPolicy("dc1")],
])("an object %s is made once more for each session, the same in all that was asked for", (_, make) => {
  const given = make();
  const untouched = make();
  const profile = new ExecutionProfile("careful", { loadBalancing: given });
  const config = readClusterConfig("A", { ...A, policies: { loadBalancing: given }, profiles: [profile] });
  const [first, second] = [optionsOf(config.createClient()), optionsOf(config.createClient())];
  const ofFirst = first.policies?.loadBalancing ?? expect.unreachable();
  const ofSecond = second.policies?.loadBalancing ?? expect.unreachable();
  expect(new Set([given, ofFirst, ofSecond]).size).toBe(3);
  expect(ofFirst.constructor).toBe(given.constructor);
  expect(ofFirst.getOptions()).toEqual(untouched.getOptions());
  expect(plain(given)).toBe(plain(untouched));
  // One policy in two places stays one, and what the driver adds to a profile stays with that session.
  expect(first.profiles?.[0]?.loadBalancing).toBe(ofFirst);
  expect(first.profiles?.[0]).not.toBe(second.profiles?.[0]);
  expect(profile.loadBalancing).toBe(given);
});

test("every load balancing policy that the driver exports can be made once more, but the one to inherit from", () => {
  for (const [name, Policy] of Object.entries(loadBalancing)) {
    if (name === "LoadBalancingPolicy") continue;
    const Any = Policy as new (...args: unknown[]) => policies.loadBalancing.LoadBalancingPolicy;
    const policy = /List|Token/.test(name)
      ? new Any(new loadBalancing.RoundRobinPolicy(), ["a"])
      : new Any("dc1");
    expect(() => readClusterConfig("A", { ...A, policies: { loadBalancing: policy } }), name).not.toThrow();
  }
});

test("neither the array of profiles nor a profile is the next session's, since the driver adds to both", () => {
  const careful = new ExecutionProfile("careful", { consistency: 6, readTimeout: 7, serialConsistency: 8 });
  const profiles = [careful];
  const config = readClusterConfig("A", { ...A, profiles });
  config.createClient();
  expect(profiles).toEqual([careful]);
  expect(careful.loadBalancing).toBeUndefined();
  expect(optionsOf(config.createClient()).profiles?.[0]).toMatchObject({
    consistency: 6,
    readTimeout: 7,
    serialConsistency: 8,
  });
});

test.each<[string, Partial<ClientOptions>, string]>([
  ["a policy of one's own", { policies: { loadBalancing: new Own() } }, "policies.loadBalancing"],
  [
    "one inside another",
    { policies: { loadBalancing: new loadBalancing.TokenAwarePolicy(new Own()) } },
    "policies.loadBalancing",
  ],
  [
    "a policy of which a method was replaced",
    { policies: { loadBalancing: patched } },
    "policies.loadBalancing",
  ],
  [
    "one in a profile",
    { profiles: [new ExecutionProfile("mine", { loadBalancing: new Own() })] },
    "profiles[0].loadBalancing",
  ],
  [
    "a speculative execution that is told of the session's end",
    { policies: { speculativeExecution: new Changed() } },
    "policies.speculativeExecution",
  ],
  ["a tracker that is told of it", { requestTracker: new Tracker({}) }, "requestTracker"],
])("an object that serves one session only is refused, and the function form named: %s", (_, more, path) => {
  const read = () => readClusterConfig("A", { ...A, ...more });
  expect(read).toThrow(`Expected \`clusters.A.${path}\` to be another object for each session`);
  expect(read).toThrow("give `clusters.A` as a function");
});

test("a function may make such objects; it is called for each session, and refused if it gives one twice", () => {
  let calls = 0;
  const config = readClusterConfig("A", () => {
    calls++;
    return { ...A, policies: { loadBalancing: new Own() } };
  });
  const before = calls;
  config.createClient();
  config.createClient();
  expect(calls - before).toBe(2);
  const shared = new Own();
  expect(() => readClusterConfig("A", () => ({ ...A, policies: { loadBalancing: shared } }))).toThrow(
    "another object for each session",
  );
});

test.each<[string, () => Partial<ClientOptions>]>([
  [
    "a reconnection policy",
    () => ({ policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(5) } }),
  ],
  ["a retry policy", () => ({ policies: { retry: new policies.retry.FallthroughRetryPolicy() } })],
  [
    "an address translator",
    () => ({ policies: { addressResolution: new policies.addressResolution.EC2MultiRegionTranslator() } }),
  ],
  [
    "a timestamp generator",
    () => ({
      policies: { timestampGeneration: new policies.timestampGeneration.MonotonicTimestampGenerator(1, 1) },
    }),
  ],
  [
    "speculative execution",
    () => ({
      policies: { speculativeExecution: new speculativeExecution.ConstantSpeculativeExecutionPolicy(5, 1) },
    }),
  ],
  ["a request logger", () => ({ requestTracker: new tracker.RequestLogger({}) })],
])("what keeps nothing of a session is the same object in all: %s", (_, make) => {
  const given = make();
  const options = optionsOf(readClusterConfig("A", { ...A, ...given }).createClient());
  const [kind, policy] = Object.entries(given.policies ?? {})[0] ?? [];
  if (kind === undefined) expect(options.requestTracker).toBe(given.requestTracker);
  else expect(options.policies?.[kind as "retry"]).toBe(policy);
});

test("two clusters may be given the same object of the driver's own", () => {
  const both = { ...A, policies: { loadBalancing: new loadBalancing.DCAwareRoundRobinPolicy("dc1") } };
  expect(readClientOptions({ clusters: { A: both, B: both } }).clusters.size).toBe(2);
});

test.each<[string, ClientOptions["pooling"], number]>([
  ["one connection of 2,048", undefined, 2_032],
  ["two connections", { coreConnectionsPerHost: { [types.distance.local]: 2 } }, 4_064],
  ["little", { maxRequestsPerConnection: 8 }, 7],
  ["a single one", { maxRequestsPerConnection: 1 }, 1],
])("what is sent at a time leaves room on a host that takes %s", (_, pooling, expected) => {
  expect(readClusterConfig("A", { ...A, ...(pooling && { pooling }) }).maxInFlight).toBe(expected);
});

/** What the driver has made of the options that it was given. */
function optionsOf(client: Client): ClientOptions {
  return (client as unknown as { options: ClientOptions }).options;
}

/** Its fields, in depth. */
function plain(policy: object): string {
  return inspect(policy, { depth: 5 });
}

test("the consistency of a request is its own, its profile's, the configuration's, the driver's", () => {
  const { one, two, all, localOne, localQuorum } = types.consistencies;
  const options: ClusterOptions = {
    ...A,
    queryOptions: { consistency: two },
    profiles: [new ExecutionProfile("careful", { consistency: all })],
  };
  const config = readClusterConfig("A", options);
  expect(config.consistencyOf({ consistency: one, executionProfile: "careful" })).toBe(one);
  expect(config.consistencyOf({ executionProfile: "careful" })).toBe(all);
  expect(config.consistencyOf({})).toBe(two);
  expect(readClusterConfig("A", A).consistencyOf({})).toBe(localOne);
  // The driver's own default for what a bundle names, which refuses a lower one for writes.
  const cloud = { cloud: { secureConnectBundle: "bundle.zip" } };
  expect(readClusterConfig("A", cloud).consistencyOf({})).toBe(localQuorum);
});

test("with speculative executions the driver must not repeat a write", () => {
  const speculativeExecution = new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(10, 2);
  expect(readClusterConfig("A", { ...A, policies: { speculativeExecution } }).mayRetryWrites).toBe(false);
  expect(readClusterConfig("A", A).mayRetryWrites).toBe(true);
});

test.each<[string, object, typeof TypeError | typeof RangeError, string]>([
  ["an unknown option", { retries: 3 }, TypeError, "Unknown option `retries`"],
  ["a timeout of nothing", { secondaryTimeoutMs: 0 }, RangeError, "`secondaryTimeoutMs`"],
  ["something that is no replayer", { replayer: {} }, TypeError, "`replayer`"],
  ["a read cluster that does not exist", { readCluster: "C" }, TypeError, "`readCluster`"],
  ["a read cluster that is not configured", { readCluster: "B" }, TypeError, "`readCluster`"],
  ["an unknown cluster", { clusters: { A, C: A } }, TypeError, "Unknown option `C`"],
  ["no cluster", { clusters: undefined }, TypeError, "`clusters.A`"],
  ["a callback that is none", { onEnqueueFailed: true }, TypeError, "`onEnqueueFailed`"],
  ["a name that is none", { clusterNames: { A: 1 } }, TypeError, "`A`"],
])("%s is refused", (_, options, type, message) => {
  const read = () => readClientOptions({ clusters: { A }, ...options });
  expect(read).toThrow(type);
  expect(read).toThrow(message);
});
