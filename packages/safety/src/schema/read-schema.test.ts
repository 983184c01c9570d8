import { expect, it } from "vitest";
import { readSchema } from "./read-schema.ts";

const int = { kind: "native", name: "int" };
const text = { kind: "native", name: "text" };

function tableOf(cql: string, name = "t") {
  return readSchema(`USE ks; ${cql}`).keyspace("ks")?.tables.get(name);
}

function kindsOf(cql: string) {
  return Object.fromEntries(
    [...(tableOf(cql)?.columns.values() ?? [])].map(({ name, kind }) => [name, kind]),
  );
}

it.each([
  ["CREATE TABLE t (k int PRIMARY KEY, v text)", { k: "partition", v: "regular" }],
  [
    "CREATE TABLE t (k int, c int, s text STATIC, PRIMARY KEY (k, c))",
    { k: "partition", c: "clustering", s: "static" },
  ],
  [
    'CREATE TABLE IF NOT EXISTS "ks".t (a int, b int, c int, d int, PRIMARY KEY ((a, b), c, d))',
    { a: "partition", b: "partition", c: "clustering", d: "clustering" },
  ],
  [
    'CREATE TABLE t ("PRIMARY" int PRIMARY KEY, key int, list text)',
    { PRIMARY: "partition", key: "regular", list: "regular" },
  ],
  [
    "CREATE TABLE t (k int MASKED WITH mask_inner(1, 2) PRIMARY KEY, v text MASKED WITH DEFAULT, w int)",
    { k: "partition", v: "regular", w: "regular" },
  ],
])("%s: what belongs to the key is known", (cql, kinds) => {
  expect(kindsOf(cql)).toEqual(kinds);
});

it("the options that matter are found among the others", () => {
  const table = tableOf(`CREATE TABLE t (k int, c int, PRIMARY KEY (k, c))
    WITH CLUSTERING ORDER BY (c DESC) AND ID = 5a1c395e-b41f-11e5-9f22-ba0be0483c18 AND compression = {'class': 'x', 'y': 1}
    AND default_time_to_live=3600 AND comment = 'and gc_grace_seconds = 5' AND GC_GRACE_SECONDS = 0 AND transactional_mode = 'full';`);

  expect(table).toMatchObject({
    id: "5a1c395e-b41f-11e5-9f22-ba0be0483c18",
    defaultTtlSeconds: 3600,
    gcGraceSeconds: 0,
    transactionalMode: "full",
    isCounter: false,
    isView: false,
  });
});

it("without options a table has no TTL, ten days of grace, and no transactions", () => {
  expect(tableOf("CREATE TABLE t (k int PRIMARY KEY)")).toMatchObject({
    defaultTtlSeconds: 0,
    gcGraceSeconds: 864_000,
    transactionalMode: undefined,
  });
});

it("a table with a column of counters is one of counters", () => {
  expect(tableOf("CREATE TABLE t (k int PRIMARY KEY, c counter)")?.isCounter).toBe(true);
});

it("types, views, functions and aggregates are known by the keyspace that they name, and indexes are passed over", () => {
  const { keyspaces, current } = readSchema(`
    CREATE KEYSPACE IF NOT EXISTS a WITH replication = {'class': 'SimpleStrategy'} AND durable_writes = true;
    CREATE TYPE a."Address" (street text, zip int);
    CREATE MATERIALIZED VIEW a.v AS SELECT * FROM a.t WHERE k IS NOT NULL PRIMARY KEY (k);
    CREATE CUSTOM INDEX i ON a.t (v) USING 'sai'; CREATE INDEX ON a.t (keys(m));
    CREATE OR REPLACE FUNCTION a.now (x int) CALLED ON NULL INPUT RETURNS int LANGUAGE java AS $$ return x; $$;
    CREATE AGGREGATE b.sum_of (int) SFUNC f STYPE int;`);

  expect(current).toBeUndefined();
  expect([...keyspaces.keys()]).toEqual(["a", "b"]);
  expect(keyspaces.get("a")?.types.get("Address")?.fields).toEqual(
    new Map<string, object>([
      ["street", text],
      ["zip", int],
    ]),
  );
  expect(keyspaces.get("a")?.tables.get("v")?.isView).toBe(true);
  expect(keyspaces.get("a")?.functions).toEqual(new Set(["now"]));
  expect(keyspaces.get("b")?.functions).toEqual(new Set(["sum_of"]));
});

it("comments, empty statements and a last statement without a semicolon are read", () => {
  expect(readSchema("-- a comment\n;; /* b */ USE ks // the end").current).toBe("ks");
  expect(readSchema("").keyspaces.size).toBe(0);
});

it.each([
  ["USE a;\n\nDROP TABLE t;", "Line 3: Expected CREATE or USE."],
  [
    "CREATE ROLE bob;",
    "Line 1: Expected KEYSPACE, TABLE, TYPE, MATERIALIZED VIEW, INDEX, FUNCTION or AGGREGATE.",
  ],
  ["CREATE TABLE t (k int PRIMARY KEY);", "Line 1: No keyspace is named for t, and no USE stands before."],
  ["USE a;\nCREATE TABLE t (k int, PRIMARY KEY (x));", "Line 2: Expected a column x, which the key names."],
  ["USE a;\nCREATE TABLE t (k array<int> PRIMARY KEY);", /^Line 2: /],
  ["USE a;\nCREATE TABLE t (k int PRIMARY KEY", /^Line 3: |^Line 2: /],
  ["USE a; USE 'b'", /^Line 1: /],
  ["USE a\nUSE b", "Line 2: Expected `;`."],
  ["USE 'b", /^Line 1: /],
])("%s: the error names the line", (cql, message) => {
  expect(() => readSchema(cql)).toThrow(message);
});
