import { readFileSync } from "node:fs";
import { readSchema } from "@helix/safety";
import { expect, it } from "vitest";
import { readCorpus } from "./corpus-line.ts";
import { judgeLine } from "./judge-line.ts";

const read = (file: string) => readFileSync(new URL(`../../corpus/${file}`, import.meta.url), "utf8");
const schema = readSchema(read("schema.cql"));
const lines = readCorpus(read("statements.jsonl"));

it.each(lines.map((line) => [line.id, line.verdict, line.construct, line] as const))(
  "%s is %s: %s",
  (_, __, ___, line) => {
    expect(judgeLine(line, schema, "safety")).toMatchObject({ outcome: "right" });
  },
);

it("each line has a name of its own", () => {
  expect(new Set(lines.map((line) => line.id)).size).toBe(lines.length);
});

it("without the schema no write is said to be safe, and most depend on it", () => {
  const verdicts = lines.flatMap((line) => {
    const { decision } = judgeLine(line, { keyspace: () => undefined }, "safety");
    return line.verdict === "read" || decision.members.length === 0 ? [] : [decision.verdict];
  });

  expect(new Set(verdicts)).toEqual(new Set(["depends", "refuse"]));
});

it.each([
  [{ verdict: "refuse" }, "too permissive"],
  [{ verdict: "gc" }, "too careful"],
  [{ verdict: "refuse", or: ["replay"] }, "right"],
  [{ verdict: "replay", timestamp: "1" }, "too permissive"],
] as const)("a line that should be %j, and is replay, is %s", (facts, outcome) => {
  const line = { id: "x", cql: "INSERT INTO scalars (k, v) VALUES (1, 'a')", ...facts };

  expect(judgeLine(line, schema, "safety").outcome).toBe(outcome);
});
