import { afterAll, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { createTestKeyspace, differences, everyCell, RawSession } from "../src/index.ts";

const pair = inject("cassandra");
const ROW = "c=00000002 k=00000001";
let session: RawSession;

beforeAll(async () => {
  await createTestKeyspace(pair, "every_cell");
  session = await RawSession.connect(pair.A, "every_cell");
  await session.query("CREATE TYPE IF NOT EXISTS address (street text, zip int)");
  await session.query(
    "CREATE TABLE IF NOT EXISTS t (k int, c int, v text, l list<text>, s set<text>, m map<text, int>, a address, fa frozen<address>, st int static, PRIMARY KEY (k, c))",
  );
  await session.query("CREATE TABLE IF NOT EXISTS counters (k int PRIMARY KEY, n counter)");
});

afterAll(() => session?.close());

beforeEach(() => session.query("TRUNCATE t"));

test("each element of a collection and each field of a type has its own write time and expiry, where only some expire", async () => {
  await session.query(
    "INSERT INTO t (k, c, l, s, m, a, fa) VALUES (1, 2, ['a'], {'b'}, {'c': 3}, {street: 'd'}, {zip: 4}) USING TIMESTAMP 5",
  );
  await session.query(
    "UPDATE t USING TIMESTAMP 6 AND TTL 1000 SET l = l + ['A'], s = s + {'B'}, m['C'] = 3, a.zip = 4, st = 7 WHERE k = 1 AND c = 2",
  );
  const cells = await everyCell(session, "every_cell", "t");
  const seen = [...cells].map(([at, cell]) => [
    at.replace(ROW, ""),
    cell.value,
    cell.writtenAt,
    cell.expiresAt === undefined ? "stays" : "goes",
  ]);
  expect(seen).toEqual([
    ["", "a row", undefined, "stays"],
    [" a.street", "64", 5n, "stays"],
    [" a.zip", "00000004", 6n, "goes"],
    [" fa", "ffffffff0000000400000004", 5n, "stays"],
    [" l[0]", "61", 5n, "stays"],
    [" l[1]", "41", 6n, "goes"],
    [" m[43]", "00000003", 6n, "goes"],
    [" m[63]", "00000003", 5n, "stays"],
    [" s[42]", "42", 6n, "goes"],
    [" s[62]", "62", 5n, "stays"],
    [" st", "00000007", 6n, "goes"],
  ]);
  const { rows } = await session.query("SELECT to_unix_timestamp(now()) FROM system.local");
  const second = Number(rows[0]?.[0]?.readBigInt64BE()) / 1_000;
  const left = (cells.get(`${ROW} st`)?.expiresAt ?? 0) - second;
  expect(left).toBeGreaterThan(990);
  expect(left).toBeLessThanOrEqual(1_000);
});

test("what differs is told by value, write time and expiry, and a row without cells counts", async () => {
  await session.query("UPDATE t USING TIMESTAMP 5 AND TTL 1000 SET v = 'x' WHERE k = 1 AND c = 2");
  const before = await everyCell(session, "every_cell", "t");
  await session.query("UPDATE t USING TIMESTAMP 5 AND TTL 2000 SET v = 'x' WHERE k = 1 AND c = 2");
  await session.query("INSERT INTO t (k, c) VALUES (3, 4)");
  const after = await everyCell(session, "every_cell", "t");
  expect(differences(before, after)).toEqual([
    expect.stringMatching(`^${ROW} v: 78 at 5 until \\d+ and 78 at 5 until \\d+$`),
    "c=00000004 k=00000003: nothing and a row",
  ]);
  expect(differences(before, after, 1_001)).toHaveLength(1);
  expect(differences(after, after)).toEqual([]);
});

test("a counter is a value without times", async () => {
  await session.query("TRUNCATE counters");
  await session.query("UPDATE counters SET n = n + 5 WHERE k = 1");
  const cells = await everyCell(session, "every_cell", "counters");
  expect(cells.get("k=00000001 n")).toEqual({ value: "0000000000000005" });
});
