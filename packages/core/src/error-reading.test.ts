import { expect, test } from "vitest";
import { type ErrorReading, outcomeOf, readingOf } from "./error-reading.ts";
import { helixError } from "./errors.ts";

// Rows: scope; columns: applied and retry.
const table = `
           no:never   no:later     no:elsewhere  maybe:later  maybe:never
cluster    rejected   unavailable  unavailable   uncertain    rejected
session    rejected   unavailable  unavailable   uncertain    rejected
replicas   rejected   unavailable  unavailable   uncertain    rejected
caller     rejected   unavailable  unavailable   uncertain    rejected
statement  rejected   uncertain    uncertain     uncertain    rejected
value      rejected   uncertain    uncertain     uncertain    rejected
`;
const [header = "", ...rows] = table.trim().split("\n");
const columns = header.trim().split(/\s+/);
const cases = rows.flatMap((row) => {
  const [scope = "", ...cells] = row.split(/\s+/);
  return cells.map((outcome, n) => [scope, columns[n] ?? "", outcome] as const);
});

test.each(cases)("a failure of scope %s, applied and to be tried again %s, is %s", (scope, how, outcome) => {
  const [applied, retry] = how.split(":");
  expect(outcomeOf({ applied, retry, scope } as ErrorReading)).toBe(outcome);
});

test("an error means what its `outcome` says, and is uncertain where it says nothing", () => {
  const outcomes = (errors: unknown[]) => errors.map((error) => outcomeOf(readingOf(error)));
  const rejected = Object.assign(new Error("x"), { outcome: "rejected" });
  expect(outcomes([rejected, { outcome: "unavailable" }])).toEqual(["rejected", "unavailable"]);
  expect(outcomes([new Error("x"), null, "x", { outcome: "applied" }])).toEqual(Array(4).fill("uncertain"));
  expect(readingOf(rejected).text).toBe("Error");
});

test("what cannot even be looked at is uncertain, and quotes nothing", () => {
  const fail = () => {
    throw new Error("canary");
  };
  const hostile = [
    new Proxy({}, { get: fail, has: fail, ownKeys: fail }),
    Object.defineProperty(new Error("x"), "message", { get: fail }),
    Object.defineProperty(new Error("x"), "outcome", { get: fail }),
    { name: Symbol("canary"), code: { toString: fail }, message: 1n },
    Object.create(null),
  ];
  for (const error of hostile) {
    expect(outcomeOf(readingOf(error))).toBe("uncertain");
    expect(readingOf(error).text).not.toContain("canary");
  }
});

test("an execution that took too long is a timeout of its replicas", () => {
  const error = helixError("HELIX_EXECUTE_TIMEOUT", "", { timeoutMs: 1, outcome: "uncertain" });
  expect(readingOf(error)).toMatchObject({ applied: "maybe", scope: "replicas", load: "timeout" });
});

test("what is too old, or has lost its table, is for the dead letters under that reason, and was not sent", () => {
  const errors = [
    helixError("HELIX_REPLAY_TOO_OLD", "", { table: "ks.t", ageMs: 2000, gcGraceSeconds: 1 }),
    helixError("HELIX_TABLE_GONE", "", { table: "ks.t", change: "recreated" }),
  ];
  expect(errors.map((error) => readingOf(error))).toMatchObject([
    { applied: "no", retry: "never", answered: false, reason: "too-old" },
    { applied: "no", retry: "never", answered: false, reason: "table-gone" },
  ]);
});
