import { Readable } from "node:stream";
import { isHelixError } from "@helix/core";
import { cell, reply, waitFor } from "@helix/testkit";
import { concurrent, type types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const SELECT = "SELECT v FROM ks.t WHERE id = ?";
/** Long enough for a machine that does other things as well: nothing here is about silence. */
const PATIENT = { driver: { socketOptions: { readTimeout: 5_000, connectTimeout: 5_000 } } };
const row = () => reply.rows([{ name: "v", type: "text" }], [[cell.text("a")]]);

describe("the driver's `executeConcurrent`", () => {
  const items = Array.from({ length: 300 }, (_, id) => [`${id}`, "v"]);

  test.each<[string, (driver: TwoClusters) => Promise<concurrent.ResultSetGroup>]>([
    [
      "an array of parameters",
      ({ client }) => concurrent.executeConcurrent(client.asDriver(), INSERT, items),
    ],
    [
      "a stream of parameters",
      ({ client }) => concurrent.executeConcurrent(client.asDriver(), INSERT, Readable.from(items)),
    ],
    [
      "statements of their own",
      ({ client }) =>
        concurrent.executeConcurrent(
          client.asDriver(),
          items.map((params) => ({ query: INSERT, params })),
          { concurrencyLevel: 7 },
        ),
    ],
  ])("writes %s to both clusters", async (_, execute) => {
    await using clusters = await TwoClusters.connected(PATIENT);
    const { totalExecuted, errors } = await execute(clusters);
    expect([totalExecuted, errors]).toEqual([300, []]);
    for (const server of Object.values(clusters.servers)) expect(server.requests).toHaveLength(300);
  });

  test("collects results of ours, and errors of ours", async () => {
    await using clusters = await TwoClusters.connected(PATIENT);
    clusters.script.B = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
    const { resultItems } = await concurrent.executeConcurrent(
      clusters.client.asDriver(),
      [
        { query: INSERT, params: ["1", "a"] },
        { query: `${INSERT} IF NOT EXISTS`, params: ["1", "a"] },
      ],
      { collectResults: true, raiseOnFirstError: false },
    );
    expect(resultItems[0].writes).toEqual({ A: "applied", B: "queued" });
    expect(isHelixError(resultItems[1], "HELIX_NOT_REPLAYABLE")).toBe(true);
  });
});

test("a result is where the driver's is asked for", async () => {
  await using clusters = await TwoClusters.connected(PATIENT);
  clusters.script.A = row;
  const firstOf = (resultSet: types.ResultSet): unknown => resultSet.first().get("v");
  const result: types.ResultSet = await clusters.client.execute(SELECT, ["1"]);
  expect([firstOf(result), result.columns[0]?.name, result.info.queriedHost]).toEqual([
    "a",
    "v",
    clusters.servers.A.contactPoint,
  ]);
});

test("a result becomes JSON, rows and all, and that of a write as well", async () => {
  await using clusters = await TwoClusters.connected(PATIENT);
  clusters.script.A = row;
  const asJson = async (query: string, params: string[]) =>
    JSON.parse(JSON.stringify(await clusters.client.execute(query, params)));
  expect(await asJson(SELECT, ["1"])).toMatchObject({ rows: [{ v: "a" }], rowLength: 1, pageState: null });
  expect(await asJson(INSERT, ["1", "a"])).toMatchObject({
    writes: { A: "applied", B: "applied" },
    timestampMicros: expect.stringMatching(/^\d{16}$/),
  });
});

describe("the driver of a cluster", () => {
  test("is that of its present session, and none while it is away", async () => {
    await using clusters = await TwoClusters.connected(PATIENT);
    const { client, servers } = clusters;
    clusters.script.B = row;
    const first = client.driver("B");
    expect((await first?.execute(SELECT, ["1"], { prepare: true }))?.first().get("v")).toBe("a");
    expect(servers.A.requests).toEqual([]);
    await servers.B.setDown();
    await waitFor(() => client.driver("B") === undefined, { timeoutMs: 5_000, describe: "B is away" });
    await servers.B.setUp();
    await waitFor(() => client.driver("B") !== undefined, { timeoutMs: 5_000, describe: "B is back" });
    expect(client.driver("B")).not.toBe(first);
  });

  test("that reads go to tells of hosts, state and replicas; of the other, while that one is away", async () => {
    await using clusters = await TwoClusters.connected({ ...PATIENT, client: { readCluster: "B" } });
    const { client, servers } = clusters;
    expect(client.hosts.keys()).toEqual([servers.B.contactPoint]);
    expect(client.getState().getConnectedHosts()).toHaveLength(1);
    expect(client.getReplicas("ks", Buffer.alloc(8))).toEqual(
      client.driver("B")?.getReplicas("ks", Buffer.alloc(8)),
    );
    await servers.B.setDown();
    await waitFor(() => client.driver("B") === undefined, { timeoutMs: 5_000, describe: "B is away" });
    expect(client.hosts.keys()).toEqual([servers.A.contactPoint]);
    expect(client.metadata).toBe(client.driver("A")?.metadata);
  });

  test("is nobody's before a connect: what it would tell is refused with the cause of each cluster", async () => {
    await using clusters = await TwoClusters.start(PATIENT);
    const { client } = clusters;
    expect(client.driver("A")).toBeUndefined();
    for (const ask of [
      async () => client.metadata,
      async () => client.hosts,
      async () => client.getState(),
      async () => client.getReplicas("ks", Buffer.alloc(8)),
    ]) {
      const error = await errorOf(ask());
      if (!isHelixError(error, "HELIX_NO_CLUSTER_AVAILABLE")) throw error;
      expect(Object.keys(error.causes).sort()).toEqual(["A", "B"]);
    }
  });
});

test("a further `connect` resolves at once, though no cluster is there; the first, or with `waitFor`, waits", async () => {
  await using clusters = await TwoClusters.start(PATIENT);
  const { client, servers } = clusters;
  for (const server of Object.values(servers)) await server.setDown();
  const lost = () => Object.values(client.clusterStates).every(({ connected }) => !connected);
  const isPending = (promise: Promise<void>) =>
    Promise.race([promise.then(() => false), new Promise((resolve) => setImmediate(resolve, true))]);
  await client.connect({ waitFor: "none" });
  const first = client.connect();
  expect(await isPending(first)).toBe(true);
  for (const server of Object.values(servers)) await server.setUp();
  await first;
  for (const server of Object.values(servers)) await server.setDown();
  await waitFor(lost, { timeoutMs: 5_000, describe: "both are away" });
  await client.connect();
  expect(lost()).toBe(true);
  const signal = AbortSignal.abort(new Error("waited"));
  await expect(client.connect({ signal })).rejects.toThrow("waited");
  const all = client.connect({ waitFor: "all" });
  expect(await isPending(all)).toBe(true);
  for (const server of Object.values(servers)) await server.setUp();
  await all;
});

test("the keyspace is the one of both clusters, and none where they differ", async () => {
  const keyspaceOf = async (a?: string, b?: string) => {
    await using clusters = await TwoClusters.start(PATIENT);
    const { contactPoint, localDataCenter } = clusters.servers.A;
    const cluster = (keyspace?: string) => ({
      contactPoints: [contactPoint],
      localDataCenter,
      ...(keyspace !== undefined && { keyspace }),
    });
    return new HelixClient({ clusters: { A: cluster(a), B: cluster(b) } }).keyspace;
  };
  expect(await keyspaceOf("shop", "shop")).toBe("shop");
  expect(await keyspaceOf("shop", "other")).toBeUndefined();
  expect(await keyspaceOf("shop")).toBeUndefined();
  expect(await keyspaceOf()).toBeUndefined();
});

test("the lines of the drivers' logs come by `log`, as the driver gives them, with their cluster; a listener changes nothing", async () => {
  await using clusters = await TwoClusters.start(PATIENT);
  const lines: unknown[][] = [];
  const off = clusters.client.on("log", (...line) => {
    lines.push(line);
    throw new Error("whatever it does");
  });
  await clusters.client.connect({ waitFor: "all" });
  for (const cluster of ["A", "B"]) {
    expect(lines).toContainEqual([
      "info",
      "Client",
      expect.stringContaining("Connecting to cluster"),
      "",
      cluster,
    ]);
  }
  const sent = ["verbose", "Connection", expect.stringContaining("Sent stream"), ""];
  await clusters.client.execute(INSERT, ["1", "a"]);
  expect(lines).toContainEqual([...sent, "A"]);
  off();
  const before = lines.length;
  await clusters.client.execute(INSERT, ["1", "a"]);
  expect(lines).toHaveLength(before);
  const ofDriver: unknown[][] = [];
  clusters.client.driver("A")?.on("log", (...line) => ofDriver.push(line));
  await clusters.client.execute(INSERT, ["1", "a"]);
  expect(ofDriver).toContainEqual(sent);
});
