import { expect, test } from "vitest";
import { weigh } from "./weight.ts";

const weightOf = (...params: unknown[]) => weigh({ kind: "statement", query: "", params });

test.each<[string, unknown, number]>([
  ["a list of lists", Array.from({ length: 10 }, () => Array(100).fill(1)), 1000],
  ["a set", new Set(Array.from({ length: 1000 }, (_, n) => n)), 1000],
  ["a map", new Map(Array.from({ length: 500 }, (_, n) => [n, n])), 1000],
  ["an object", Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n])), 1000],
])("each element of %s counts", (_, value, elements) => {
  expect(weightOf(value).values).toBeGreaterThanOrEqual(elements);
  expect(weightOf(value).bytes).toBe(16 * elements);
});

test("blobs and texts count by their bytes, wherever they are, and so do the queries of a batch", () => {
  const params = { a: Buffer.alloc(1000), b: ["x".repeat(500)], c: new Float32Array(25) };
  const statements = [
    { query: "q".repeat(10), params },
    { query: "q".repeat(20), params: [] },
  ];
  expect(weigh({ kind: "batch", batchType: "logged", statements }).bytes).toBe(1000 + 500 + 100 + 30);
});

test("what is no value of its own weighs little, and nothing is no fault", () => {
  expect(weightOf(null, undefined, 1n, new Date(0), true)).toEqual({ values: 6, bytes: 16 * 4 });
});
