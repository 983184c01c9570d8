import { expect, it } from "vitest";
import { inspect } from "./inspect.ts";

function refused(cql: string): readonly [construct: string | undefined, at: string | undefined] {
  const { verdict, reason } = inspect(cql);
  expect(verdict).toBe("refuse");
  return [reason?.construct, reason && cql.slice(reason.at)];
}

it("depends on the schema, and on the values where some are bound", () => {
  expect(inspect("INSERT INTO t (k) VALUES (1)")).toMatchObject({ verdict: "depends", on: ["schema"] });
  expect(inspect("INSERT INTO t (k) VALUES (?)")).toMatchObject({
    verdict: "depends",
    on: ["schema", "values"],
  });
});

it("finds the condition behind a number without a blank, and behind a comment that a CR ends", () => {
  expect(refused("UPDATE t SET v = 'a' WHERE k = 1IF EXISTS")).toEqual([
    "a conditional statement (IF)",
    "IF EXISTS",
  ]);
  expect(refused("INSERT INTO t (k) VALUES (1) -- x\rIF NOT EXISTS")[1]).toBe("IF NOT EXISTS");
});

it.each([
  ["UPDATE t SET c = c + 1 WHERE k = 1", "an increment of a counter"],
  ["UPDATE t SET c += 1 WHERE k = 1", "an increment of a counter"],
  ["UPDATE t SET c = c -1 WHERE k = 1", "an increment of a counter"],
  ["BEGIN COUNTER BATCH UPDATE t SET c = c + ? WHERE k = 1 APPLY BATCH", "an increment of a counter"],
  ["UPDATE t SET l = l + ['a'] WHERE k = 1", "an addition to the list l"],
  ["UPDATE t SET l = ['a'] + l WHERE k = 1", "an addition to the list l"],
  ["UPDATE t SET l = ? + l WHERE k = 1", "an addition to the list l"],
  ["UPDATE t SET l -= ['a'] WHERE k = 1", "a removal from the list l"],
  ["INSERT INTO t (k) VALUES (mine(1))", "the function mine"],
  ["INSERT INTO t (k) VALUES (other.now())", "the function now"],
  ['INSERT INTO t (k) VALUES ("NOW"())', "the function NOW"],
  ["INSERT INTO t (k) VALUES (token(1))", "the function token"],
  ["UPDATE system.local SET cluster_name = 'x' WHERE key = 'local'", "a write to a system keyspace"],
  ['DELETE FROM "system_schema".tables WHERE keyspace_name = ?', "a write to a system keyspace"],
  ["BEGIN TRANSACTION SELECT 1 COMMIT TRANSACTION", "a transaction"],
  ["TRUNCATE t", "TRUNCATE"],
  ["use ks;", "USE"],
  ["DROP TABLE t", "a change of the schema"],
  ["GRANT ALL ON t TO me", "a change of roles or rights"],
  ["UPDATE t SET s = {?} WHERE k = 1", "a marker in a set or map"],
  ["INSERT INTO t (k) VALUES (now(1))", "the function now"],
  [
    "BEGIN BATCH USING TIMESTAMP 5 INSERT INTO t (k) VALUES (1) USING TIMESTAMP 6 APPLY BATCH",
    "a statement that no server takes",
  ],
  ["BEGIN BATCH USING TTL 5 INSERT INTO t (k) VALUES (1) APPLY BATCH", "a statement that no server takes"],
  ["INSERT INTO t (k) VALUES (1, 2)", "a statement that no server takes"],
  ["INSERT INTO t (k, K) VALUES (1, 2)", "a statement that no server takes"],
  ["DELETE FROM t WHERE token(k) > 5", "a statement that no server takes"],
  ["UPDATE t SET v = 1 WHERE k CONTAINS 1", "a statement that no server takes"],
  ["UPDATE t SET v = v + 'x' WHERE k = 1", "a statement that no server takes"],
  ["INSERT INTO t (k) VALUES (1) garbage", "a statement that was not understood"],
  ["", "an empty text"],
])("%s is refused as %s", (cql, construct) => {
  expect(refused(cql)[0]).toBe(construct);
});

it("knows reads by their first word, and the table of a SELECT", () => {
  expect(inspect("SELECT JSON k FROM ks.t WHERE token(k) > 0")).toMatchObject({
    verdict: "read",
    verb: "select",
    tables: [{ keyspace: { name: "ks" }, table: { name: "t" } }],
  });
  expect(inspect("DESCRIBE TABLES").verdict).toBe("read");
});

it("tells the calls that are evaluated, by their new spelling, in the order of the text", () => {
  const { calls } = inspect(
    'UPDATE t SET a = toDate(now()), b = "system"."uuid"() WHERE c = currentTimeUUID /* */ ()',
  );
  expect(calls.map((call) => call.function)).toEqual(["now", "uuid", "current_timeuuid"]);
});

it("gives the first of several reasons in the text, of all members", () => {
  const cql =
    "BEGIN BATCH DELETE FROM t WHERE k = mine(1) IF EXISTS; UPDATE t SET c += 1 WHERE k = 1 APPLY BATCH";
  expect(refused(cql)[1]?.slice(0, 4)).toBe("mine");
});

it("takes no function of another keyspace, nor a call with arguments, for one that is evaluated", () => {
  const { calls } = inspect(
    "UPDATE t SET a = other.now(), b = now(1), c = system.now(uuid()) WHERE k = mine(now())",
  );
  expect(calls.map(({ call }) => [call.name.name, call.args.length])).toEqual([
    ["uuid", 0],
    ["now", 0],
  ]);
});

it("takes the last of several TTLs, and refuses a marker that does not count", () => {
  const cql = "INSERT INTO t (k) VALUES (1) USING TTL 60 AND TTL ?";
  expect(inspect(cql).statement).toMatchObject({ using: { ttl: { kind: "marker", index: 0 } } });
  expect(refused("INSERT INTO t (k) VALUES (1) USING TTL ? AND TTL 60")[1]).toBe("? AND TTL 60");
});

it("says where USING may stand: behind IF in an INSERT, behind the table in an UPDATE", () => {
  const insert = "INSERT INTO t (k) VALUES (1) IF NOT EXISTS ; -- x\n";
  const update = "UPDATE ks.t SET v = 1 WHERE k = 1";
  expect(inspect(insert).statement).toMatchObject({ usingAt: insert.indexOf(" ;") });
  expect(inspect(update).statement).toMatchObject({ usingAt: update.indexOf(" SET") });
});

it.each([
  ["'it''s'", "it's"],
  ["''''", "'"],
  ["''", ""],
  ["$$it's$$", "it's"],
  ["$$$a$$", "$a"],
  ["$$a''b$$", "a''b"],
])("the text %s is %s", (written, value) => {
  const { statement } = inspect(`INSERT INTO t (k) VALUES (${written})`);
  expect(statement).toMatchObject({ values: [{ kind: "text", value }] });
});

it("repeats nothing of a text in its reasons that may be a value", () => {
  for (const value of ["Smith", '"Smith"', "'Smith'", "$$Smith$$"]) {
    expect(JSON.stringify(inspect(`INSERT INTO t (k) VALUES (1 ${value})`).reason)).not.toContain("Smith");
  }
});

it("keeps the tables that it met before it stopped to understand", () => {
  expect(inspect("UPDATE ks.t SET v = WHERE k = 1")).toMatchObject({
    verb: "update",
    verdict: "refuse",
    tables: [{ keyspace: { name: "ks" }, table: { name: "t" } }],
  });
});

it("takes a batch without members for what it is: it writes nothing", () => {
  expect(inspect("BEGIN BATCH APPLY BATCH")).toMatchObject({ verb: "batch", verdict: "gc", tables: [] });
});

it("names the verb by the first word, and none where there is no word", () => {
  const verbs = ["-- x\n Insert", "begin batch", "BEGIN TRANSACTION", "Upsert x", "'x'", "\ud800", ""];
  expect(verbs.map((cql) => inspect(cql).verb)).toEqual(["insert", "batch", "begin", "upsert", "", "", ""]);
});
