import { decodePayload, encodePayload } from "@helix/codec";
import { createPayload, isHelixError, type Params } from "@helix/core";
import { type Column, type ColumnType, cell, reply } from "@helix/testkit";
import { type Client, type ClientOptions, types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { connectReplayExecutor, type HelixClient } from "../src/index.ts";
import { interceptBinding } from "../src/session/driver-internals/index.ts";
import { driverOptions, errorOf, TwoClusters } from "./two-clusters.ts";

const signal = new AbortController().signal;
const INSERT = "INSERT INTO ks.t (id, n, m) VALUES (?, ?, ?)";
const NAMED = "INSERT INTO ks.t (id, n, m) VALUES (:id, :n, :m)";
const TWICE = "INSERT INTO ks.t (id, n) VALUES (:v, :v)";
const server = { types: () => ["int", "bigint", { map: ["text", "bigint"] }] as const };

const PLAIN: Partial<ClientOptions> = {};
const BIGINT: Partial<ClientOptions> = { encoding: { useBigIntAsLong: true, map: Map } };

/** What a server was sent, statement by statement. */
function valuesAt(clusters: TwoClusters, cluster: "A" | "B"): unknown[] {
  return clusters.servers[cluster].requests.map(({ statements }) => statements.map(({ values }) => values));
}

describe("a write of a value that the driver would send as another one", () => {
  const wrong = [1, "12abc", {}];

  test.each<[string, string, (clusters: TwoClusters) => Promise<unknown>]>([
    ["params[1]", "a statement", ({ client }) => client.execute(INSERT, wrong)],
    ["params.N", "named parameters", ({ client }) => client.execute(NAMED, { id: 1, N: "12abc", m: {} })],
    [
      "statements[1].params[1]",
      "a batch",
      ({ client }) =>
        client.batch([
          { query: INSERT, params: [1, 1, {}] },
          { query: INSERT, params: wrong },
        ]),
    ],
  ])("is refused with its path, %s, before anything is sent, the first time: %s", async (path, _, write) => {
    await using clusters = await TwoClusters.connected({ server });
    const error = await errorOf(write(clusters));
    if (!isHelixError(error, "HELIX_PAYLOAD_INVALID")) throw error;
    expect(error.path).toBe(path);
    expect(error.message).not.toContain("12abc");
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.servers.B.requests).toEqual([]);
    expect(clusters.queued).toEqual([]);
  });

  test("is refused for the column that does not take it, of two that a name stands for", async () => {
    await using clusters = await TwoClusters.connected({ server });
    const error = await errorOf(clusters.client.execute(TWICE, { v: 2 ** 40 }));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID") && error.message).toMatch(/`params.v` as int/);
    expect(clusters.servers.A.requests).toEqual([]);
  });

  test("is refused for a Map without the driver's option, and taken with it", async () => {
    const params = [1, "1", new Map([["a", "1"]])];
    {
      await using plain = await TwoClusters.connected({ server });
      const error = await errorOf(plain.client.execute(INSERT, params));
      expect(isHelixError(error, "HELIX_PAYLOAD_INVALID")).toBe(true);
    }
    await using maps = await TwoClusters.connected({ server, driver: BIGINT });
    expect((await maps.client.execute(INSERT, params)).writes).toEqual({ A: "applied", B: "applied" });
  });

  test("is the caller's business on one cluster alone, which is sent the other value (control)", async () => {
    await using clusters = await TwoClusters.connected({ server });
    await clusters.client.execute(INSERT, wrong, { cluster: "A" });
    expect(valuesAt(clusters, "A")).toEqual([[[cell.int(1), cell.bigint(12n), cell.int(0)]]]);
  });

  test.each(["A", "B"] as const)(
    "is refused, queued for nobody and sent nowhere, though %s is silent and prepares it later",
    async (silent) => {
      await using clusters = await TwoClusters.connected({
        server,
        driver: { socketOptions: { readTimeout: 5_000 } },
      });
      clusters.servers[silent].pause();
      const error = await errorOf(clusters.client.execute(INSERT, wrong));
      expect(error).toMatchObject({ code: "HELIX_PAYLOAD_INVALID", path: "params[1]" });
      clusters.servers[silent].resume();
      await clusters.client.execute(INSERT, [1, 1, {}]);
      expect([valuesAt(clusters, "A").length, valuesAt(clusters, "B").length]).toEqual([1, 1]);
      expect(clusters.queued).toEqual([]);
    },
  );
});

describe("a replay by a client with other options of the driver than the one that wrote", () => {
  const { Long } = types;
  const big = 2n ** 60n;
  const ofBigint = [7, big, new Map([["a", big]])];
  const ofLong = [7, Long.fromString(`${big}`), { a: Long.fromString(`${big}`) }];
  const byName = ([id, n, m]: unknown[]): Params => ({ id, n, m });

  test.each<[string, Partial<ClientOptions>, unknown[], Partial<ClientOptions>]>([
    ["bigint and Map to neither", BIGINT, ofBigint, PLAIN],
    ["Long and object to bigint and Map", PLAIN, ofLong, BIGINT],
  ])("sends the same bytes: %s", async (_, writer, params, replayer) => {
    await using clusters = await TwoClusters.start({ server, driver: writer });
    await clusters.servers.B.setDown();
    const { client } = clusters;
    await client.connect();
    await client.execute(INSERT, params);
    await client.execute(NAMED, byName(params));
    await client.batch([
      { query: INSERT, params },
      { query: NAMED, params: byName(params) },
    ]);
    await client.execute(TWICE, { v: "7" });
    const payloads = clusters.queued.map((payload) => decodePayload(encodePayload(payload)));

    await clusters.servers.B.setUp();
    const B = driverOptions(clusters.servers.B, replayer);
    await using executor = await connectReplayExecutor({
      clusters: { A: driverOptions(clusters.servers.A, replayer), B },
      waitFor: "all",
    });
    for (const payload of payloads) await executor.execute(payload, { signal });
    expect(valuesAt(clusters, "B")).toHaveLength(4);
    expect(valuesAt(clusters, "B")).toEqual(valuesAt(clusters, "A"));
    expect(valuesAt(clusters, "B").flat(3)).toContainEqual(cell.bigint(big));
  });

  test("of a value that no client could send is rejected, and says which it was, not what", async () => {
    await using clusters = await TwoClusters.connected({ server });
    const operation = { kind: "statement", query: INSERT, params: [1, types.Integer.ONE, {}] } as const;
    const payload = createPayload({ targetCluster: "B", operation, timestampMicros: 1n });
    const executor = clusters.client.replayExecutor();
    const error = await errorOf(executor.execute(payload, { signal }));
    expect(executor.read?.(error)).toMatchObject({ retry: "never", scope: "value" });
    expect(error).toMatchObject({ code: "HELIX_PAYLOAD_INVALID", path: "params[1]" });
  });
});

describe("rows and instances of classes", () => {
  const NAME: Column = { name: "name", type: "text" };
  const address: ColumnType = { udt: { keyspace: "ks", name: "address", fields: [NAME] } };
  const INSERT_NAMED = "INSERT INTO ks.t (id, v) VALUES (:id, :v)";

  class Address {
    readonly name: string = "x";
  }
  class Computed {
    get name() {
      return "x";
    }
  }
  class Entity {
    readonly id = 7;
    readonly v = new Address();
    readonly save = () => this.id;
    get unused() {
      return 1;
    }
  }
  const stored = [cell.int(7), Buffer.concat([cell.int(1), cell.text("x")])];
  const types = () => ["int", address] as const;

  test.each<[string, (client: HelixClient) => Promise<unknown>]>([
    ["an entity as named parameters", (client) => client.execute(INSERT_NAMED, new Entity())],
    ["one as a user-defined type", (client) => client.execute(INSERT_NAMED, { id: 7, v: new Address() })],
    ["one in a batch", (client) => client.batch([{ query: INSERT_NAMED, params: new Entity() }])],
    [
      "a row of a result of the client's",
      async (client) => {
        const row = (await client.execute("SELECT id, v FROM ks.t")).first();
        if (row === null) throw new Error("no row");
        return client.execute(INSERT_NAMED, row);
      },
    ],
  ])("are sent as the driver sends them, and so they are replayed: %s", async (_, write) => {
    const columns: Column[] = [
      { name: "id", type: "int" },
      { name: "v", type: address },
    ];
    await using clusters = await TwoClusters.start({ server: { types } });
    clusters.script.A = ({ query }) =>
      query.startsWith("SELECT") ? reply.rows(columns, [stored]) : reply.void;
    await clusters.servers.B.setDown();
    await clusters.client.connect();
    await write(clusters.client);
    await clusters.servers.B.setUp();
    const { A, B } = clusters.servers;
    await using executor = await connectReplayExecutor({
      clusters: { A: driverOptions(A), B: driverOptions(B) },
      waitFor: "all",
    });
    const [payload] = clusters.queued.map((queued) => decodePayload(encodePayload(queued)));
    await executor.execute(payload as never, { signal });
    expect(A.requests.at(-1)?.values).toEqual(stored);
    expect(B.requests.at(-1)?.values).toEqual(stored);
  });

  test("are refused where the driver would read what only their class has, and no queue would keep", async () => {
    await using clusters = await TwoClusters.connected({ server: { types } });
    const { client, servers } = clusters;
    const error = await errorOf(client.execute(INSERT_NAMED, { id: 7, v: new Computed() }));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID") && error.path).toBe("params.v.name");
    expect(servers.A.requests).toEqual([]);
    await client.execute(INSERT_NAMED, { id: 7, v: new Computed() }, { cluster: "A" });
    expect(servers.A.requests[0]?.values).toEqual(stored);
  });
});

test("a driver that is built otherwise is left as it is", () => {
  const client = {};
  interceptBinding(client as Client);
  expect(client).toEqual({});
});

test("digits of an end user are sent as the number that they are, in no time, and refused beyond 10,000", async () => {
  await using clusters = await TwoClusters.connected({
    server: { types: () => ["varint", "decimal"] as const },
  });
  const { client, servers } = clusters;
  const write = "INSERT INTO ks.t (id, n) VALUES (?, ?)";
  const read = "SELECT * FROM ks.t WHERE id = ? AND n = ?";
  const digits = "9".repeat(10_000);
  const startedAt = performance.now();
  await client.execute(write, [digits, "-1.5"]);
  await client.execute(read, [digits, "-1.5"], { cluster: "A" });
  const sent = servers.A.requests.map(({ values }) => values.map((value) => value?.toString("hex")));
  expect(sent).toEqual([sent[1], sent[1]]);
  expect([BigInt(`0x${sent[0]?.[0]}`), sent[0]?.[1]]).toEqual([BigInt(digits), "00000001f1"]);
  for (const request of [write, read]) {
    const error = await errorOf(client.execute(request, ["1", digits.repeat(6)]));
    expect(error).toMatchObject({ code: "HELIX_PAYLOAD_INVALID", path: "params[1]" });
  }
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
