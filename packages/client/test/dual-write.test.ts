import { helixError, isHelixError } from "@helix/core";
import { reply, type ServerError } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const unavailable: ServerError = { code: "unavailable", required: 2, alive: 1 };
const writeTimeout: ServerError = { code: "writeTimeout", writeType: "SIMPLE", received: 0, blockFor: 1 };

test("a write reaches both clusters with one timestamp, prepared", async () => {
  await using clusters = await TwoClusters.connected();
  const result = await clusters.client.execute(INSERT, ["1", "a"]);
  expect(result.writes).toEqual({ A: "applied", B: "applied" });
  expect(result.replayId).toBeUndefined();
  const [a] = clusters.servers.A.requests;
  const [b] = clusters.servers.B.requests;
  expect(a).toMatchObject({ kind: "execute", query: INSERT, values: [Buffer.from("1"), Buffer.from("a")] });
  expect(a?.timestamp).toBe(result.timestampMicros);
  expect(b?.timestamp).toBe(result.timestampMicros);
});

test("a write that one cluster fails is queued for it as it was written, and succeeds", async () => {
  await using clusters = await TwoClusters.connected({
    driver: { keyspace: "app", queryOptions: { consistency: 6 } },
  });
  const before = Date.now();
  clusters.script.B = () => reply.error(unavailable);
  const result = await clusters.client.execute(INSERT, ["1", "a"], { priority: "low" });
  expect(result.writes).toEqual({ A: "applied", B: "queued" });
  expect(result.cluster).toBe("A");
  const [payload] = clusters.queued;
  expect(clusters.queued).toHaveLength(1);
  expect(payload).toMatchObject({
    id: result.replayId,
    targetCluster: "B",
    priority: "low",
    operation: { kind: "statement", query: INSERT, params: ["1", "a"] },
    timestampMicros: result.timestampMicros,
    keyspace: "app",
    consistency: 6,
  });
  expect(payload?.writtenAtMs).toBeGreaterThanOrEqual(before);
});

test.each([
  ["a text without one", ""],
  ["null", null],
])("a write is queued by a client whose clusters have no keyspace: %s", async (_, none) => {
  await using clusters = await TwoClusters.connected({ driver: { keyspace: none as never } });
  clusters.script.B = () => reply.error(unavailable);
  expect((await clusters.client.execute(INSERT, ["1", "a"])).writes).toEqual({ A: "applied", B: "queued" });
  expect(clusters.queued).toMatchObject([{ targetCluster: "B", tables: ["ks.t"] }]);
  expect(clusters.client.keyspace).toBeUndefined();
});

test("a batch is one batch on both clusters, and is queued as one", async () => {
  await using clusters = await TwoClusters.connected();
  clusters.script.A = () => reply.error(unavailable);
  const statements = [{ query: INSERT, params: ["1", "a"] }, "DELETE FROM ks.t WHERE id = 'x'"];
  const result = await clusters.client.batch(statements, { logged: false });
  expect(result.writes).toEqual({ A: "queued", B: "applied" });
  expect(clusters.servers.B.requests).toMatchObject([
    { kind: "batch", batchType: "unlogged", timestamp: result.timestampMicros },
  ]);
  expect(clusters.queued).toMatchObject([
    {
      targetCluster: "A",
      operation: {
        kind: "batch",
        batchType: "unlogged",
        statements: [
          { query: INSERT, params: ["1", "a"] },
          { query: "DELETE FROM ks.t WHERE id = 'x'", params: [] },
        ],
      },
    },
  ]);
});

test("a given timestamp is used as it is, to the last microsecond of int64", async () => {
  await using clusters = await TwoClusters.connected();
  for (const timestampMicros of [2n ** 63n - 1n, -(2n ** 63n) + 1n, 0n, 42]) {
    const result = await clusters.client.execute(INSERT, ["1", "a"], { timestampMicros });
    expect(result.timestampMicros).toBe(BigInt(timestampMicros));
    expect(clusters.servers.A.requests.at(-1)?.timestamp).toBe(BigInt(timestampMicros));
    expect(clusters.servers.B.requests.at(-1)?.timestamp).toBe(BigInt(timestampMicros));
  }
});

describe("when both clusters fail", () => {
  test("surely without effect, the caller is told, with both causes, and nothing is queued", async () => {
    await using clusters = await TwoClusters.connected();
    clusters.script.A = () => reply.error(unavailable);
    clusters.script.B = () => reply.error({ code: "overloaded" });
    const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
    if (!isHelixError(error, "HELIX_BOTH_CLUSTERS_FAILED")) throw error;
    expect(error.clusters).toMatchObject({
      A: { applied: "no", queued: "no" },
      B: { applied: "no", queued: "no", cause: { code: 0x1001 } },
    });
    expect(error.clusters.A?.cause).toBeDefined();
    expect(clusters.queued).toEqual([]);
  });

  test.each([
    ["silence on one", () => reply.silence, () => reply.error(unavailable)],
    ["a write timeout on one", () => reply.error(writeTimeout), () => reply.error(unavailable)],
    ["an answer lost on one", () => reply.close, () => reply.error(unavailable)],
    ["silence on both", () => reply.silence, () => reply.silence],
  ])("with %s, it is queued for both and the outcome is pending", async (_, a, b) => {
    await using clusters = await TwoClusters.connected();
    clusters.script.A = a;
    clusters.script.B = b;
    const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
    if (!isHelixError(error, "HELIX_OUTCOME_PENDING")) throw error;
    expect(error.clusters).toMatchObject({ A: { applied: "maybe", queued: "yes" }, B: { queued: "yes" } });
    expect(clusters.queued.map(({ targetCluster }) => targetCluster).sort()).toEqual(["A", "B"]);
    expect(new Set(clusters.queued.map(({ timestampMicros }) => timestampMicros))).toEqual(
      new Set([error.timestampMicros]),
    );
    expect(new Set(clusters.queued.map(({ id }) => id)).size).toBe(2);
  });

  test("on a value that its column does not take, nothing is sent and nothing is queued", async () => {
    await using clusters = await TwoClusters.connected({ server: { types: () => ["int", "text"] } });
    for (const value of [2 ** 40, "not a number"]) {
      const error = await errorOf(clusters.client.execute(INSERT, [value, "a"]));
      expect(isHelixError(error, "HELIX_PAYLOAD_INVALID")).toBe(true);
    }
    expect(clusters.queued).toEqual([]);
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.servers.B.requests).toEqual([]);
  });

  test("on a name that the driver misses, its own error is thrown and nothing is queued", async () => {
    await using clusters = await TwoClusters.connected();
    const named = clusters.client.execute("INSERT INTO ks.t (id, v) VALUES (:id, :v)", { id: "1" });
    await expect(named).rejects.toMatchObject({ name: "ArgumentError" });
    expect(clusters.queued).toEqual([]);
  });

  test("on a value that does not fit while the other is away, the mistake wins", async () => {
    await using clusters = await TwoClusters.start({ server: { types: () => ["int", "text"] } });
    await clusters.servers.B.setDown();
    await clusters.client.connect();
    const error = await errorOf(clusters.client.execute(INSERT, ["not a number", "a"]));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID")).toBe(true);
    expect(clusters.queued).toEqual([]);
  });
});

describe("a cluster that is slow", () => {
  test("is waited for no longer than the secondary timeout once the other has applied", async () => {
    await using clusters = await TwoClusters.connected({
      client: { secondaryTimeoutMs: 50 },
      driver: { socketOptions: { readTimeout: 5_000 } },
    });
    clusters.script.B = () => reply.silence;
    const startedAt = performance.now();
    const result = await clusters.client.execute(INSERT, ["1", "a"]);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(result.writes).toEqual({ A: "applied", B: "queued" });
  });

  test("is waited for in full while the other has not applied", async () => {
    await using clusters = await TwoClusters.connected({ client: { secondaryTimeoutMs: 10 } });
    clusters.script.A = () => reply.error(unavailable);
    clusters.script.B = () => reply.after(150, reply.void);
    const result = await clusters.client.execute(INSERT, ["1", "a"]);
    expect(result.writes).toEqual({ A: "queued", B: "applied" });
  });

  test("whose late answer comes after all changes nothing", async () => {
    await using clusters = await TwoClusters.connected({ client: { secondaryTimeoutMs: 20 } });
    clusters.script.B = () => reply.after(100, reply.void);
    const result = await clusters.client.execute(INSERT, ["1", "a"]);
    expect(result.writes.B).toBe("queued");
    await clusters.client.close();
    expect(clusters.queued).toHaveLength(1);
  });
});

describe("the caller's signal", () => {
  test("aborted before the write, nothing is sent", async () => {
    await using clusters = await TwoClusters.connected();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(clusters.client.execute(INSERT, ["1", "a"], { signal })).rejects.toThrow("enough");
    expect(clusters.servers.A.requests).toEqual([]);
  });

  const unreadable = {
    get message() {
      throw new Error("getter");
    },
  };

  test.each([
    ["no reason", undefined],
    ["null", null],
    ["what cannot be read", unreadable],
  ])("aborted with %s while one cluster has applied it, the other's part is queued", async (_, reason) => {
    await using clusters = await TwoClusters.connected();
    await clusters.client.execute(INSERT, ["1", "a"]);
    const controller = new AbortController();
    clusters.script.B = () => reply.silence;
    const call = clusters.client.execute(INSERT, ["1", "b"], { signal: controller.signal });
    // One connection answers in order, so A's answer to the write is there before this one.
    await clusters.client.execute("SELECT v FROM ks.t", [], { cluster: "A" });
    controller.abort(reason);
    const result = await call;
    expect(result.writes).toEqual({ A: "applied", B: "queued" });
  });
});

describe("when the queue does not take it", () => {
  test.each([
    [
      "says it is full",
      "no",
      helixError("HELIX_QUEUE_FULL", "full", { lane: "high.B", limit: "bytes", capacity: 1 }),
    ],
    [
      "says in a code of its own that it is not stored",
      "no",
      Object.assign(helixError("HELIX_QUEUE_CLOSED", "away", {}), {
        code: "HELIX_OF_AN_ADAPTER",
        stored: "no",
      }),
    ],
    ["does not say whether it has it", "maybe", new Error("connection lost")],
  ] as const)("and %s, the caller is told what did and did not happen", async (_, queued, refusal) => {
    await using clusters = await TwoClusters.connected();
    clusters.script.B = () => reply.error(unavailable);
    clusters.replayer.refuse = () => refusal;
    const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
    if (!isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")) throw error;
    expect(error.clusters).toMatchObject({ A: { applied: "yes" }, B: { applied: "no", queued } });
    expect(error.cause).toBe(refusal);
  });

  test("the callback takes it and the caller succeeds, even if the callback throws", async () => {
    const taken: unknown[] = [];
    await using clusters = await TwoClusters.connected({
      client: {
        onEnqueueFailed(payload, error) {
          taken.push([payload.targetCluster, error]);
          throw new Error("callback");
        },
      },
    });
    const refusal = new Error("connection lost");
    clusters.script.B = () => reply.error(unavailable);
    clusters.replayer.refuse = () => refusal;
    const result = await clusters.client.execute(INSERT, ["1", "a"]);
    expect(result.writes).toEqual({ A: "applied", B: "not-queued" });
    expect(taken).toEqual([["B", refusal]]);
  });

  test("there being none, a partial failure is told and a success is not", async () => {
    await using clusters = await TwoClusters.connected({ client: { replayer: undefined } });
    expect((await clusters.client.execute(INSERT, ["1", "a"])).writes.B).toBe("applied");
    clusters.script.B = () => reply.error(unavailable);
    const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
    expect(isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")).toBe(true);
  });
});

test("events carry no bound value", async () => {
  await using clusters = await TwoClusters.connected();
  const seen: unknown[] = [];
  clusters.client.on("write:queued", ({ payload }) => seen.push(payload));
  clusters.script.B = () => reply.error(unavailable);
  await clusters.client.execute(INSERT, ["secret", "secret"]);
  expect(seen).toMatchObject([{ cluster: "B", tables: ["ks.t"] }]);
  expect(JSON.stringify(seen)).not.toContain("secret");
});

test("a timestamp far ahead of the wall clock is announced once", async () => {
  await using clusters = await TwoClusters.connected();
  const leads: number[] = [];
  clusters.client.on("write:timestamp:ahead", ({ leadMs }) => leads.push(leadMs));
  const timestampMicros = BigInt(Date.now() + 60_000) * 1000n;
  await clusters.client.execute(INSERT, ["1", "a"], { timestampMicros });
  await clusters.client.execute(INSERT, ["1", "a"], { timestampMicros });
  expect(leads).toHaveLength(1);
  expect(leads[0]).toBeGreaterThan(50_000);
});
