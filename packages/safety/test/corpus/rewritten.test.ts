import { readFileSync } from "node:fs";
import {
  type Decision,
  decide,
  type EvaluatedFunction,
  inspect,
  type Params,
  qualify,
  readSchema,
  replayed,
  type WriteStatement,
  withDefaultTtl,
  withValues,
} from "@helix/safety";
import { describe, expect, test } from "vitest";
import { boundValues } from "./bound-values.ts";
import { type CorpusLine, readCorpus } from "./corpus-line.ts";

const read = (file: string) => readFileSync(new URL(`../../corpus/${file}`, import.meta.url), "utf8");
const schema = readSchema(read("schema.cql"));
const lines = readCorpus(read("statements.jsonl"));

interface Written {
  readonly query: string;
  readonly params: Params;
}

const ofLine = ({ cql, params }: CorpusLine): Written => ({ query: cql, params: boundValues(params) });

function decided({ query, params }: Written, keyspace: string | undefined = "safety"): Decision {
  return decide(inspect(query), { schema, keyspace, values: params });
}

function aged(written: Written, ageMs: number): Written {
  return replayed(inspect(written.query), decided(written), written.params, ageMs);
}

const ttlsOf = ({ members }: Decision) => members.map(({ ttl }) => ttl?.seconds);

function verbsOf(query: string): string[] {
  const { statement } = inspect(query);
  if (statement === undefined) return [];
  const all: readonly WriteStatement[] = statement.verb === "batch" ? statement.members : [statement];
  return all.map(({ verb }) => verb);
}

const living = lines
  .filter(({ verdict }) => verdict === "ttl")
  .map((line) => [line.id, line.cql, ofLine(line)] as const);

describe.each(living)("%s with a TTL: %s", (_id, cql, written) => {
  const before = decided(written);
  const longestMs = Math.max(...ttlsOf(before).map((ttl) => ttl ?? 0)) * 1_000;

  test("at once it is the same write, also with the default said in it", () => {
    const said = withDefaultTtl(inspect(cql), before, written.params);
    for (const same of [aged(written, 0), said, aged(said, 0)]) {
      const after = decided(same);
      expect([after.verdict, after.timestamp, ttlsOf(after)]).toEqual([
        "ttl",
        before.timestamp,
        ttlsOf(before),
      ]);
      expect(after.members.map(({ ttl }) => ttl?.source)).not.toContain("table");
    }
  });

  test("later each of its TTLs is less", () => {
    const after = decided(aged(written, 9_001));
    expect([after.verdict, after.timestamp]).toEqual(["ttl", before.timestamp]);
    expect(ttlsOf(after)).toEqual(ttlsOf(before).map((ttl) => ttl && ttl - 10));
  });

  test("when they are over, its UPDATEs only delete, and its INSERTs live for a second", () => {
    const expired = aged(written, longestMs);
    const { members, timestamp } = decided(expired);
    expect(timestamp).toBe(before.timestamp);
    const expected = before.members.map(({ verdict }, index) => {
      if (verdict !== "ttl") return verdict;
      return verbsOf(cql)[index] === "update" ? "gc" : "ttl";
    });
    expect(members.map(({ verdict }) => verdict)).toEqual(expected);
    expect(
      new Set(ttlsOf({ ...before, members: members.filter(({ verdict }) => verdict === "ttl") })).size,
    ).toBeLessThan(2);
    expect(aged(expired, longestMs)).toEqual(expired);
  });
});

const ID = "50554d6e-29bb-11e5-b345-feff819cdc9f";
const VALUES: Readonly<Record<EvaluatedFunction, unknown>> = {
  now: ID,
  current_timeuuid: ID,
  uuid: ID,
  current_timestamp: new Date(1_700_000_000_000),
  current_date: "2026-01-02",
  current_time: "10:11:12.5",
};

const calling = lines
  .filter(({ verdict }) => verdict === "evaluate")
  .map((line) => [line.id, line.cql, line.then, ofLine(line)] as const);

test.each(calling)("%s with a value for each call: %s is %s", (_id, cql, then, { params }) => {
  const evaluated = withValues(inspect(cql), params, ({ function: name }) => VALUES[name]);
  expect(decided(evaluated).verdict).toBe(then);
});

test("a keyspace in the text says the same as one of the session, for each line", () => {
  let count = 0;
  for (const line of lines) {
    const written = ofLine(line);
    const query = qualify(inspect(line.cql), "safety");
    if (query === undefined) continue;
    count++;
    expect(decided({ ...written, query }, undefined).verdict, line.id).toBe(decided(written).verdict);
  }
  expect(count).toBeGreaterThan(lines.length / 2);
});

test("there are lines of each kind", () => {
  expect(living.length).toBeGreaterThan(10);
  expect(calling.length).toBeGreaterThan(10);
});
