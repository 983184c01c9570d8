import { expect, it } from "vitest";
import { UnservedTables } from "./unserved-tables.ts";

it("a table is served again when one is applied 10 s or more after the first failure, and told once", () => {
  const tables = new UnservedTables();
  tables.failed("t", 1000);
  tables.failed("t", 8000);
  expect(tables.applied("u", 11_000)).toBeUndefined();
  expect(tables.applied("t", 11_000)).toBe(10_000);
  expect(tables.isEmpty).toBe(true);
  expect(tables.applied("t", 12_000)).toBeUndefined();
});

it("a failure between two applications is none of the table's", () => {
  const tables = new UnservedTables();
  tables.failed("t", 1000);
  expect(tables.applied("t", 10_999)).toBeUndefined();
  tables.failed("t", 11_500);
  expect(tables.applied("t", 21_499)).toBeUndefined();
});
