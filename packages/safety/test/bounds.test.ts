import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { inspect } from "../src/inspect.ts";
import { writes } from "./arbitrary-writes.ts";

// A reader that is not linear would need minutes.
vi.setConfig({ testTimeout: 20_000 });

const MEGABYTE = 1_000_000;

it.each([
  ["parentheses", "(", ")"],
  ["lists", "[", "]"],
  ["hints", "(int)", ""],
  ["casts", "CAST(", " AS text)"],
  ["calls", "abs(", ")"],
  ["types", "(list<", ">"],
])("refuses what nests too deep in %s, and never runs out of stack", (_, open, close) => {
  const nested = (depth: number) =>
    inspect(`INSERT INTO t (k) VALUES (${open.repeat(depth)}1${close.repeat(depth)})`);
  expect(nested(100_000)).toMatchObject({ verdict: "refuse" });
  if (open !== "(list<") expect(nested(100).verdict).toBe("depends");
});

it("refuses a sum of very many parts, which is as deep as a tree", () => {
  expect(inspect(`INSERT INTO t (k) VALUES (1${" + 1".repeat(100_000)})`)).toMatchObject({
    verdict: "refuse",
    reason: { why: expect.stringContaining("nests deeper") },
  });
});

it("takes 65,536 markers, each in its place", () => {
  const { verdict, markers } = inspect(`UPDATE t SET v = 1 WHERE k IN (${Array(65_536).fill("?")})`);
  expect(verdict).toBe("depends");
  expect(markers.length).toBe(65_536);
  expect(markers.at(-1)?.index).toBe(65_535);
});

it.each([
  ["one text", "INSERT INTO t (k) VALUES ('", "x", "')"],
  ["doubled quotes", "INSERT INTO t (k) VALUES ('", "''", "')"],
  ["one name", "INSERT INTO t (", "k", ") VALUES (1)"],
  ["comments", "INSERT INTO t (k) VALUES (1)", "--x\n", ""],
  ["blanks", "INSERT INTO t (k) VALUES (1)", " \t\r\n", ""],
  ["semicolons", "INSERT INTO t (k) VALUES (1)", ";", ""],
  ["items", "INSERT INTO t (k) VALUES ([1", ", 1", "])"],
  ["relations", "DELETE FROM t WHERE k = 1", " AND k = 1", ""],
  ["members", "BEGIN BATCH ", "DELETE FROM t WHERE k = 1;", "APPLY BATCH"],
])("reads a megabyte of %s", (_, before, repeated, after) => {
  const count = Math.floor(MEGABYTE / repeated.length);
  expect(inspect(before + repeated.repeat(count) + after)).toMatchObject({ verdict: "depends" });
});

it.each([
  ["quotes that do not end", "INSERT INTO t (k) VALUES ('", "'' ", ""],
  ["dollars", "INSERT INTO t (k) VALUES (", "$", ")"],
  ["a comment that does not end", "INSERT INTO t (k) VALUES (1) /*", " *", ""],
  ["minus signs", "INSERT INTO t (k) VALUES (", "- ", ")"],
  ["dots", "INSERT INTO ", "a.", " (k) VALUES (1)"],
  ["digits", "INSERT INTO t (k) VALUES (", "1", "zz)"],
  ["durations that break off", "INSERT INTO t (k) VALUES (", "1h", "1)"],
])("refuses a megabyte of %s", (_, before, repeated, after) => {
  const count = Math.floor(MEGABYTE / repeated.length);
  expect(inspect(before + repeated.repeat(count) + after)).toMatchObject({ verdict: "refuse" });
});

it("refuses or reads any text, and never throws", () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      ..."'\"$?:;,.()[]{}<>=+-*/%! \n\r\t\0\ud800µ",
      "$$",
      "--",
      "/*",
      "*/",
      "1IF",
      "P1",
      "e",
      "\ufeff",
    ),
    fc.constantFrom(
      "INSERT INTO",
      "UPDATE",
      "SET",
      "WHERE",
      "IF",
      "USING TTL",
      "BEGIN BATCH",
      "now()",
      "CAST(",
      "AS",
      "IN",
    ),
    fc.string({ unit: "binary", maxLength: 4 }),
  );
  const mutated = fc
    .tuple(writes, fc.nat(), fc.nat(), pieces)
    .map(([tokens, at, gone, piece]) => tokens.toSpliced(at % tokens.length, gone % 3, piece).join(" "));
  const random = fc.array(pieces).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(mutated, random), (cql) => {
      const { verdict, reason, on, statement } = inspect(cql);
      expect(reason !== undefined).toBe(verdict === "refuse");
      expect(on.length > 0).toBe(verdict === "depends");
      if (verdict === "depends") expect(statement).toBeDefined();
      if (reason !== undefined) expect(reason.at >= 0 && reason.at <= cql.length).toBe(true);
    }),
    { numRuns: 1500 },
  );
});
