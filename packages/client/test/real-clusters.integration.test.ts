import { createPayload, isHelixError } from "@helix/core";
import { createTestKeyspace, startFaultProxy, waitFor } from "@helix/testkit";
import { Client, types } from "cassandra-driver";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { HelixClient, type HelixClientOptions, type Result, readError } from "../src/index.ts";
import { errorOf, FakeReplayer } from "./two-clusters.ts";

const KEYSPACE = "client_real";
const pair = inject("cassandra");
const INSERT = `INSERT INTO ${KEYSPACE}.t (id, v, big) VALUES (?, ?, ?)`;
const signal = new AbortController().signal;

/** Plain drivers, past everything that is tested. */
const direct = { A: plain("A"), B: plain("B") };
let client: HelixClient;
let replayer: FakeReplayer;

function plain(cluster: "A" | "B"): Client {
  const { contactPoint, localDataCenter } = pair[cluster];
  return new Client({ contactPoints: [contactPoint], localDataCenter, protocolOptions: { maxVersion: 4 } });
}

function options(more: Partial<HelixClientOptions> = {}): HelixClientOptions {
  const cluster = (id: "A" | "B") => ({
    contactPoints: [pair[id].contactPoint],
    localDataCenter: pair[id].localDataCenter,
  });
  return { clusters: { A: cluster("A"), B: cluster("B") }, replayer, ...more };
}

async function onBoth(query: string): Promise<void> {
  await Promise.all([direct.A.execute(query), direct.B.execute(query)]);
}

/** Every cell with its write time, as text. */
async function cells(cluster: "A" | "B"): Promise<string[]> {
  const query = `SELECT id, v, big, WRITETIME(v) AS at, WRITETIME(big) AS big_at FROM ${KEYSPACE}.t`;
  const { rows } = await direct[cluster].execute(query, [], { prepare: true });
  return rows
    .map((row) => ["id", "v", "big", "at", "big_at"].map((name) => String(row.get(name))).join(" "))
    .sort();
}

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  await onBoth(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.t (id int PRIMARY KEY, v text, big bigint)`);
  replayer = new FakeReplayer();
  client = new HelixClient(options());
  await client.connect({ waitFor: "all" });
});
afterAll(async () => {
  await client?.close();
  await Promise.all([direct.A.shutdown(), direct.B.shutdown()]);
});
beforeEach(async () => {
  replayer.payloads.length = 0;
  await onBoth(`TRUNCATE ${KEYSPACE}.t`);
});

describe("over two healthy clusters", () => {
  test("every cell is equal on both, write times included", async () => {
    const writes = Array.from({ length: 100 }, (_, id) =>
      client.execute(INSERT, [id % 40, `value ${id}`, types.Long.fromString("9007199254740993")]),
    );
    for (const { writes: outcome } of await Promise.all(writes)) {
      expect(outcome).toEqual({ A: "applied", B: "applied" });
    }
    const a = await cells("A");
    expect(a).toHaveLength(40);
    expect(a[0]).toContain("9007199254740993");
    expect(await cells("B")).toEqual(a);
  });

  test("the write time is the timestamp that the call returns, and the one that it is given", async () => {
    const { timestampMicros } = await client.execute(INSERT, [1, "a", null]);
    expect((await cells("A"))[0]).toContain(` ${timestampMicros} `);
    await client.execute(INSERT, [2, "b", null], { timestampMicros: -42n });
    expect((await cells("B")).find((row) => row.startsWith("2 "))).toContain(" -42 ");
  });

  test("named parameters and batches reach both", async () => {
    const named = `UPDATE ${KEYSPACE}.t SET v = :v, big = :big WHERE id = :id`;
    await client.execute(named, { id: 1, v: "named", big: 7 });
    await client.batch(
      [
        { query: INSERT, params: [2, "batch", 8] },
        { query: named, params: { id: 3, v: "batch", big: 9 } },
        `INSERT INTO ${KEYSPACE}.t (id, v) VALUES (4, 'text')`,
      ],
      { logged: false },
    );
    const a = await cells("A");
    expect(a.map((row) => row.split(" ").slice(0, 3).join(" "))).toEqual([
      "1 named 7",
      "2 batch 8",
      "3 batch 9",
      "4 text null",
    ]);
    expect(await cells("B")).toEqual(a);
    expect(new Set(a.slice(1).map((row) => row.split(" ")[3])).size).toBe(1);
  });

  test("a read is typed, and all its pages come by `for await`, by `nextPage`, by `pageState` and by `stream`", async () => {
    const ids = Array.from({ length: 25 }, (_, id) => id);
    await client.batch(ids.map((id) => ({ query: INSERT, params: [id, "v", id] })));
    const [query, options] = [`SELECT id FROM ${KEYSPACE}.t`, { fetchSize: 10 }] as const;
    const read = (more = {}) => client.execute<{ id: number }>(query, [], { ...options, ...more });
    const ways = {
      async forAwait() {
        const seen: { id: number }[] = [];
        for await (const row of await read()) seen.push(row);
        return seen;
      },
      async nextPage() {
        const seen: { id: number }[] = [];
        for (
          let page: Result<{ id: number }> | undefined = await read();
          page;
          page = await page.nextPage?.()
        ) {
          expect(page.rowLength).toBeLessThanOrEqual(10);
          seen.push(...page);
        }
        return seen;
      },
      async pageState() {
        const seen: { id: number }[] = [];
        let pageState: string | null = null;
        do {
          const page: Result<{ id: number }> = await read({ pageState });
          seen.push(...page);
          ({ pageState } = page);
        } while (pageState !== null);
        return seen;
      },
      stream: () => client.stream(query, [], options).toArray() as Promise<{ id: number }[]>,
    };
    for (const [way, rows] of Object.entries(ways)) {
      const seen = (await rows()).map(({ id }) => id);
      expect([way, seen.sort((a, b) => a - b)]).toEqual([way, ids]);
    }
  });

  test("a request may name the keyspace of its tables, in a write to both and in a read", async () => {
    const options = { keyspace: KEYSPACE };
    await client.execute("INSERT INTO t (id, v) VALUES (?, ?)", [1, "k"], options);
    await client.batch([{ query: "UPDATE t SET v = :v WHERE id = :id", params: { id: 2, v: "b" } }], options);
    expect((await client.execute("SELECT id FROM t", [], options)).rowLength).toBe(2);
    expect(await cells("A")).toHaveLength(2);
    expect(await cells("B")).toEqual(await cells("A"));
  });

  test("a conditional statement runs on the cluster that it names", async () => {
    const query = `INSERT INTO ${KEYSPACE}.t (id, v) VALUES (?, ?) IF NOT EXISTS`;
    expect((await client.execute(query, [1, "a"], { cluster: "B" })).wasApplied()).toBe(true);
    expect((await client.execute(query, [1, "b"], { cluster: "B" })).wasApplied()).toBe(false);
    expect(await cells("A")).toEqual([]);
  });

  test("a value that does not fit its column is the caller's mistake, and nothing is written", async () => {
    const error = await errorOf(client.execute(INSERT, ["not a number", "v", 1]));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID")).toBe(true);
    await expect(
      client.execute(`UPDATE ${KEYSPACE}.t SET v = :v WHERE id = :id`, { id: 1 }),
    ).rejects.toMatchObject({ code: "HELIX_NOT_REPLAYABLE", construct: "a marker without a value" });
    expect(await cells("A")).toEqual([]);
    expect(replayer.payloads).toEqual([]);
  });
});

describe("what a real server answers is classified", () => {
  test.each<[string, string, unknown[], string]>([
    ["a table that is not there", `INSERT INTO ${KEYSPACE}.nope (id) VALUES (?)`, [1], "later"],
    ["a keyspace that is not there", "INSERT INTO nope.t (id) VALUES (?)", [1], "later"],
    ["a column that is not there", `INSERT INTO ${KEYSPACE}.t (id, nope) VALUES (?, ?)`, [1, 2], "later"],
    ["a column in a condition", `DELETE FROM ${KEYSPACE}.t WHERE nope = ?`, [1], "later"],
    ["no keyspace", "INSERT INTO t (id) VALUES (?)", [1], "later"],
    ["a syntax error", `INSERT INTO ${KEYSPACE}.t (id VALUES (?)`, [1], "never"],
    ["a literal of another type", `INSERT INTO ${KEYSPACE}.t (id) VALUES ('x')`, [], "never"],
    ["a missing key", `INSERT INTO ${KEYSPACE}.t (v) VALUES (?)`, ["v"], "never"],
  ])("%s", async (_, query, params, retry) => {
    const error = await errorOf(client.execute(query, params, { cluster: "A" }));
    expect(readError(error)).toMatchObject({ applied: "no", retry, answered: true });
  });
});

test("a write that one cluster's schema refuses is queued for it, and replayed once the schema is there", async () => {
  await onBoth(`DROP TABLE IF EXISTS ${KEYSPACE}.late`);
  const create = `CREATE TABLE ${KEYSPACE}.late (id int PRIMARY KEY, v text)`;
  await direct.A.execute(create);
  const result = await client.execute(`INSERT INTO ${KEYSPACE}.late (id, v) VALUES (?, ?)`, [1, "a"]);
  expect(result.writes).toEqual({ A: "applied", B: "queued" });
  await direct.B.execute(create);
  const [payload] = replayer.payloads;
  if (payload === undefined) throw new Error("Nothing was queued");
  const executor = client.replayExecutor();
  // Until then it is refused: what a cluster has is looked at every two seconds.
  const replays = () => executor.execute(payload, { signal }).then(() => true);
  await waitFor(replays, { timeoutMs: 10_000, describe: "the replay finds the table" });
  const read = `SELECT v, WRITETIME(v) AS at FROM ${KEYSPACE}.late`;
  const [a, b] = await Promise.all([direct.A.execute(read), direct.B.execute(read)]);
  expect(b.first().get("v")).toBe("a");
  expect(String(b.first().get("at"))).toBe(String(a.first().get("at")));
});

test("a replay runs in the keyspace of the write", async () => {
  const operation = {
    kind: "statement",
    query: "INSERT INTO t (id, v) VALUES (?, ?)",
    params: [9, "k"],
  } as const;
  const payload = createPayload({ targetCluster: "B", operation, timestampMicros: 77n, keyspace: KEYSPACE });
  await client.replayExecutor().execute(payload, { signal });
  expect(await cells("B")).toEqual(["9 k null 77 null"]);
  expect(await cells("A")).toEqual([]);
});

test("a cluster that is away at start is found, and what it missed can be replayed", async () => {
  const proxy = await startFaultProxy({ target: { host: pair.B.host, port: pair.B.port } });
  await proxy.set("refuse");
  {
    const { A } = options().clusters;
    const B = { contactPoints: [proxy.contactPoint], localDataCenter: pair.B.localDataCenter };
    await using late = new HelixClient(options({ clusters: { A, B } }));
    await late.connect();
    expect((await late.execute(INSERT, [1, "missed", 1])).writes).toEqual({ A: "applied", B: "queued" });
    await proxy.set("pass");
    await waitFor(() => late.clusterStates.B?.breaker === "closed" && late.clusterStates.B.connected, {
      timeoutMs: 10_000,
      describe: "cluster B is there",
    });
    const executor = late.replayExecutor();
    for (const payload of replayer.payloads) await executor.execute(payload, { signal });
    expect((await late.execute(INSERT, [2, "direct", 2])).writes).toEqual({ A: "applied", B: "applied" });
  }
  await proxy.close();
  expect(await cells("B")).toEqual(await cells("A"));
  expect(await cells("B")).toHaveLength(2);
});

test("a wrong data centre of one cluster does not stop the other", async () => {
  const { A } = options().clusters;
  const B = { contactPoints: [pair.B.contactPoint], localDataCenter: "nowhere" };
  await using half = new HelixClient(options({ clusters: { A, B } }));
  const causes: unknown[] = [];
  half.on("cluster:disconnected", ({ cause }) => causes.push(cause));
  await half.connect();
  await waitFor(() => causes.length > 0, { timeoutMs: 10_000, describe: "B is refused" });
  expect((await half.execute(INSERT, [1, "v", 1])).writes).toEqual({ A: "applied", B: "queued" });
  const error = await errorOf(half.execute(INSERT, [1, "v", 1], { cluster: "B" }));
  expect(isHelixError(error, "HELIX_CLUSTER_UNAVAILABLE")).toBe(true);
});
