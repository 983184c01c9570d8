import { createPayload, isHelixError, type PayloadInput } from "@helix/core";
import { reply, waitFor } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { connectReplayExecutor } from "../src/index.ts";
import { driverOptions, errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const signal = new AbortController().signal;

function payload(more: Partial<PayloadInput> = {}) {
  return createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: INSERT, params: ["1", "a"] },
    timestampMicros: 1_234_567n,
    ...more,
  });
}

test("a statement is executed on its cluster alone, as it was written", async () => {
  await using clusters = await TwoClusters.connected();
  await clusters.client.replayExecutor().execute(payload({ consistency: 6 }), { signal });
  expect(clusters.servers.A.requests).toEqual([]);
  expect(clusters.servers.B.requests).toMatchObject([
    {
      kind: "execute",
      query: INSERT,
      timestamp: 1_234_567n,
      consistency: 6,
      values: [Buffer.from("1"), Buffer.from("a")],
    },
  ]);
});

test("named parameters and those of none are executed as well", async () => {
  await using clusters = await TwoClusters.connected();
  const executor = clusters.client.replayExecutor();
  const remove = "DELETE FROM ks.t WHERE id = '1'";
  await executor.execute(payload({ operation: { kind: "statement", query: remove, params: [] } }), {
    signal,
  });
  expect(clusters.servers.B.requests.at(-1)).toMatchObject({ kind: "query", timestamp: 1_234_567n });
  expect(clusters.servers.B.prepares).toEqual([]);
});

test.each(["logged", "unlogged", "counter"] as const)(
  "a %s batch is one batch of that type",
  async (batchType) => {
    await using clusters = await TwoClusters.connected();
    const statements = [
      { query: INSERT, params: ["1", "a"] },
      { query: INSERT, params: ["2", "b"] },
    ];
    const operation = { kind: "batch", batchType, statements } as const;
    await clusters.client.replayExecutor().execute(payload({ operation }), { signal });
    expect(clusters.servers.B.requests).toMatchObject([{ kind: "batch", batchType, timestamp: 1_234_567n }]);
    expect(clusters.servers.B.requests[0]?.statements).toHaveLength(2);
  },
);

test("it tells of each cluster that is there again, until nobody wants to know", async () => {
  await using clusters = await TwoClusters.connected();
  const told: string[] = [];
  const end = clusters.client.replayExecutor().onAvailable?.((cluster) => told.push(cluster));
  const restart = async () => {
    const connected = (there: boolean) =>
      waitFor(() => clusters.client.clusterStates.B?.connected === there, {
        timeoutMs: 10_000,
        describe: () => `a session to B to be ${there ? "made" : "lost"}`,
      });
    await clusters.servers.B.setDown();
    await connected(false);
    await clusters.servers.B.setUp();
    await connected(true);
  };
  await restart();
  expect(new Set(told)).toEqual(new Set(["B"]));
  end?.();
  const before = told.length;
  await restart();
  expect(told.length).toBe(before);
});

test("the signal ends the waiting with its reason, and the late answer is ignored", async () => {
  await using clusters = await TwoClusters.connected();
  const controller = new AbortController();
  clusters.script.B = () => {
    controller.abort(new Error("enough"));
    return reply.after(20, reply.error({ code: "serverError" }));
  };
  const executing = clusters.client.replayExecutor().execute(payload(), { signal: controller.signal });
  await expect(executing).rejects.toThrow("enough");
});

test("failures are classified, and a probe tells a cluster that is there from one that is not", async () => {
  await using clusters = await TwoClusters.connected();
  const executor = clusters.client.replayExecutor();
  clusters.script.B = () => reply.error({ code: "syntaxError" });
  const refusal = await errorOf(executor.execute(payload(), { signal }));
  expect(executor.read?.(refusal)).toMatchObject({ retry: "never", answered: true });
  await executor.probe?.("B", { signal });
  await clusters.servers.B.setDown();
  await waitFor(() => clusters.client.clusterStates.B?.connected === false, {
    timeoutMs: 3_000,
    describe: "B is lost",
  });
  const absence = await errorOf(executor.execute(payload(), { signal }));
  expect(executor.read?.(absence)).toMatchObject({ applied: "no", scope: "cluster" });
  await expect(executor.probe?.("B", { signal })).rejects.toThrow();
});

describe("in another keyspace than that of the session", () => {
  const texts = ({ servers }: TwoClusters) => servers.B.prepares;

  test("a statement names it, in a batch each that names none; there is one session for all of them", async () => {
    await using clusters = await TwoClusters.connected({ driver: { keyspace: "app" } });
    const executor = clusters.client.replayExecutor();
    const query = "INSERT INTO t (id, v) VALUES (?, ?)";
    const operation = { kind: "statement", query, params: ["1", "a"] } as const;
    await executor.execute(payload({ operation, keyspace: "app" }), { signal });
    expect(texts(clusters)).toEqual([query]);
    for (let n = 0; n < 40; n++) {
      clusters.servers.B.schema.set(`K${n}.t`, { columns: { id: "text", v: "text" } });
      await executor.execute(payload({ operation, keyspace: `K${n}` }), { signal });
    }
    expect(texts(clusters).slice(1)).toEqual(
      Array.from({ length: 40 }, (_, n) => `INSERT INTO "K${n}".t (id, v) VALUES (?, ?)`),
    );
    const statements = [operation, { query: "DELETE FROM own.t WHERE id = ?", params: ["1"] }];
    const batch = { kind: "batch", batchType: "unlogged", statements } as const;
    await executor.execute(payload({ operation: batch, keyspace: "other" }), { signal });
    expect(texts(clusters).slice(-2)).toEqual([
      'INSERT INTO "other".t (id, v) VALUES (?, ?)',
      "DELETE FROM own.t WHERE id = ?",
    ]);
    expect(clusters.servers.B.connections).toBe(1);
  });

  test("what shows no table is refused: on this session it would mean another one", async () => {
    await using clusters = await TwoClusters.connected();
    const operation = { kind: "statement", query: "DROP INDEX places", params: [] } as const;
    const error = await errorOf(
      clusters.client.replayExecutor().execute(payload({ operation, keyspace: "other" }), { signal }),
    );
    expect(isHelixError(error, "HELIX_NOT_REPLAYABLE")).toBe(true);
    expect(clusters.servers.B.requests).toEqual([]);
  });
});

test("after the client has been closed it says so", async () => {
  await using clusters = await TwoClusters.connected();
  const executor = clusters.client.replayExecutor();
  await clusters.client.close();
  const error = await errorOf(executor.execute(payload(), { signal }));
  expect(isHelixError(error, "HELIX_CLIENT_CLOSED")).toBe(true);
});

test("an executor with sessions of its own replays, and closes them", async () => {
  await using clusters = await TwoClusters.start();
  const { A, B } = clusters.servers;
  const executor = await connectReplayExecutor({
    clusters: { A: driverOptions(A), B: driverOptions(B) },
    waitFor: "all",
  });
  await executor.execute(payload(), { signal });
  await executor.probe("A", { signal });
  expect(B.requests).toHaveLength(1);
  await executor.close();
  await waitFor(() => A.connections + B.connections === 0, {
    timeoutMs: 3_000,
    describe: "no connection is left",
  });
});

test("a cluster that this process does not have makes its messages wait", async () => {
  await using clusters = await TwoClusters.start();
  await using executor = await connectReplayExecutor({ clusters: { A: driverOptions(clusters.servers.A) } });
  const error = await errorOf(executor.execute(payload(), { signal }));
  expect(isHelixError(error, "HELIX_CLUSTER_UNAVAILABLE")).toBe(true);
  expect(executor.read(error)).toMatchObject({ applied: "no", scope: "cluster" });
});

test("connecting that is aborted leaves nothing", async () => {
  await using clusters = await TwoClusters.start();
  await clusters.servers.A.setDown();
  const connecting = connectReplayExecutor({
    clusters: { A: driverOptions(clusters.servers.A) },
    signal: AbortSignal.timeout(50),
  });
  await expect(connecting).rejects.toMatchObject({ name: "TimeoutError" });
  await expect(connectReplayExecutor({ clusters: {} as never })).rejects.toThrow("`clusters.A`");
});

test("no payload moves the session to another keyspace, by force either", async () => {
  await using clusters = await TwoClusters.connected({ driver: { keyspace: "own" } });
  clusters.servers.B.schema.set("own.t", { columns: { id: "text", v: "text" } });
  const executor = clusters.client.replayExecutor();
  const use = { kind: "statement", query: "USE other", params: [] } as const;
  const refusal = executor.execute(payload({ operation: use, disposition: "force" }), { signal });
  expect(await errorOf(refusal)).toMatchObject({ code: "HELIX_NOT_REPLAYABLE", construct: "USE" });
  const query = "INSERT INTO t (id, v) VALUES (?, ?)";
  for (const keyspace of ["own", undefined, "ks"]) {
    const operation = { kind: "statement", query, params: ["1", "a"] } as const;
    await executor.execute(payload({ operation, keyspace }), { signal });
  }
  const sent = clusters.servers.B.requests.filter((request) => request.kind === "execute");
  expect(sent.map((request) => request.query)).toEqual([query, query, query.replace("t (", '"ks".t (')]);
});

test("a payload for which nothing names a keyspace waits, and says what it needs", async () => {
  await using clusters = await TwoClusters.connected();
  const operation = { kind: "statement", query: "INSERT INTO t (id) VALUES ('1')", params: [] } as const;
  const error = await errorOf(clusters.client.replayExecutor().execute(payload({ operation }), { signal }));
  expect(error).toMatchObject({ code: "HELIX_SCHEMA_UNKNOWN", table: "t" });
  expect(String(error)).toMatch(/set `keyspace`/);
});

test("a payload of the wrong shape, from whatever queue, is refused before anything is sent", async () => {
  await using clusters = await TwoClusters.connected();
  const executor = clusters.client.replayExecutor();
  const error = await errorOf(executor.execute({ ...payload(), consistency: 8 }, { signal }));
  expect(error).toBeInstanceOf(TypeError);
  expect(executor.read?.(error)).toMatchObject({ applied: "no", retry: "never", scope: "value" });
  expect(clusters.servers.B.requests).toEqual([]);
});
