import { expect, test } from "vitest";
import { inspect } from "../inspect.ts";
import { qualify } from "./qualify.ts";

test.each([
  ["INSERT INTO t (id) VALUES (?)", 'INSERT INTO "Shop".t (id) VALUES (?)'],
  ['update "T" SET a = 1 WHERE id = 2', 'update "Shop"."T" SET a = 1 WHERE id = 2'],
  [
    "DELETE m['from'] /* FROM x */ FROM t -- t\n WHERE id = 1",
    "DELETE m['from'] /* FROM x */ FROM \"Shop\".t -- t\n WHERE id = 1",
  ],
  ["SELECT v FROM t WHERE id = 1", 'SELECT v FROM "Shop".t WHERE id = 1'],
  ["INSERT INTO own.t (id) VALUES ('t')", "INSERT INTO own.t (id) VALUES ('t')"],
  ["DELETE FROM own . t WHERE id = 1", "DELETE FROM own . t WHERE id = 1"],
  [
    "BEGIN BATCH INSERT INTO t (id) VALUES (1) UPDATE own.t SET v = 1 WHERE id = 1; DELETE FROM u WHERE id = 1 APPLY BATCH",
    'BEGIN BATCH INSERT INTO "Shop".t (id) VALUES (1) UPDATE own.t SET v = 1 WHERE id = 1; DELETE FROM "Shop".u WHERE id = 1 APPLY BATCH',
  ],
])("gives %s the keyspace where it names none", (query, expected) => {
  expect(qualify(inspect(query), "Shop")).toBe(expected);
});

test("what would end the name is doubled", () => {
  expect(qualify(inspect("DELETE FROM t WHERE id = 1"), 'a"; DROP')).toBe(
    'DELETE FROM "a""; DROP".t WHERE id = 1',
  );
});

test.each([
  "",
  "INSERT INTO",
  "TRUNCATE t",
  "BEGIN BATCH DELETE FROM t WHERE id = 1; DELETE FROM u WHERE what is this APPLY BATCH",
])("nothing is said of %j", (query) => {
  expect(qualify(inspect(query), "ks")).toBeUndefined();
});
