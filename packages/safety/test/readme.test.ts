import { readFileSync } from "node:fs";
import { decide, inspect, readSchema } from "@helix/safety";
import { expect, it } from "vitest";

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
const schema = readSchema(read("corpus/schema.cql"));

const rows = read("README.md")
  .split("\n")
  .flatMap((line) => {
    const [, cql, values = "[]", verdict] = /^\| `(.+?)`(?: with `(.+)`)? \| `(\w+)` \|/.exec(line) ?? [];
    return cql === undefined || verdict === undefined ? [] : [[cql, values, verdict] as const];
  });

it("the page of verdicts has rows", () => {
  expect(rows.length).toBeGreaterThan(25);
});

it.each(rows)("%s with %s is what the README says: %s", (cql, values, verdict) => {
  expect(decide(inspect(cql), { schema, keyspace: "safety", values: JSON.parse(values) }).verdict).toBe(
    verdict,
  );
});

it("the first example of the README is right", () => {
  const shop = readSchema(
    "USE shop; CREATE TABLE carts (id int PRIMARY KEY, items list<text>, seen timestamp);",
  );
  const inspection = inspect("UPDATE carts SET items = ? WHERE id = ?");
  const verdict = (values: readonly unknown[]) =>
    decide(inspection, { schema: shop, keyspace: "shop", values }).verdict;

  expect(verdict([["tea"], 1])).toBe("refuse");
  expect(verdict([null, 1])).toBe("gc");
});
