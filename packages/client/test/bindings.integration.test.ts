import { decodePayload, encodePayload } from "@helix/codec";
import { isHelixError, type ReplayPayload } from "@helix/core";
import { createTestKeyspace, startFaultProxy } from "@helix/testkit";
import { Client, type ClientOptions, types } from "cassandra-driver";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connectReplayExecutor, HelixClient } from "../src/index.ts";
import { errorOf, FakeReplayer } from "./two-clusters.ts";

const TABLE = "client_bindings.t";
const COLUMNS = ["n", "big", "maps", "ids", "pair", "place", "spot", "at"] as const;
const INSERT = `INSERT INTO ${TABLE} (id, ${COLUMNS.join(", ")}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const pair = inject("cassandra");
const direct = { A: plain("A"), B: plain("B") };

type Encoding = NonNullable<ClientOptions["encoding"]>;

const PLAIN: Encoding = {};
const OTHER: Encoding = { useBigIntAsLong: true, useBigIntAsVarint: true, map: Map, set: Set };

function plain(cluster: "A" | "B"): Client {
  const { contactPoint, localDataCenter } = pair[cluster];
  return new Client({ contactPoints: [contactPoint], localDataCenter, protocolOptions: { maxVersion: 4 } });
}

function clusterOptions(cluster: "A" | "B", encoding: Encoding, contactPoint = pair[cluster].contactPoint) {
  return { contactPoints: [contactPoint], localDataCenter: pair[cluster].localDataCenter, encoding };
}

/** What two clients of other options call the same row. */
function rowOf(encoding: Encoding, id: string): unknown[] {
  const { Integer, Long, Tuple, Vector } = types;
  const text = `${2n ** 60n + 7n}`;
  const long = encoding === PLAIN ? Long.fromString(text) : BigInt(text);
  const varint = encoding === PLAIN ? Integer.fromString(`-${text}00`) : -BigInt(`${text}00`);
  return [
    id,
    long,
    varint,
    encoding === PLAIN ? { a: long } : new Map([["a", long]]),
    encoding === PLAIN ? [long] : new Set([long]),
    new Tuple(long, "x"),
    { x: long, y: "1" },
    new Vector([1.5, -2, 0]),
    encoding === PLAIN ? Long.fromNumber(1_764_000_000_123) : 1_764_000_000_123n,
  ];
}

/** Every cell with its write time, as text. */
async function cells(cluster: "A" | "B", id: string): Promise<string[]> {
  const times = ["n", "big", "pair", "spot", "at"].map((name) => `WRITETIME(${name})`);
  const query = `SELECT ${[...COLUMNS, ...times].join(", ")} FROM ${TABLE} WHERE id = ?`;
  const { rows } = await direct[cluster].execute(query, [id], { prepare: true });
  return rows.flatMap((row) => row.values().map((value: unknown) => JSON.stringify(value)));
}

/** Writes while B is away, and what was queued for it, as a durable queue gives it back. */
async function missedByB(encoding: Encoding, write: (client: HelixClient) => Promise<unknown>) {
  await using proxy = await startFaultProxy({ target: { host: pair.B.host, port: pair.B.port } });
  await proxy.set("refuse");
  const replayer = new FakeReplayer();
  const A = clusterOptions("A", encoding);
  const B = clusterOptions("B", encoding, proxy.contactPoint);
  await using client = new HelixClient({ clusters: { A, B }, replayer });
  await client.connect();
  await write(client);
  return replayer.payloads.map((payload) => decodePayload(encodePayload(payload)));
}

async function replay(encoding: Encoding, payloads: readonly ReplayPayload[]): Promise<void> {
  const clusters = { A: clusterOptions("A", encoding), B: clusterOptions("B", encoding) };
  await using executor = await connectReplayExecutor({ clusters, waitFor: "all" });
  for (const payload of payloads) await executor.execute(payload, { signal: new AbortController().signal });
}

beforeAll(async () => {
  await createTestKeyspace(pair, "client_bindings");
  for (const client of [direct.A, direct.B]) {
    await client.execute("CREATE TYPE IF NOT EXISTS client_bindings.point (x bigint, y text)");
    await client.execute(
      `CREATE TABLE IF NOT EXISTS ${TABLE} (id text PRIMARY KEY, n bigint, big varint, maps map<text, bigint>, ` +
        "ids set<bigint>, pair tuple<bigint, text>, place point, spot vector<float, 3>, at timestamp, ratio double)",
    );
    await client.execute(`TRUNCATE ${TABLE}`);
  }
});
afterAll(() => Promise.all([direct.A.shutdown(), direct.B.shutdown()]));

describe("what a client wrote that has other options than the one that replays", () => {
  test.each<[string, Encoding, Encoding]>([
    ["bigint, Map and Set, by one without them", OTHER, PLAIN],
    ["Long, Integer, object and array, by one with bigint, Map and Set", PLAIN, OTHER],
  ])("is equal on both clusters, write times included: %s", async (id, writer, replayer) => {
    const payloads = await missedByB(writer, async (client) => {
      expect((await client.execute(INSERT, rowOf(writer, id))).writes).toEqual({ A: "applied", B: "queued" });
      await client.batch([
        { query: INSERT, params: rowOf(writer, `${id} in a batch`) },
        {
          query: `UPDATE ${TABLE} SET n = :n WHERE id = :id`,
          params: { id: `${id}, named`, n: rowOf(writer, id)[1] },
        },
      ]);
    });
    await replay(replayer, payloads);
    for (const row of [id, `${id} in a batch`, `${id}, named`]) {
      const a = await cells("A", row);
      expect(a).toHaveLength(COLUMNS.length + 5);
      expect(a[0]).toBe('"1152921504606846983"');
      expect(await cells("B", row)).toEqual(a);
    }
  });
});

test("a value that a column would get as another one is written on neither cluster, and not queued", async () => {
  const payloads = await missedByB(PLAIN, async (client) => {
    const params = rowOf(PLAIN, "wrong");
    params[1] = "12abc";
    const error = await errorOf(client.execute(INSERT, params));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID") && error.path).toBe("params[1]");
  });
  expect(payloads).toEqual([]);
  expect(await cells("A", "wrong")).toEqual([]);
});

describe("what one cluster missed, and a pod of the driver's defaults replays", () => {
  const query = (columns: string) => `INSERT INTO ${TABLE} (id, ${columns})`;

  test("has for each column of a name that stands twice the value of its own type", async () => {
    const text = `${query("n, ratio")} VALUES (:id, :v, :v)`;
    const payloads = await missedByB(PLAIN, async (client) => {
      await client.execute(text, { id: "twice", v: 5 });
      await client.batch([{ query: text, params: { id: "twice in a batch", v: 5 } }]);
    });
    await replay(PLAIN, payloads);
    for (const id of ["twice", "twice in a batch"]) {
      const select = `SELECT JSON n, ratio, WRITETIME(n) AS at FROM ${TABLE} WHERE id = '${id}'`;
      const [a, b] = await Promise.all([direct.A.execute(select), direct.B.execute(select)]);
      expect(a.first()?.get(0)).toMatch(/^{"n": 5, "ratio": 5.0, "at": \d+}$/);
      expect(b.first()?.get(0)).toBe(a.first()?.get(0));
    }
  });

  test.each<[string, Encoding, string]>([
    ["null, where the writer's undefined is", { useUndefinedAsUnset: false }, '{"n": null, "ratio": 1.0}'],
    ["as it was, where the writer's undefined is unset", PLAIN, '{"n": 7, "ratio": 1.0}'],
  ])("has a column %s", async (id, encoding, stored) => {
    const text = `${query("n, ratio")} VALUES (?, ?, ?)`;
    for (const client of [direct.A, direct.B]) await client.execute(text, [id, 7, 0], { prepare: true });
    const payloads = await missedByB(encoding, (client) => client.execute(text, [id, undefined, 1]));
    await replay({ useUndefinedAsUnset: !(encoding.useUndefinedAsUnset ?? true) }, payloads);
    for (const client of [direct.A, direct.B]) {
      const select = `SELECT JSON n, ratio FROM ${TABLE} WHERE id = ?`;
      expect((await client.execute(select, [id], { prepare: true })).first()?.get(0)).toBe(stored);
    }
  });
});
