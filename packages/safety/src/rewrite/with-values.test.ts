import { describe, expect, test } from "vitest";
import { inspect } from "../inspect.ts";
import type { Params } from "./edits.ts";
import { withValues } from "./with-values.ts";

/** The statement with `now #1`, `uuid #2` … for its calls. */
function evaluated(cql: string, params: Params) {
  let count = 0;
  return withValues(inspect(cql), params, ({ function: name }) => `${name} #${++count}`);
}

test.each([
  ["now()", "(timeuuid) ?", "now"],
  ["current_timeuuid()", "(timeuuid) ?", "current_timeuuid"],
  ["currentTimeUUID()", "(timeuuid) ?", "current_timeuuid"],
  ["UUID()", "(uuid) ?", "uuid"],
  ["current_timestamp()", "(timestamp) ?", "current_timestamp"],
  ["currentDate()", "(date) ?", "current_date"],
  ["current_time()", "(time) ?", "current_time"],
  ['"now" /* of them */ ( )', "(timeuuid) ?", "now"],
  ["system.now()", "(timeuuid) ?", "now"],
  ['"system" . "now"()', "(timeuuid) ?", "now"],
])("a marker that says its type stands in the place of %s", (call, marker, name) => {
  expect(evaluated(`INSERT INTO t (k, v) VALUES (?, ${call})`, [1])).toEqual({
    query: `INSERT INTO t (k, v) VALUES (?, ${marker})`,
    params: [1, `${name} #1`],
  });
});

describe("a value is bound in its place among the others", () => {
  test.each([
    [
      "before, between and after them, each call with a value of its own",
      "INSERT INTO t (a, b, c, d, e) VALUES (now(), ?, now(), ?, uuid())",
      ["x", "y"],
      "INSERT INTO t (a, b, c, d, e) VALUES ((timeuuid) ?, ?, (timeuuid) ?, ?, (uuid) ?)",
      ["now #1", "x", "now #2", "y", "uuid #3"],
    ],
    [
      "behind a hint, and nested",
      "UPDATE t SET a = (timeuuid)now(), b = toDate(to_timestamp(now())), c = CAST(now() AS text) WHERE k = ?",
      [1],
      "UPDATE t SET a = (timeuuid)(timeuuid) ?, b = toDate(to_timestamp((timeuuid) ?)), c = CAST((timeuuid) ? AS text) WHERE k = ?",
      ["now #1", "now #2", "now #3", 1],
    ],
    [
      "as a key of a map, and in arithmetic",
      "UPDATE t SET m[current_timestamp()] = ?, d = current_timestamp()- ? WHERE k = 1",
      ["x", "y"],
      "UPDATE t SET m[(timestamp) ?] = ?, d = (timestamp) ?- ? WHERE k = 1",
      ["current_timestamp #1", "x", "current_timestamp #2", "y"],
    ],
    [
      "in WHERE, of a text that binds nothing",
      "DELETE FROM t WHERE id = now()AND c = 1;",
      [],
      "DELETE FROM t WHERE id = (timeuuid) ?AND c = 1;",
      ["now #1"],
    ],
    [
      "in the members of a batch",
      "BEGIN BATCH INSERT INTO t (k, v) VALUES (?, now()); UPDATE t SET v = now() WHERE k = ? APPLY BATCH",
      [1, 2],
      "BEGIN BATCH INSERT INTO t (k, v) VALUES (?, (timeuuid) ?); UPDATE t SET v = (timeuuid) ? WHERE k = ? APPLY BATCH",
      [1, "now #1", "now #2", 2],
    ],
  ])("%s", (_where, cql, params, query, bound) => {
    expect(evaluated(cql, params)).toEqual({ query, params: bound });
  });
});

test("named parameters stay named, by a name that nothing else has", () => {
  const params = { k: 1, helix_1: 2, HELIX_2: "no marker's" };
  expect(evaluated("INSERT INTO t (k, v, a, b) VALUES (:k, :helix_1, now(), uuid())", params)).toEqual({
    query: "INSERT INTO t (k, v, a, b) VALUES (:k, :helix_1, (timeuuid) :helix_3, (uuid) :helix_4)",
    params: { ...params, helix_3: "now #1", helix_4: "uuid #2" },
  });
  expect(params).toEqual({ k: 1, helix_1: 2, HELIX_2: "no marker's" });
});

test("a name does not run into the word that follows it", () => {
  expect(evaluated("UPDATE t SET v = now()WHERE k = :k", { k: 1 }).query).toBe(
    "UPDATE t SET v = (timeuuid) :helix_1 WHERE k = :k",
  );
});

test("a wrong number of values stays wrong", () => {
  const cql = "INSERT INTO t (a, b, c) VALUES (?, now(), ?)";
  expect(evaluated(cql, [1]).params).toEqual([1, "now #1"]);
  expect(evaluated(cql, [1, 2, 3]).params).toEqual([1, "now #1", 2, 3]);
});

test("65,535 calls are replaced in seconds", () => {
  const cql = `INSERT INTO t (a) VALUES ((${"now(),".repeat(65_534)}now()))`;
  const inspection = inspect(cql);
  const startedAtMs = performance.now();
  const named = withValues(inspection, {}, () => 1);
  const positional = withValues(inspection, [], () => 1);
  expect(performance.now() - startedAtMs).toBeLessThan(5_000);
  expect([Object.keys(named.params).length, positional.params.length]).toEqual([65_535, 65_535]);
});

test("a value is written into the text within a list, a set or a map, where the server takes no marker", () => {
  const values = [new Date(1_700_000_000_000), "10:11:12.5", "50554d6e-29bb-11e5-b345-feff819cdc9f"];
  const inspection = inspect(
    "UPDATE t SET s = s + {current_timestamp()}, m = {current_time(): ('x', to_date(now()))}, u = {f: uuid()} WHERE k = ?",
  );
  expect(withValues(inspection, [1], () => values.shift() ?? "a uuid")).toEqual({
    query:
      "UPDATE t SET s = s + {(timestamp) 1700000000000}, m = {(time) '10:11:12.5': ('x', to_date((timeuuid) 50554d6e-29bb-11e5-b345-feff819cdc9f))}, u = {f: (uuid) ?} WHERE k = ?",
    params: ["a uuid", 1],
  });
});
