import { readFileSync } from "node:fs";
import { type EvaluatedFunction, inspect, readSchema, tablesIn } from "@helix/safety";
import { types } from "cassandra-driver";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type CorpusLine, readCorpus } from "../corpus/corpus-line.ts";
import { CorpusCluster, KEYSPACE } from "./corpus-cluster.ts";
import { driverValues } from "./driver-values.ts";
import { type Guarded, guard } from "./guarded-statement.ts";
import { whatDiffers } from "./replays.ts";

/** Another corpus for the same tables, by `HELIX_CORPUS` and `HELIX_CORPUS_SCHEMA`. */
const CORPUS = process.env.HELIX_CORPUS ?? new URL("../../corpus/statements.jsonl", import.meta.url);
const SCHEMA = process.env.HELIX_CORPUS_SCHEMA ?? new URL("../../corpus/schema.cql", import.meta.url);
const ROWS = new URL("../../corpus/rows.cql", import.meta.url);
const TIMEOUT_MS = 600_000;

const pair = inject("cassandra");
const lines = readCorpus(readFileSync(CORPUS, "utf8"));
const facts = { schema: readSchema(readFileSync(SCHEMA, "utf8")), keyspace: KEYSPACE };
let clusters: Readonly<Record<"A" | "B", CorpusCluster>>;

beforeAll(async () => {
  const [schema, rows] = [paragraphs(SCHEMA), paragraphs(ROWS)];
  const [A, B] = await Promise.all(
    [pair.A, pair.B].map((address) => CorpusCluster.open(address, schema, rows)),
  );
  if (A === undefined || B === undefined) throw new Error("There are two clusters");
  clusters = { A, B };
});

afterAll(() => Promise.all([clusters?.A.close(), clusters?.B.close()]));

const guarded = lines.map((line) => ({
  line,
  guarded: guard(line.cql, driverValues(line), facts, valueNow),
}));

test(
  "what may be replayed is equal on both clusters, once, again, late and before an older write",
  async () => {
    const wrong: string[] = [];
    for (const { line, guarded: statement } of guarded) {
      if (["refuse", "read"].includes(statement.decision.verdict)) continue;
      for (const found of await differing(line, statement)) wrong.push(`${line.id} ${line.cql}: ${found}`);
    }
    expect(wrong).toEqual([]);
  },
  TIMEOUT_MS,
);

test(
  "lists, counters and literals that servers evaluate differ if they are sent as they are",
  async () => {
    const differ: string[] = [];
    for (const { line, guarded: statement } of guarded) {
      if (statement.decision.verdict !== "refuse" || !isWrite(line)) continue;
      const found = await differing(line, statement);
      if (found.length > 0) differ.push(line.construct ?? "");
    }
    expect(differ).toEqual(
      expect.arrayContaining([
        "list overwrite",
        "list append",
        "list prepend",
        "counter",
        "evaluated literal",
      ]),
    );
  },
  TIMEOUT_MS,
);

/** Of what a server refuses anyhow, nothing. */
async function differing(line: CorpusLine, statement: Guarded): Promise<string[]> {
  const tables = [...new Set([qualified(line.table ?? ""), ...tablesIn(inspect(line.cql), KEYSPACE)])];
  try {
    return await whatDiffers(clusters, tables, statement);
  } catch (error) {
    const original = { query: line.cql, params: driverValues(line) };
    const isTaken = await clusters.A.send(original, 1).then(
      () => true,
      () => false,
    );
    return isTaken ? [`only as it was written, not when it is sent again: ${error}`] : [];
  }
}

function isWrite(line: CorpusLine): boolean {
  const { statement } = inspect(line.cql);
  return statement !== undefined && !(line.table ?? "").startsWith("system");
}

function valueNow(name: EvaluatedFunction): unknown {
  switch (name) {
    case "uuid":
      return types.Uuid.random();
    case "current_timestamp":
      return new Date();
    case "current_date":
      return types.LocalDate.fromDate(new Date());
    case "current_time":
      return types.LocalTime.fromMilliseconds(Date.now() % 86_400_000);
    default:
      return types.TimeUuid.now();
  }
}

const qualified = (table: string) => (table.includes(".") ? table : `${KEYSPACE}.${table}`);

function paragraphs(file: string | URL): string[] {
  const isComment = (text: string) => text.trim() === "" || text.startsWith("--");
  return readFileSync(file, "utf8")
    .split("\n\n")
    .filter((paragraph) => !paragraph.split("\n").every(isComment));
}
