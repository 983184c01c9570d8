import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCorpus } from "./run-corpus.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "corpus-"));
  await writeFile(
    join(folder, "schema.cql"),
    "USE ks; CREATE TABLE t (k int PRIMARY KEY, v text, l list<text>);",
  );
});

afterAll(() => rm(folder, { recursive: true }));

async function corpus(lines: string, ...args: readonly string[]) {
  const file = join(folder, "statements.jsonl");
  await writeFile(file, lines);
  return run(args.length > 0 ? args : [file, "--schema", join(folder, "schema.cql")]);
}

function run(args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = runCorpus(args, { say: (text) => out.push(text), complain: (text) => err.push(text) });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

function line(verdict: string, facts: object = {}, cql = "INSERT INTO t (k, v) VALUES (1, 'a')") {
  return `${JSON.stringify({ id: `${verdict}-line`, cql, verdict, construct: "insert", ...facts })}\n`;
}

it("what is right is only counted", async () => {
  const { code, out } = await corpus(line("replay") + line("refuse", { or: ["replay"] }));

  expect(out).toBe("2 statements: 2 right, 0 too permissive, 0 too careful");
  expect(code).toBe(0);
});

it("an answer that is too careful is shown, and no failure", async () => {
  const { code, out } = await corpus(line("gc"));

  expect(out).toContain("gc-line  too careful: expected gc, got replay; insert\n    INSERT");
  expect(out).toContain("1 statements: 0 right, 0 too permissive, 1 too careful");
  expect(code).toBe(0);
});

it.each([
  ["refuse", {}, "expected refuse, got replay"],
  ["replay", { timestamp: "5" }, "expected timestamp 5, got timestamp undefined"],
  ["replay", { ttl: 60 }, "expected ttl 60, got ttl undefined"],
  ["replay", { functions: ["now"] }, "expected functions now, got functions "],
])(
  "a line that should be %s with %j is shown as too permissive, and the command fails",
  async (verdict, facts, shown) => {
    const { code, out } = await corpus(line(verdict, facts));

    expect(out).toContain(`${verdict}-line  too permissive: ${shown}`);
    expect(code).toBe(1);
  },
);

it("values are bound as they are encoded, and a refusal says for what", async () => {
  const cql = "UPDATE t SET l = ? WHERE k = ?";
  const { code, out } = await corpus(
    line("gc", { params: [{ $unset: true }, 1] }, cql) +
      line("gc", { params: [[], 1] }, cql) +
      line("gc", { params: { l: null, k: 1 } }, cql) +
      line("gc", { params: [["a"], 1] }, cql),
  );

  expect(out).toContain("got refuse (an overwrite of the list l)");
  expect(out).toContain("4 statements: 3 right, 0 too permissive, 1 too careful");
  expect(code).toBe(0);
});

it.each([
  ["no JSON", "no JSON", "Line 1: it is no JSON."],
  ["no object, after an empty line", `${line("read")}\n[]`, "Line 3: it is no object."],
  ["no statement", JSON.stringify({ id: "a", verdict: "read" }), "Line 1: `cql` should be a string."],
  [
    "an unknown verdict",
    line("perhaps"),
    "`verdict` should be one of gc, replay, ttl, evaluate, refuse, read.",
  ],
  ["a number as values", line("gc", { params: 5 }), "Line 1: `params` should be a list or an object."],
  ["one verdict for a list", line("gc", { or: "gc" }), "Line 1: `or` should be a list of verdicts."],
  ["nothing", "", "There is no statement in it."],
])("%s in the file of statements ends it with 2, and it says where", async (_, lines, problem) => {
  const { code, out, err } = await corpus(lines);

  expect(err).toContain(problem);
  expect(out).toBe("");
  expect(code).toBe(2);
});

it.each([
  [[], "Expected one file of statements."],
  [["a", "b"], "Expected one file of statements."],
  [["a"], "Expected --schema with a file."],
  [["a", "--schemas", "b"], "Unknown option '--schemas'"],
])("arguments %j end it with 2, and it says why", (args, problem) => {
  const { code, err } = run(args);

  expect(err).toContain(problem);
  expect(err).toContain("pnpm corpus FILE --schema FILE");
  expect(code).toBe(2);
});

it("a file that is not there ends it with 2, and is named", () => {
  expect(run(["a", "--schema", "/nowhere.cql"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("Cannot read /nowhere.cql: ENOENT"),
  });
});

it("a keyspace that the schema lacks ends it with 2, and is named", async () => {
  const { code, err } = await corpus(
    line("replay"),
    join(folder, "statements.jsonl"),
    ...["--schema", join(folder, "schema.cql"), "--keyspace", "other"],
  );

  expect(err).toContain("has no keyspace other.");
  expect(code).toBe(2);
});

it("a schema with an unknown statement ends it with 2, and the line is named", async () => {
  const schema = join(folder, "drop.cql");
  await writeFile(schema, "USE ks;\nDROP TABLE t;");
  const { code, err } = await corpus(line("replay"), join(folder, "statements.jsonl"), "--schema", schema);

  expect(err).toContain(`Cannot read ${schema}: Line 2: Expected CREATE or USE.`);
  expect(code).toBe(2);
});
