import { isHelixError } from "@helix/core";
import {
  createTestKeyspace,
  type EveryCells,
  everyCell,
  type FaultProxy,
  onBoth,
  RawSession,
  seededRandom,
  startFaultProxy,
  waitFor,
} from "@helix/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Dice } from "./any-write/dice.ts";
import { ReplayedPath } from "./any-write/replayed-path.ts";

const KEYSPACE = "replay_guards";
const WRITES = 10;
/** Longer than the TTL of what expires, and than the grace of the table that forgets deletes. */
const OUTAGE_MS = 6_500;

const SCHEMA = [
  "CREATE TABLE t (k int PRIMARY KEY, v text, s set<text>)",
  "CREATE TABLE expiring (k int PRIMARY KEY, v text) WITH default_time_to_live = 1000",
  "CREATE TABLE short (k int PRIMARY KEY, v text) WITH gc_grace_seconds = 5",
  "CREATE TABLE recreated (k int PRIMARY KEY, v text)",
  "CREATE TABLE truncated (k int PRIMARY KEY, v text)",
  "CREATE TABLE readded (k int PRIMARY KEY, v text, w text, x text)",
];

const pair = inject("cassandra");
let raw: Readonly<Record<"A" | "B", RawSession>>;
let proxy: FaultProxy;
let path: ReplayedPath;

/**
 * A replay ends later than the write if it takes so long that the second turns, by more than was rounded off. Of what is
 * written within this part of a second it is 600 ms that it may take.
 */
const EARLY_MS = 400;

/** How long the writes with a TTL took: so much later may A have counted from. Seconds. */
let tookSeconds = 0;

beforeAll(async () => {
  await onBoth(pair, (driver) => driver.execute(`DROP KEYSPACE IF EXISTS ${KEYSPACE}`));
  await createTestKeyspace(pair, KEYSPACE);
  const open = async (address: typeof pair.A) => {
    const session = await RawSession.connect(address, KEYSPACE);
    for (const cql of SCHEMA) await session.query(cql);
    return session;
  };
  const [A, B] = await Promise.all([open(pair.A), open(pair.B)]);
  raw = { A, B };
  proxy = await startFaultProxy({ target: pair.B });
  path = new ReplayedPath({ pair, proxy, keyspace: KEYSPACE, dice: new Dice(seededRandom(1)) });
  await path.start();
  for (const k of [900, 901])
    await path.client.execute("INSERT INTO t (k, v, s) VALUES (?, 'old', {'old'})", [k]);
  await path.client.execute("INSERT INTO short (k, v) VALUES (2, 'old')");
  await proxy.set("refuse");
  await writtenWhileAway();
  await raw.B.query("DROP TABLE recreated");
  await raw.B.query("CREATE TABLE recreated (k int PRIMARY KEY, v text)");
  await raw.B.query("TRUNCATE truncated");
  await raw.B.query("ALTER TABLE readded DROP w");
  await raw.B.query("ALTER TABLE readded ADD w text");
  const endMs = Date.now() + OUTAGE_MS;
  await waitFor(() => Date.now() > endMs, { timeoutMs: 2 * OUTAGE_MS, describe: "the outage has lasted" });
  await proxy.set("pass");
  await path.drained();
});

afterAll(async () => {
  await path?.[Symbol.asyncDispose]();
  await proxy?.close();
  await Promise.all([raw?.A.close(), raw?.B.close()]);
});

async function writtenWhileAway(): Promise<void> {
  const { client } = path;
  for (let n = 0; n < WRITES; n++) {
    for (const [index, write] of Object.values(TIMED).entries()) {
      await waitFor(() => Date.now() % 1_000 < EARLY_MS, { timeoutMs: 5_000, describe: "a new second" });
      const startedAtMs = Date.now();
      await write(index * 100 + n);
      tookSeconds = Math.max(tookSeconds, Math.floor((EARLY_MS + Date.now() - startedAtMs) / 1_000));
    }
  }
  // As the client makes it, but for those of a whole millisecond.
  const made = { timestampMicros: BigInt(Date.now()) * 1_000n + 1n };
  await client.execute("UPDATE t USING TTL 2 SET v = 'new', s = s + {'new'} WHERE k = 900", [], made);
  await client.execute("INSERT INTO t (k, v) VALUES (?, ?) USING TTL ?", [901, "new", 2]);
  await client.execute("INSERT INTO t (k) VALUES (902) USING TTL 2");
  const twice = (k: number) =>
    [
      [2, "short"],
      [1_000, "long"],
    ].map(([ttl, v]) => `UPDATE t USING TTL ${ttl} SET v = '${v}' WHERE k = ${k}`);
  await client.batch(twice(903).map((query) => ({ query })));
  await client.execute(`BEGIN BATCH ${twice(904).join("; ")}; APPLY BATCH`);
  // A timestamp of the caller's, as one that names a version: the later write keeps the row for longer.
  const version = BigInt(Date.now() - 3_600_000) * 1_000n + 1n;
  for (const query of twice(905)) await client.execute(query.replace("TTL", `TIMESTAMP ${version} AND TTL`));
  for (const query of twice(906)) await client.execute(query, [], { timestampMicros: version });
  await client.execute("INSERT INTO short (k, v) VALUES (1, 'a')");
  await client.execute("DELETE FROM short WHERE k = 2");
  await client.execute("INSERT INTO recreated (k, v) VALUES (1, 'a')");
  await client.execute("INSERT INTO truncated (k, v) VALUES (1, 'a')");
  await client.execute("INSERT INTO readded (k, v, w) VALUES (1, 'a', 'a')");
  await client.execute("INSERT INTO readded (k, v) VALUES (2, 'a')");
}

/** Writes with a TTL, by how it is said; each of a row of its own. */
const TIMED: Readonly<Record<string, (k: number) => Promise<unknown>>> = {
  literal: (k) => path.client.execute(`INSERT INTO t (k, v) VALUES (${k}, 'a') USING TTL 1000`),
  bound: (k) => path.client.execute("UPDATE t USING TTL ? SET v = ? WHERE k = ?", [1_000, "a", k]),
  named: (k) =>
    path.client.execute("INSERT INTO t (k, v) VALUES (:k, :v) USING TTL :ttl", { k, v: "a", ttl: 1_000 }),
  "table's default": (k) => path.client.execute("INSERT INTO expiring (k, v) VALUES (?, ?)", [k, "a"]),
  "in a batch": (k) =>
    path.client.batch([
      { query: "INSERT INTO expiring (k, v) VALUES (?, ?)", params: [k, "a"] },
      { query: "UPDATE t USING TTL 2000 SET s = s + {'a'} WHERE k = ?", params: [k] },
    ]),
  "in the text of a batch": (k) =>
    path.client.execute(
      "BEGIN BATCH INSERT INTO expiring (k, v) VALUES (?, 'a'); UPDATE t USING TTL ? SET v = 'a' WHERE k = ?; APPLY BATCH",
      [k, 500, k],
    ),
};

/** Of the writes that have a TTL. */
async function cells(cluster: "A" | "B"): Promise<EveryCells> {
  const tables = await Promise.all(
    ["t", "expiring"].map((table) => everyCell(raw[cluster], KEYSPACE, table)),
  );
  const all = tables.flatMap((found, index) =>
    [...found].map(([at, cell]) => [`${index} ${at}`, cell] as const),
  );
  return new Map(all.filter(([at]) => keyOf(at) < 900));
}

test("what has lived its time before it is replayed is not readable, and nor is what it overwrote", async () => {
  const valuesOf = async (cluster: "A" | "B", k: number) =>
    [...(await everyCell(raw[cluster], KEYSPACE, "t"))]
      .filter(([at]) => keyOf(`0 ${at}`) === k)
      .map(([, { value }]) => value);
  const old = Buffer.from("old").toString("hex");
  const update = path.replayed.find(({ operation }) => JSON.stringify(operation).includes("k = 900"));
  await path.execute(update ?? expect.unreachable("the UPDATE was replayed"));
  for (const cluster of ["B", "A"] as const) {
    expect(await valuesOf(cluster, 900), `an UPDATE on ${cluster}`).toEqual(["a row", old]);
    // What is inserted lives for a second more.
    const isGone = async () =>
      String([await valuesOf(cluster, 901), await valuesOf(cluster, 902)]) === `a row,${old},`;
    await waitFor(isGone, { timeoutMs: 5_000, describe: `what was inserted is gone on ${cluster}` });
  }
});

test("what has lived its time takes nothing with it that was written at its timestamp for longer, by the same batch or another write", async () => {
  const long = Buffer.from("long").toString("hex");
  for (const cluster of ["A", "B"] as const) {
    const found = await everyCell(raw[cluster], KEYSPACE, "t");
    const values = [...found]
      .filter(([at]) => [903, 904, 905, 906].includes(keyOf(`0 ${at}`)))
      .map(([, { value }]) => value);
    expect(values, cluster).toEqual(Array.from({ length: 4 }, () => ["a row", long]).flat());
  }
});

test("a TTL ends on the other cluster when it does on the first, or a second earlier, however it is said", async () => {
  const { A, B } = { A: await cells("A"), B: await cells("B") };
  const earlier = new Map<string, number[]>();
  for (const [at, { expiresAt }] of A) {
    if (expiresAt === undefined) continue;
    const kind = Object.keys(TIMED)[Math.floor(keyOf(at) / 100)] ?? "";
    const other = B.get(at)?.expiresAt ?? expect.unreachable(`${at} on B`);
    earlier.set(kind, [...(earlier.get(kind) ?? []), expiresAt - other]);
  }
  const told = [...earlier].map(([kind, seconds]) => `${kind} ${[...new Set(seconds)].sort().join(" or ")}`);
  process.stdout.write(`seconds by which replays end earlier: ${told.join(", ")}\n`);
  expect([...earlier.keys()].sort()).toEqual(Object.keys(TIMED).sort());
  for (const [kind, seconds] of earlier) {
    expect(Math.min(...seconds), kind).toBeGreaterThanOrEqual(-tooSlow());
    expect(Math.max(...seconds), kind).toBeLessThanOrEqual(1 + tookSeconds);
  }
});

test("an expiry is not moved where the write had been applied, nor ends later elsewhere, if it is replayed once more", async () => {
  const before = await cells("A");
  expect(path.replayed.length).toBeGreaterThanOrEqual(WRITES * Object.keys(TIMED).length);
  await path.replayAgain();
  const later = (found: EveryCells) =>
    [...before].map(([at, { expiresAt = 0 }]) => (found.get(at)?.expiresAt ?? 0) - expiresAt);
  const onA = later(await cells("A"));
  expect(Math.min(...onA)).toBe(0);
  expect(Math.max(...onA, ...later(await cells("B")))).toBeLessThanOrEqual(tooSlow());
});

test("what is older than the grace of its table becomes a dead letter, and a delete of that age is replayed", async () => {
  expect(await rows("B", "short")).toEqual([]);
  expect(await rows("A", "short")).toEqual([1]);
  expect(await reasons()).toContain("too-old");
});

test("what was written to a table that was made again or emptied since, or to a column that was, becomes a dead letter", async () => {
  expect(await rows("B", "recreated")).toEqual([]);
  expect(await rows("B", "truncated")).toEqual([]);
  expect(await rows("B", "readded")).toEqual([2]);
  expect(await reasons()).toEqual(["table-gone", "table-gone", "table-gone", "too-old"]);
});

test("a person redrives such dead letters by force alone", async () => {
  for (const { id } of await letters()) {
    const { deadLetters } = path.replayer;
    const refused = await deadLetters.redrive(id).catch((error: unknown) => error);
    expect(isHelixError(refused, "HELIX_REDRIVE_NEEDS_FORCE")).toBe(true);
    await deadLetters.redrive(id, { force: true });
  }
  await path.drained();
  for (const table of ["short", "recreated", "truncated"]) expect(await rows("B", table), table).toEqual([1]);
  expect(await rows("B", "readded")).toEqual([1, 2]);
  expect(await letters()).toEqual([]);
});

test("what is older than the drop of its column would have been hidden without a word", async () => {
  // Makes the server flush the table.
  await raw.B.query("ALTER TABLE readded DROP x");
  const { rows: [row] = [] } = await raw.B.query("SELECT v, w FROM readded WHERE k = 1");
  expect(row?.map((value) => value?.toString())).toEqual(["a", undefined]);
});

/** By how many seconds slow replays may have moved an expiry: none where none was slow. */
const tooSlow = () => Math.ceil(Math.max(0, path.slowestReplayMs - (1_000 - EARLY_MS)) / 1_000);

const keyOf = (at: string) => Number.parseInt(at.split("k=")[1]?.split(" ")[0] ?? "", 16);

async function rows(cluster: "A" | "B", table: string): Promise<(number | undefined)[]> {
  const found = await raw[cluster].query(`SELECT k FROM ${table}`);
  return found.rows.map(([k]) => k?.readInt32BE());
}

const letters = () => path.replayer.deadLetters.list();

const reasons = async () => (await letters()).map(({ reason }) => reason).sort();
