import { expect, it } from "vitest";
import { inspect } from "./inspect.ts";
import { tablesIn } from "./tables-in.ts";

it("names each table once, sorted, in its keyspace or that of the session", () => {
  const batch = inspect(
    'BEGIN BATCH INSERT INTO T (k) VALUES (1); DELETE FROM a.b WHERE k = 1; DELETE FROM "T" WHERE k = 1; ' +
      "UPDATE t SET v = 1 WHERE k = 1 APPLY BATCH",
  );
  expect(tablesIn(batch, "ks")).toEqual(["a.b", "ks.T", "ks.t"]);
  expect(tablesIn(batch)).toEqual(["T", "a.b", "t"]);
});

it("names the table of a SELECT and of a TRUNCATE, and none where there is none", () => {
  expect(tablesIn(inspect("SELECT a, count(*) FROM ks.t WHERE k = 1"))).toEqual(["ks.t"]);
  expect(tablesIn(inspect("TRUNCATE TABLE t"), "ks")).toEqual(["ks.t"]);
  expect(tablesIn(inspect("LIST ROLES"))).toEqual([]);
  expect(tablesIn(inspect("garbage"), "ks")).toEqual([]);
});
