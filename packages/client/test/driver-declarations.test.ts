import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type ClientOptions, type QueryOptions, type types, version } from "cassandra-driver";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type BatchOptions, type ClusterOptions, type ExecuteOptions, HelixClient } from "../src/index.ts";
import { BATCH_OPTIONS, EXECUTE_OPTIONS } from "../src/request-options.ts";
import { Result } from "../src/result.ts";

const require = createRequire(import.meta.url);
const driver = require.resolve(`${process.env.HELIX_DRIVER ?? "cassandra-driver"}/package.json`);
const { version: wanted } = require(driver);
const declarations = (path: string) => readFileSync(new URL(path, `file://${driver}`), "utf8");

/** The members that a class or an interface declares, once each. */
function membersOf(source: string, name: string): string[] {
  const [, indent, body] =
    new RegExp(String.raw`^( *)(?:export )?(?:class|interface) ${name}\b[^{]*\{\n(.*?)^\1\}`, "ms").exec(
      source,
    ) ?? [];
  const member = new RegExp(String.raw`^${indent}  (\w+)\??[(:]`, "gm");
  return [...new Set([...(body ?? "").matchAll(member)].map(([, found]) => found as string))];
}

/** What stands in backticks in the table of differences. */
function differences(): Set<string> {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const [, table = ""] = /^## Different from cassandra-driver$(.*?)^## /ms.exec(readme) ?? [];
  const rows = table.split("\n").filter((line) => line.startsWith("|"));
  return new Set(rows.flatMap((row) => [...row.matchAll(/`(\w+)[^`]*`/g)].map(([, word]) => word as string)));
}

const client = new HelixClient({ clusters: { A: { contactPoints: ["a"], localDataCenter: "dc1" } } });
const result = new Result({} as types.ResultSet, { cluster: "A" });
/** Of each: what it has beyond what is here, and whether a member is here. */
const CASES: [string, string, readonly string[], (name: string) => boolean][] = [
  ["Client", "./index.d.ts", ["metrics", "executeGraph", "shutdown"], (name) => name in client],
  ["QueryOptions", "./index.d.ts", ["host"], (name) => name in EXECUTE_OPTIONS || name in BATCH_OPTIONS],
  ["ResultSet", "./lib/types/index.d.ts", [], (name) => name in result],
];

test("the tests run with the driver that the run asks for", () => {
  expect(version).toBe(wanted);
});

describe("what the driver declares is here, or in the README's table of what is different", () => {
  test.each(CASES)("as members of its %s", (name, path, elsewhere, isHere) => {
    const members = membersOf(declarations(path), name).filter((member) => member !== "constructor");
    expect(members.length).toBeGreaterThan(7);
    expect(members.filter((member) => !isHere(member))).toEqual(elsewhere);
    const said = differences();
    expect(elsewhere.filter((member) => !said.has(member))).toEqual([]);
  });

  test("as types: a cluster takes the options of a client, a request those of a query, and a result is a ResultSet", () => {
    expectTypeOf<ClientOptions>().toExtend<ClusterOptions>();
    expectTypeOf<QueryOptions>().toExtend<ExecuteOptions & BatchOptions>();
    expectTypeOf<Result>().toExtend<types.ResultSet>();
  });
});
