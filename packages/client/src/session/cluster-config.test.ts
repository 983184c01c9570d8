import { ExecutionProfile, policies, types } from "cassandra-driver";
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

test("a load balancing policy takes the place of the data centre", () => {
  const policy = new policies.loadBalancing.DCAwareRoundRobinPolicy("dc1");
  const config = readClusterConfig("A", { contactPoints: ["a"], policies: { loadBalancing: policy } });
  expect(config.createClient()).toBeDefined();
  // … but one object has one session.
  expect(() => config.createClient("other")).toThrow("give `clusters.A` as a function");
});

test("a function is called for each session", () => {
  let calls = 0;
  const config = readClusterConfig("A", () => {
    calls++;
    return { ...A, policies: { loadBalancing: new policies.loadBalancing.DCAwareRoundRobinPolicy("dc1") } };
  });
  const before = calls;
  config.createClient();
  config.createClient("other");
  expect(calls - before).toBe(2);
});

test("two clusters do not share a load balancing policy", () => {
  const loadBalancing = new policies.loadBalancing.DCAwareRoundRobinPolicy("dc1");
  const both = { ...A, policies: { loadBalancing } };
  expect(() => readClientOptions({ clusters: { A: both, B: both } })).toThrow(
    "a load balancing policy object each",
  );
});

test("the consistency of a request is its own, its profile's, the configuration's, the driver's", () => {
  const { one, two, all, localOne } = types.consistencies;
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
