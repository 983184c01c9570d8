import { isHelixError, type Operation, type Params } from "@helix/core";
import { cell, reply, type ScriptedTables, type ServerError, waitFor } from "@helix/testkit";
import type { types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import type { BatchStatement, ExecuteOptions, HelixClientOptions } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const unavailable: ServerError = { code: "unavailable", required: 2, alive: 1 };
/** The driver tries what is idempotent once more. */
const repeated: ServerError = { code: "writeTimeout", writeType: "BATCH_LOG", received: 0, blockFor: 1 };
const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";

const tables: ScriptedTables = {
  "ks.t": { columns: { id: "text", v: "text", u: "timeuuid", at: "timestamp" } },
  "ks.expiring": { columns: { id: "text", v: "text" }, defaultTtlSeconds: 3_600, gcGraceSeconds: 60 },
};

function connected(client: Partial<HelixClientOptions> = {}, more: object = {}): Promise<TwoClusters> {
  return TwoClusters.connected({ client, server: { tables, ...more } });
}

describe("a function that is called", () => {
  test("has one value: on both clusters, in every repetition and in the payload", async () => {
    const server = {
      types: (query: string) => (query.includes("?") ? (["timeuuid", "timestamp"] as const) : []),
    };
    await using clusters = await connected({}, server);
    clusters.script.B = () => reply.error(repeated);
    const query = "INSERT INTO ks.t (id, u, at) VALUES ('1', now(), current_timestamp())";
    // Without parameters it would not be prepared; by now it has some.
    const { timestampMicros } = await clusters.client.execute(query, [], {
      prepare: false,
      isIdempotent: true,
    });
    const [onA] = clusters.servers.A.requests;
    expect(onA).toMatchObject({ kind: "execute", timestamp: timestampMicros });
    expect(onA?.query).toBe("INSERT INTO ks.t (id, u, at) VALUES ('1', (timeuuid) ?, (timestamp) ?)");
    const { requests } = clusters.servers.B;
    expect(requests).toHaveLength(2);
    for (const request of requests) expect(request.values).toEqual(onA?.values);
    const operation = clusters.queued[0]?.operation as Extract<Operation, { kind: "statement" }>;
    expect(operation.query).toBe(onA?.query);
    const [uuid, at] = operation.params as [types.TimeUuid, Date];
    expect(onA?.values).toEqual([uuid.getBuffer(), cell.bigint(BigInt(at.getTime()))]);
  });

  test("in a batch takes a value of its own in each statement, beside names that are bound", async () => {
    await using clusters = await connected({}, { types: () => ["text", "timeuuid"] });
    clusters.script.B = () => reply.error(unavailable);
    const query = "INSERT INTO ks.t (id, u) VALUES (?, now())";
    await clusters.client.batch([
      { query, params: ["1"] },
      { query, params: ["2"] },
    ]);
    const operation = clusters.queued[0]?.operation as Extract<Operation, { kind: "batch" }>;
    const values = operation.statements.map(({ params }) => params as [string, types.TimeUuid]);
    expect(values.map(([id]) => id)).toEqual(["1", "2"]);
    expect(String(values[0]?.[1])).not.toBe(String(values[1]?.[1]));
  });
});

describe("the default TTL of a table", () => {
  test("is in the text that both clusters get, and in the payload", async () => {
    await using clusters = await connected();
    clusters.script.B = () => reply.error(unavailable);
    await clusters.client.execute("INSERT INTO ks.expiring (id, v) VALUES (?, ?)", ["1", "a"]);
    const query = "INSERT INTO ks.expiring (id, v) VALUES (?, ?) USING TTL 3600";
    expect(clusters.servers.A.requests).toMatchObject([{ query }]);
    expect(clusters.servers.B.requests).toMatchObject([{ query }]);
    expect(clusters.queued).toMatchObject([{ operation: { query, params: ["1", "a"] } }]);
  });

  test("is A's where B has none, and none where B alone has one", async () => {
    await using clusters = await connected();
    clusters.servers.B.schema.set("ks.expiring", { columns: { id: "text", v: "text" } });
    clusters.servers.B.schema.set("ks.t", { columns: { id: "text", v: "text" }, defaultTtlSeconds: 5 });
    // So that both are known.
    await clusters.client.execute(INSERT, ["1", "a"]);
    await clusters.client.execute("INSERT INTO ks.expiring (id, v) VALUES (?, ?)", ["1", "a"]);
    await clusters.client.execute(INSERT, ["1", "b"]);
    const texts = clusters.servers.B.requests.map(({ query }) => query);
    expect(texts.slice(-2)).toEqual([
      "INSERT INTO ks.expiring (id, v) VALUES (?, ?) USING TTL 3600",
      `${INSERT} USING TTL 0`,
    ]);
  });
});

describe("USING TIMESTAMP", () => {
  test("is what is sent, queued and told", async () => {
    await using clusters = await connected();
    clusters.script.B = () => reply.error(unavailable);
    const { timestampMicros } = await clusters.client.execute(`${INSERT} USING TIMESTAMP 42`, ["1", "a"]);
    expect(timestampMicros).toBe(42n);
    expect(clusters.servers.A.requests).toMatchObject([{ timestamp: 42n }]);
    expect(clusters.queued).toMatchObject([{ timestampMicros: 42n }]);
  });

  test("is that of one cluster alone as well, also where nothing is known of its tables", async () => {
    await using clusters = await connected();
    const one = { cluster: "A" } as const;
    const said = await clusters.client.execute(`${INSERT} USING TIMESTAMP 42`, ["1", "a"], one);
    expect(said.timestampMicros).toBe(42n);
    expect(clusters.servers.A.systemRequests.filter((query) => query.includes("IN ("))).toEqual([]);
  });

  test("and another timestamp by option are a mistake, and nothing is sent", async () => {
    await using clusters = await connected();
    const twice = clusters.client.execute(`${INSERT} USING TIMESTAMP 42`, ["1", "a"], { timestampMicros: 7 });
    await expect(twice).rejects.toThrow(TypeError);
    expect(clusters.servers.A.requests).toEqual([]);
  });
});

describe("a timestamp that is far ahead of a cluster's clock", () => {
  const ahead = (ms: number) => (Date.now() + ms) * 1_000;

  test.each<[string, string | readonly BatchStatement[], Params, ExecuteOptions]>([
    ["by option", INSERT, ["1", "a"], { timestampMicros: ahead(60_000) }],
    ["by its text", `${INSERT} USING TIMESTAMP ${ahead(60_000)}`, ["1", "a"], {}],
    [
      "of a member of a batch",
      ["DELETE FROM ks.t WHERE id = '1'", `DELETE FROM ks.t USING TIMESTAMP ${ahead(60_000)} WHERE id = '2'`],
      [],
      {},
    ],
    [
      "in a text with several",
      `BEGIN BATCH DELETE FROM ks.t WHERE id = '1' DELETE FROM ks.t USING TIMESTAMP ${ahead(60_000)} WHERE id = '2' APPLY BATCH`,
      [],
      {},
    ],
    ["on one cluster", INSERT, ["1", "a"], { timestampMicros: ahead(60_000), cluster: "B" }],
  ])("is refused %s, where the client says how far it may be", async (_, what, params, options) => {
    await using clusters = await connected({ maxTimestampAheadMs: 10_000 });
    const call =
      typeof what === "string" ? clusters.client.execute(what, params, options) : clusters.client.batch(what);
    const error = await errorOf(call);
    if (!isHelixError(error, "HELIX_TIMESTAMP_AHEAD")) throw error;
    expect(error.aheadMs).toBeGreaterThan(50_000);
    expect([...clusters.servers.A.requests, ...clusters.servers.B.requests]).toEqual([]);
  });

  test("is one of this process as well, where a cluster is known to be behind it", async () => {
    await using clusters = await connected({ maxTimestampAheadMs: 10_000 });
    clusters.servers.B.schema.clockOffsetMs = -60_000;
    await errorOf(clusters.client.execute("INSERT INTO ks.nowhere (id) VALUES ('1')"));
    const error = await errorOf(clusters.client.execute(INSERT, ["1", "a"]));
    if (!isHelixError(error, "HELIX_TIMESTAMP_AHEAD")) throw error;
    expect(error.cluster).toBe("B");
  });

  test("is sent where nothing is said of it", async () => {
    await using clusters = await connected();
    const { writes } = await clusters.client.execute(INSERT, ["1", "a"], { timestampMicros: ahead(60_000) });
    expect(writes).toEqual({ A: "applied", B: "applied" });
  });
});

describe("the tables of the clusters", () => {
  test("that one cluster alone can tell are enough, be the other away from the start", async () => {
    await using clusters = await TwoClusters.start({ server: { tables } });
    await clusters.servers.B.setDown();
    await clusters.client.connect();
    const { writes } = await clusters.client.execute(INSERT, ["1", "a"]);
    expect(writes).toEqual({ A: "applied", B: "queued" });
    const [payload] = clusters.queued;
    expect(payload?.tables).toEqual(["ks.t"]);
    // Nothing is known of B, but that no default TTL of its table is meant.
    expect(payload?.schema).toEqual({ tableIds: {} });
  });

  test("are known to the payload as the cluster has them that it is for", async () => {
    await using clusters = await connected();
    clusters.servers.B.schema.set("ks.t", {
      columns: { id: "text", v: "text" },
      createdAtMs: 1_700_000_000_000,
    });
    await clusters.client.execute(INSERT, ["1", "a"]);
    clusters.script.B = () => reply.error(unavailable);
    await clusters.client.execute(INSERT, ["1", "a"]);
    const { schema } = clusters.servers.B;
    expect(clusters.queued[0]?.schema).toEqual({
      gcGraceSeconds: 864_000,
      tableIds: { "ks.t": schema.idOf("ks.t") },
    });
    clusters.servers.B.schema.set("ks.t", undefined);
    clusters.servers.B.tellSchemaChange("ks", "t");
    await waitFor(
      async () => {
        await clusters.client.execute(INSERT, ["1", "a"]);
        return clusters.queued.at(-1)?.schema?.tableIds?.["ks.t"] === null;
      },
      { timeoutMs: 5_000, describe: () => "it is known that B has no such table" },
    );
  });

  test("are not there at the write where the cluster says so, whatever was known of them", async () => {
    await using clusters = await connected();
    await clusters.client.execute(INSERT, ["1", "a"]);
    for (const message of [
      "table ks.t does not exist",
      "unconfigured table t",
      "keyspace ks does not exist",
    ]) {
      clusters.script.B = () => reply.error({ code: "invalid", message });
      await clusters.client.execute(INSERT, ["1", "a"]);
      expect(clusters.queued.at(-1)?.schema).toEqual({ tableIds: { "ks.t": null } });
    }
  });

  test("that change under a running process are judged anew", async () => {
    await using clusters = await connected({}, { types: () => [{ list: "text" }, "text"] });
    const query = "UPDATE ks.l SET l = ? WHERE id = ?";
    for (const { schema } of Object.values(clusters.servers)) {
      schema.set("ks.l", { columns: { id: "text", l: "frozen<list<text>>" } });
    }
    await clusters.client.execute(query, [["a"], "1"]);
    clusters.servers.B.schema.set("ks.l", { columns: { id: "text", l: "list<text>" } });
    clusters.servers.B.tellSchemaChange("ks", "l");
    await waitFor(
      async () => {
        const call = clusters.client.execute(query, [["a"], "1"]);
        return call.then(
          () => false,
          (error: unknown) => isHelixError(error, "HELIX_NOT_REPLAYABLE"),
        );
      },
      { timeoutMs: 5_000, describe: () => "the list that is not frozen is refused" },
    );
  });

  test("that nobody has are refused after a look at both, and nothing is sent", async () => {
    await using clusters = await connected();
    const error = await errorOf(clusters.client.execute("INSERT INTO ks.userz (id) VALUES (?)", ["1"]));
    if (!isHelixError(error, "HELIX_NOT_REPLAYABLE")) throw error;
    expect(error.message).toMatch(/the unknown table ks\.userz .* It was looked for on A and B at \d{4}-/);
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.queued).toEqual([]);
  });

  test("that neither cluster tells leave nothing to send, and close ends the waiting", async () => {
    const onSystemRequest = (query: string) => (query.includes("schema_version") ? reply.silence : undefined);
    await using clusters = await connected(
      { requestTimeoutMs: 500, drainTimeoutMs: 50 },
      { onSystemRequest },
    );
    const told = await errorOf(clusters.client.execute(INSERT, ["1", "a"], { timestampMicros: 7 }));
    if (!isHelixError(told, "HELIX_BOTH_CLUSTERS_FAILED")) throw told;
    expect(told).toMatchObject({
      timestampMicros: 7n,
      clusters: { A: { applied: "no" }, B: { applied: "no" } },
    });
    const controller = new AbortController();
    const aborted = errorOf(clusters.client.execute(INSERT, ["1", "a"], { signal: controller.signal }));
    const cut = errorOf(clusters.client.execute(INSERT, ["1", "a"]));
    controller.abort("enough");
    expect(await aborted).toBe("enough");
    await clusters.client.close();
    expect(isHelixError(await cut)).toBe(true);
    expect(clusters.servers.A.requests).toEqual([]);
    expect(clusters.queued).toEqual([]);
  });
});
