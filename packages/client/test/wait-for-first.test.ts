import { helixError, isHelixError, type Logger, type Metrics, type PayloadSummary } from "@helix/core";
import { reply, waitFor } from "@helix/testkit";
import { expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const unavailable = { code: "unavailable", required: 2, alive: 1 } as const;
const LONG_MS = 5_000;

/** Until a condition holds, by which time everything has long happened. */
const until = (what: string, condition: () => boolean) =>
  waitFor(condition, { timeoutMs: LONG_MS, describe: () => what });

/** Clusters whose client waits for the first, and B that keeps silent until the test is over. */
async function slowB(client: object = {}) {
  const clusters = await TwoClusters.connected({
    client: { wait: "first", secondaryTimeoutMs: LONG_MS, ...client },
    driver: { socketOptions: { readTimeout: LONG_MS } },
  });
  clusters.script.B = () => reply.silence;
  return clusters;
}

test("a write returns when one cluster has applied it, and the other applies it afterwards", async () => {
  const written: unknown[] = [];
  const metrics: Metrics = {
    increment(name, { cluster, result }) {
      if (name === "helix_write_total") written.push(`${cluster} ${result}`);
    },
    gauge() {},
    observe() {},
  };
  await using clusters = await TwoClusters.connected({ client: { wait: "first", metrics } });
  let answer = () => {};
  const gate = new Promise<void>((resolve) => {
    answer = resolve;
  });
  clusters.script.B = async () => {
    await gate;
    return reply.void;
  };
  const result = await clusters.client.execute(INSERT, ["1", "a"]);
  expect(result.writes).toEqual({ A: "applied", B: "pending" });
  expect(result.clusters).toEqual({
    A: { applied: "yes", queued: "no" },
    B: { applied: "pending", queued: "no" },
  });
  expect(result.replayId).toBeUndefined();
  expect(written).toEqual([]);
  answer();
  await until("both clusters are counted", () => written.length === 2);
  expect(written).toEqual(["A applied", "B applied"]);
  expect(clusters.queued).toEqual([]);
});

test("what the other cluster misses after the call has returned is queued, and told", async () => {
  await using clusters = await slowB({ secondaryTimeoutMs: 20 });
  const told: PayloadSummary[] = [];
  clusters.client.on("write:queued", ({ payload }) => told.push(payload));
  const result = await clusters.client.execute(INSERT, ["1", "a"]);
  expect(result.writes.B).toBe("pending");
  await until("it is told", () => told.length === 1);
  expect(told).toMatchObject([{ cluster: "B", timestampMicros: String(result.timestampMicros) }]);
  expect(clusters.queued).toMatchObject([{ targetCluster: "B", timestampMicros: result.timestampMicros }]);
});

test("what the other cluster has missed by then is queued before the call returns", async () => {
  await using clusters = await TwoClusters.connected({ client: { wait: "first" } });
  await clusters.client.execute(INSERT, ["1", "a"], { wait: "both" });
  clusters.script.A = () => reply.after(50, reply.void);
  clusters.script.B = () => reply.error(unavailable);
  const result = await clusters.client.execute(INSERT, ["1", "a"]);
  expect(result.writes).toEqual({ A: "applied", B: "queued" });
  expect(result.replayId).toBe(clusters.queued[0]?.id);
});

test("where neither has applied it, the call waits for both and fails as ever", async () => {
  await using clusters = await TwoClusters.connected({ client: { wait: "first" } });
  clusters.script.A = () => reply.error(unavailable);
  clusters.script.B = () => reply.after(50, reply.error(unavailable));
  const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
  expect(isHelixError(error, "HELIX_BOTH_CLUSTERS_FAILED")).toBe(true);
});

test("one more than may be watched waits for both", async () => {
  await using clusters = await slowB({ maxInBackground: 2, secondaryTimeoutMs: 200 });
  const write = async () => (await clusters.client.execute(INSERT, ["1", "a"])).writes.B;
  expect([await write(), await write(), await write()]).toEqual(["pending", "pending", "queued"]);
  await until("all three are queued", () => clusters.queued.length === 3);
  expect(await write()).toBe("pending");
});

test("a request may wait otherwise than the client does", async () => {
  await using clusters = await slowB({ wait: "both", secondaryTimeoutMs: 20 });
  const { writes } = await clusters.client.execute(INSERT, ["1", "a"]);
  const first = await clusters.client.batch([{ query: INSERT, params: ["1", "a"] }], { wait: "first" });
  expect([writes.B, first.writes.B]).toEqual(["queued", "pending"]);
  const wrong = clusters.client.execute(INSERT, ["1", "a"], { wait: "none" as "first" });
  await expect(wrong).rejects.toThrow('Expected `wait` to be "both" or "first"');
});

test("close waits for what is in the background, and queues what it cuts", async () => {
  const clusters = await slowB({ drainTimeoutMs: 50 });
  await clusters.client.execute(INSERT, ["1", "a"]);
  expect(clusters.queued).toEqual([]);
  await clusters.client.close();
  expect(clusters.queued).toMatchObject([{ targetCluster: "B" }]);
  await clusters[Symbol.asyncDispose]();
});

test.each([
  ["in the background", "first"],
  ["for a call that has not returned", "both"],
] as const)("close tells of what the queue never answered, %s", async (_, wait) => {
  const clusters = await slowB({ drainTimeoutMs: 50, secondaryTimeoutMs: 20 });
  clusters.replayer.enqueue = () => new Promise(() => {});
  const told: unknown[] = [];
  clusters.client.on("write:not-queued", ({ cause }) => told.push(cause));
  const call = clusters.client.execute(INSERT, ["1", "a"], { wait });
  if (wait === "first") await call;
  const error = wait === "first" ? undefined : errorOf(call);
  await until("A has been asked", () => clusters.servers.A.requests.length === 1);
  await clusters.client.close();
  expect(told).toMatchObject([{ code: "HELIX_CLIENT_CLOSED" }]);
  if (error !== undefined) {
    expect(await error).toMatchObject({
      code: "HELIX_REPLAY_NOT_QUEUED",
      clusters: { B: { queued: "maybe" } },
    });
  }
  await clusters[Symbol.asyncDispose]();
});

test("a signal that is aborted after the call has returned cuts nothing short", async () => {
  await using clusters = await TwoClusters.connected({ client: { wait: "first" } });
  const arrived: (() => void)[] = [];
  clusters.script.B = async () => {
    await new Promise<void>((resolve) => arrived.push(resolve));
    return reply.void;
  };
  const controller = new AbortController();
  await clusters.client.execute(INSERT, ["1", "a"], { signal: controller.signal });
  await until("B has been asked", () => arrived.length === 1);
  controller.abort();
  arrived[0]?.();
  await clusters.client.close();
  expect(clusters.queued).toEqual([]);
});

test("what the queue does not take after the call has returned is told and logged, and harms nobody", async () => {
  const errors: unknown[] = [];
  const logger: Logger = { debug() {}, info() {}, warn() {}, error: (...line) => errors.push(line) };
  await using clusters = await slowB({ secondaryTimeoutMs: 20, logger });
  const refusal = helixError("HELIX_QUEUE_FULL", "full", { lane: "high.B", limit: "messages" });
  clusters.replayer.refuse = () => refusal;
  const told: unknown[] = [];
  clusters.client.on("write:not-queued", ({ payload, cause }) => told.push([payload.cluster, cause]));
  await clusters.client.execute(INSERT, ["secret", "secret"]);
  await until("it is logged", () => errors.length === 1);
  expect(told).toEqual([["B", refusal]]);
  expect(errors).toMatchObject([[{ err: { code: "HELIX_REPLAY_NOT_QUEUED" } }, expect.any(String)]]);
});

test("a write that is queued for both clusters has an id for each, in the same words as a result", async () => {
  await using clusters = await TwoClusters.connected();
  clusters.script.A = () => reply.silence;
  clusters.script.B = () => reply.error(unavailable);
  const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
  if (!isHelixError(error, "HELIX_OUTCOME_PENDING")) throw error;
  const ids = Object.fromEntries(clusters.queued.map(({ targetCluster, id }) => [targetCluster, id]));
  expect(error.clusters).toMatchObject({
    A: { applied: "maybe", queued: "yes", replayId: ids.A },
    B: { applied: "no", queued: "yes", replayId: ids.B, cause: { name: "NoHostAvailableError" } },
  });
  expect(ids.A).not.toBe(ids.B);
});
