import { expect, it } from "vitest";
import { type KeyspaceRows, keyspaceFromRows } from "./keyspace-from-rows.ts";

const nothing: KeyspaceRows = {
  tables: [],
  columns: [],
  views: [],
  types: [],
  functions: [],
  aggregates: [],
};
const text = { kind: "native", name: "text" };

it("a table has what its row and those of its columns say, whatever class the driver has for ids and sets", () => {
  const id = "6f1b1c2e-1111-1222-8333-444455556666";
  const { tables } = keyspaceFromRows("ks", {
    ...nothing,
    tables: [
      {
        table_name: "Wide",
        id: { toString: () => id },
        default_time_to_live: 60,
        gc_grace_seconds: 5,
        flags: new Set(["compound"]),
        transactional_mode: "off",
      },
    ],
    columns: [
      { table_name: "Wide", column_name: "k", kind: "partition_key", type: "int" },
      { table_name: "Wide", column_name: "c", kind: "clustering", type: "int" },
      { table_name: "Wide", column_name: "st", kind: "static", type: "text" },
      { table_name: "Wide", column_name: "V", kind: "regular", type: "frozen<list<text>>" },
      { table_name: "other", column_name: "x", kind: "regular", type: "text" },
    ],
  });

  expect(tables.get("Wide")).toEqual({
    keyspace: "ks",
    name: "Wide",
    isView: false,
    isCounter: false,
    id,
    defaultTtlSeconds: 60,
    gcGraceSeconds: 5,
    transactionalMode: "off",
    columns: new Map([
      ["k", { name: "k", type: { kind: "native", name: "int" }, kind: "partition" }],
      ["c", { name: "c", type: { kind: "native", name: "int" }, kind: "clustering" }],
      ["st", { name: "st", type: text, kind: "static" }],
      ["V", { name: "V", type: { kind: "list", isFrozen: true, of: text }, kind: "regular" }],
    ]),
  });
});

it("a column that was dropped and added again knows when; one that is gone is none", () => {
  const droppedAtMs = Date.UTC(2026, 0, 1);
  const dropped = (column_name: string) => ({
    table_name: "t",
    column_name,
    dropped_time: new Date(droppedAtMs),
  });
  const { tables } = keyspaceFromRows("ks", {
    ...nothing,
    tables: [{ table_name: "t" }],
    columns: [
      { table_name: "t", column_name: "v", kind: "regular", type: "text" },
      { table_name: "t", column_name: "w", kind: "regular", type: "text" },
    ],
    dropped_columns: [dropped("w"), dropped("gone"), { ...dropped("v"), table_name: "other" }],
  });
  const column = { type: text, kind: "regular" };
  expect(tables.get("t")?.columns).toEqual(
    new Map([
      ["v", { name: "v", ...column }],
      ["w", { name: "w", ...column, droppedAtMs }],
    ]),
  );
});

it("a table of counters is known by its flag, and by a column as well", () => {
  const { tables } = keyspaceFromRows("ks", {
    ...nothing,
    tables: [
      { table_name: "by_flag", flags: ["compound", "counter"] },
      { table_name: "by_column", flags: null },
      { table_name: "neither", flags: ["compound"] },
    ],
    columns: [{ table_name: "by_column", column_name: "c", kind: "regular", type: "counter" }],
  });

  expect([...tables.values()].filter((table) => table.isCounter).map((table) => table.name)).toEqual([
    "by_flag",
    "by_column",
  ]);
});

it("what a row does not say is what the server takes: no TTL, ten days of grace, no transactions", () => {
  const { tables } = keyspaceFromRows("ks", { ...nothing, tables: [{ table_name: "t" }] });

  expect(tables.get("t")).toMatchObject({
    defaultTtlSeconds: 0,
    gcGraceSeconds: 864_000,
    transactionalMode: undefined,
    id: undefined,
  });
});

it("views are tables that cannot be written; types and the names of functions and aggregates are there", () => {
  const keyspace = keyspaceFromRows("ks", {
    ...nothing,
    views: [{ view_name: "by_email" }],
    columns: [{ table_name: "by_email", column_name: "email", kind: "partition_key", type: "text" }],
    types: [{ type_name: "address", field_names: ["street", "zip"], field_types: ["text", "'com.Unknown'"] }],
    functions: [{ function_name: "f" }, { function_name: "f" }],
    aggregates: [{ aggregate_name: "a" }],
  });

  expect(keyspace.tables.get("by_email")?.isView).toBe(true);
  expect([...(keyspace.tables.get("by_email")?.columns.keys() ?? [])]).toEqual(["email"]);
  expect(keyspace.types.get("address")?.fields).toEqual(
    new Map([
      ["street", text],
      ["zip", { kind: "custom", name: "com.Unknown" }],
    ]),
  );
  expect(keyspace.functions).toEqual(new Set(["f", "a"]));
});

it("a type that is not understood is one of which nothing is known", () => {
  const { types } = keyspaceFromRows("ks", {
    ...nothing,
    types: [{ type_name: "t", field_names: ["a"], field_types: ["list<"] }],
  });

  expect(types.get("t")?.fields.get("a")).toEqual({ kind: "custom", name: "list<" });
});
