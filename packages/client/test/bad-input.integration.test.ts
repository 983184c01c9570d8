import { isHelixError } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import {
  createTestKeyspace,
  type FaultMode,
  type FaultProxy,
  onBoth,
  startFaultProxy,
  waitFor,
} from "@helix/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { allCells } from "./all-cells.ts";
import { errorOf } from "./two-clusters.ts";

const KEYSPACE = "client_bad";
const INSERT = `INSERT INTO ${KEYSPACE}.t (id, v) VALUES (?, ?)`;
const NAMED = `INSERT INTO ${KEYSPACE}.t (id, v) VALUES (:id, :v)`;
const COUNT = `UPDATE ${KEYSPACE}.c SET n = n + 1 WHERE id = 1`;
const pair = inject("cassandra");

let proxy: FaultProxy;
let replayer: MemoryReplayer;
let client: HelixClient;

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  await onBoth(pair, async (driver) => {
    await driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.t (id int PRIMARY KEY, v text)`);
    await driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.b (id int PRIMARY KEY, v blob)`);
    await driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.c (id int PRIMARY KEY, n counter)`);
    for (const table of ["t", "b", "c"]) await driver.execute(`TRUNCATE ${KEYSPACE}.${table}`);
  });
  proxy = await startFaultProxy({ target: { host: pair.B.host, port: pair.B.port } });
  replayer = new MemoryReplayer();
  client = new HelixClient({
    clusters: {
      A: { contactPoints: [pair.A.contactPoint], localDataCenter: pair.A.localDataCenter },
      B: { contactPoints: [proxy.contactPoint], localDataCenter: pair.B.localDataCenter },
    },
    replayer,
  });
  await client.connect({ waitFor: "all" });
});
afterAll(async () => {
  await client?.close();
  await replayer?.close();
  await proxy?.close();
});

let enqueuedBefore: number;
const enqueued = () => replayer.counts().A.enqueued + replayer.counts().B.enqueued;
beforeEach(() => {
  enqueuedBefore = enqueued();
});

type Call = readonly [what: string, call: () => Promise<unknown>];

/** Known before anything is sent, once the statement is prepared. */
const KNOWN_BEFORE: readonly Call[] = [
  ["a value too few", () => client.execute(INSERT, [1])],
  ["a value too many", () => client.execute(INSERT, [1, "a", 3])],
  ["no values", () => client.execute(INSERT, [], { prepare: true })],
  [
    "a value too few in the last statement",
    () =>
      client.batch([
        { query: INSERT, params: [1, "a"] },
        { query: INSERT, params: [2] },
      ]),
  ],
  ["a name that is missing", () => client.execute(NAMED, { id: 1 })],
  ["a value of another type", () => client.execute(INSERT, ["one", "a"])],
  ["a value beyond its column's range", () => client.execute(INSERT, [2 ** 31, "a"])],
  [
    "a value of another type in the last statement",
    () =>
      client.batch([
        { query: INSERT, params: [1, "a"] },
        { query: INSERT, params: [2, 3] },
      ]),
  ],
  [
    "as many values as the protocol does not count",
    () =>
      client.execute(
        INSERT,
        Array.from({ length: 65_536 }, () => 1),
      ),
  ],
];

/** Known by the text, and by what the servers have told of their tables. */
const NOT_SENT: readonly Call[] = [
  ["a table that is not there", () => client.execute(`INSERT INTO ${KEYSPACE}.nope (id) VALUES (?)`, [1])],
  ["a keyspace that is not there", () => client.execute("INSERT INTO nope.t (id) VALUES (?)", [1])],
  [
    "a column that is not there",
    () => client.execute(`INSERT INTO ${KEYSPACE}.t (id, x) VALUES (?, ?)`, [1, 2]),
  ],
  ["a table without its keyspace", () => client.execute("INSERT INTO t (id, v) VALUES (?, ?)", [1, "a"])],
  ["a syntax error", () => client.execute(`INSERT INTO ${KEYSPACE}.t (id v) VALUES (?, ?)`, [1, "a"])],
  ["a NUL between the words", () => client.execute(`INSERT INTO ${KEYSPACE}.t\0 (id, v) VALUES (1, 'a')`)],
  ["a TTL below 0", () => client.execute(`${INSERT} USING TTL -1`, [1, "a"])],
  [
    "a timestamp in the text beyond int64",
    () => client.execute(`${INSERT} USING TIMESTAMP ${2n ** 63n}`, [1, "a"]),
  ],
  [
    "a table that is not there in the last statement",
    () => client.batch([{ query: INSERT, params: [1, "a"] }, `DELETE FROM ${KEYSPACE}.nope WHERE id = 1`]),
  ],
  ["a counter beside another table", () => client.batch([COUNT, { query: INSERT, params: [1, "a"] }])],
  [
    "a counter beside another table, not logged",
    () => client.batch([COUNT, { query: INSERT, params: [1, "a"] }], { logged: false }),
  ],
];

/** Known to the servers alone. */
const REFUSED_BY_BOTH: readonly Call[] = [
  ["no parameters, and nothing prepared", () => client.execute(INSERT)],
  ["a key that is null", () => client.execute(INSERT, [null, "a"])],
  ["a key that is not set", () => client.execute(INSERT, [undefined, "a"])],
  [
    "a batch that is too large for the server",
    () =>
      client.batch(
        [
          { query: INSERT, params: [1, "a".repeat(2 ** 17)] },
          { query: INSERT, params: [2, "b"] },
        ],
        { logged: false },
      ),
  ],
  [
    "a value beyond what the server takes in a frame",
    () => client.execute(`INSERT INTO ${KEYSPACE}.b (id, v) VALUES (?, ?)`, [1, Buffer.alloc(17 * 2 ** 20)]),
  ],
];

async function expectNothingWritten(): Promise<void> {
  expect(enqueued()).toBe(enqueuedBefore);
  for (const table of ["t", "b", "c"]) {
    expect(await allCells(pair, KEYSPACE, table)).toEqual({ A: [], B: [] });
  }
}

async function withNetwork<T>(mode: FaultMode, run: () => Promise<T>): Promise<T> {
  await proxy.set(mode);
  try {
    // What is sent before it is noticed may have arrived.
    const isNoticed = () => mode !== "refuse" || client.clusterStates.B?.connected === false;
    await waitFor(isNoticed, { timeoutMs: 10_000, describe: "cluster B is missed" });
    return await run();
  } finally {
    await proxy.set("pass");
    // A session that a black hole has left without a word is found out by what is asked of it.
    const isBack = () =>
      client.execute("SELECT key FROM system.local", [], { cluster: "B", readTimeout: 500 });
    await waitFor(isBack, { timeoutMs: 20_000, describe: "cluster B answers" });
    await waitFor(() => client.clusterStates.B?.breaker === "closed", {
      timeoutMs: 5_000,
      describe: "it is used",
    });
  }
}

describe("nothing is written or queued", () => {
  async function expectTold(call: Call[1]): Promise<void> {
    const error = (await errorOf(call())) as Error;
    expect(isHelixError(error) ? error.code : error.name).toMatch(/^(HELIX_PAYLOAD_INVALID|ArgumentError)$/);
  }

  describe.each<[string, FaultMode]>([
    ["both clusters are there", "pass"],
    ["B is away", "refuse"],
  ])("while %s", (_, mode) => {
    test.each(KNOWN_BEFORE)("for %s, which the caller is told by itself", async (_, call) => {
      await withNetwork(mode, () => expectTold(call));
      await expectNothingWritten();
    });
  });

  test("for any of these while B has just stopped answering", async () => {
    // Otherwise it would be the answer to its preparation that is waited for.
    for (const [, call] of KNOWN_BEFORE) await expectTold(call);
    await withNetwork("blackhole", () => Promise.all(KNOWN_BEFORE.map(([, call]) => expectTold(call))));
    await expectNothingWritten();
  });

  describe.each<[string, FaultMode]>([
    ["while both clusters are there", "pass"],
    ["while B is away", "refuse"],
  ])("for what is seen before it is sent, %s", (_, mode) => {
    test.each(NOT_SENT)("%s", async (_, call) => {
      const error = await withNetwork(mode, () => errorOf(call()));
      if (!isHelixError(error, "HELIX_NOT_REPLAYABLE")) throw error;
      expect(error.message).toMatch(/^Nothing was sent, because of .+ at character \d+/);
      await expectNothingWritten();
    });
  });

  describe.each<[string, FaultMode]>([
    ["which both clusters refuse", "pass"],
    ["which the one that is there refuses", "refuse"],
  ])("for what only servers know, %s", (_, mode) => {
    test.each(REFUSED_BY_BOTH)("%s", async (_, call) => {
      const error = await withNetwork(mode, () => errorOf(call()));
      if (!isHelixError(error, "HELIX_BOTH_CLUSTERS_FAILED")) throw error;
      const [a, b] = [error.clusters.A, error.clusters.B];
      expect([a, b]).toMatchObject([
        { applied: "no", queued: "no" },
        { applied: "no", queued: "no" },
      ]);
      const textOf = (cause: unknown) => (cause as Error).message;
      if (mode === "pass") expect(textOf(b?.cause)).toBe(textOf(a?.cause));
      await expectNothingWritten();
    });
  });
});

describe("what looks odd and is none is equal on both", () => {
  test.each<Call>([
    ["a NUL in a text", () => client.execute(`INSERT INTO ${KEYSPACE}.t (id, v) VALUES (1, 'a\0b')`)],
    ["a NUL in a value", () => client.execute(INSERT, [1, "a\0b"])],
    [
      "a statement of a megabyte",
      () => client.execute(`INSERT INTO ${KEYSPACE}.t (id, v) VALUES (1, '${"é".repeat(2 ** 19)}')`),
    ],
    ["names in other letters, and one too many", () => client.execute(NAMED, { ID: 1, V: "a", other: 1 })],
    ["names for markers without", () => client.execute(INSERT, { id: 1, v: "a" })],
    ["values for markers with names", () => client.execute(NAMED, [1, "a"])],
    ["the greatest timestamp", () => client.execute(INSERT, [1, "a"], { timestampMicros: 2n ** 63n - 1n })],
    [
      "a value of 15 MB",
      () => client.execute(`INSERT INTO ${KEYSPACE}.b (id, v) VALUES (?, ?)`, [1, Buffer.alloc(15e6, 1)]),
    ],
  ])("%s", async (_, call) => {
    await onBoth(pair, async (driver) => {
      for (const table of ["t", "b"]) await driver.execute(`TRUNCATE ${KEYSPACE}.${table}`);
    });
    expect(await call()).toMatchObject({ writes: { A: "applied", B: "applied" } });
    for (const table of ["t", "b"]) {
      const { A, B } = await allCells(pair, KEYSPACE, table);
      expect(B).toEqual(A);
    }
    expect(enqueued()).toBe(enqueuedBefore);
  });
});

test("a value that is larger than the queue takes is written where it can be, and the caller told that it is not queued", async () => {
  const query = `INSERT INTO ${KEYSPACE}.b (id, v) VALUES (?, ?)`;
  const error = await withNetwork("refuse", () => errorOf(client.execute(query, [7, Buffer.alloc(2 ** 21)])));
  if (!isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")) throw error;
  expect(error.clusters).toMatchObject({ A: { applied: "yes" }, B: { applied: "no", queued: "no" } });
  expect(isHelixError(error.cause, "HELIX_PAYLOAD_TOO_LARGE")).toBe(true);
  const { timestampMicros } = error;
  await client.execute(query, [7, Buffer.alloc(2 ** 21)], { timestampMicros });
  const { A, B } = await allCells(pair, KEYSPACE, "b");
  expect(B).toEqual(A);
});
