import { isHelixError } from "@helix/core";
import { expect, test } from "vitest";
import { assertNoUse, assertReplayable, inspectStatement, isWrite } from "./statement-check.ts";

test.each([
  "INSERT INTO t (a) VALUES (?)",
  "  insert into t (a) values (?) using ttl 5",
  "/* why */ UPDATE t SET a = 'IF EXISTS' WHERE k = ?",
  "-- IF\nDELETE FROM t WHERE k = $$ IF $$",
  'UPDATE t SET "if" = ? WHERE k = 1',
  "UPDATE t SET a = ? WHERE k = :if",
  'DELETE u."if" FROM t WHERE k = 1',
  "INSERT INTO iffy (ifs) VALUES (?)",
])("a plain write may be replayed: %s", (query) => {
  const kind = inspectStatement(query);
  expect(kind.construct).toBeUndefined();
  expect(isWrite(kind)).toBe(true);
});

test("a SELECT is a read", () => {
  const kind = inspectStatement("select if from t");
  expect(kind).toEqual({ verb: "select", construct: undefined });
  expect(isWrite(kind)).toBe(false);
});

test.each([
  ["INSERT INTO t (a) VALUES (?) IF NOT EXISTS", "IF"],
  ["UPDATE t SET a = 1 WHERE k = 1 if a = 2", "IF"],
  ["DELETE FROM t WHERE k = 1 IF EXISTS", "IF"],
  ["UPDATE t SET a = 1 WHERE k = 1 IF/**/a = 2", "IF"],
  ["BEGIN BATCH INSERT INTO t (a) VALUES (1); APPLY BATCH", "BEGIN BATCH"],
  ["TRUNCATE t", "TRUNCATE"],
  ["CREATE TABLE t (a int PRIMARY KEY)", "CREATE"],
  ["grant select on t to r", "GRANT"],
  ["USE ks", "USE"],
  ["(SELECT 1)", "without a CQL verb"],
  ["'INSERT'", "without a CQL verb"],
])("is refused, and the construct named: %s", (query, construct) => {
  let refusal: unknown;
  try {
    assertReplayable(inspectStatement(query).construct);
  } catch (error) {
    refusal = error;
  }
  if (!isHelixError(refusal, "HELIX_NOT_REPLAYABLE")) throw refusal ?? new Error("Not refused");
  expect(refusal.construct).toContain(construct);
  expect(refusal.message).toContain('{ cluster: "A" }');
});

test("USE is refused even on one cluster, with another way out", () => {
  expect(() => assertNoUse(inspectStatement("use ks"))).toThrow("set `keyspace`");
  expect(() => assertNoUse(inspectStatement("TRUNCATE t"))).not.toThrow();
});

test("more texts than the cache holds are inspected all the same", () => {
  for (let n = 0; n < 2500; n++) {
    expect(inspectStatement(`INSERT INTO t (a) VALUES (${n})`).verb).toBe("insert");
    expect(inspectStatement(`TRUNCATE t${n}`).construct).toBe("TRUNCATE");
  }
});
