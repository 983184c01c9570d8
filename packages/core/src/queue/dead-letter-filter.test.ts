import { describe, expect, test } from "vitest";
import { isHelixError } from "../errors.ts";
import { createPayload } from "../payload/payload.ts";
import {
  DEAD_LETTER_FILTER,
  type DeadLetterFilter,
  readDeadLetterFilter,
  readDeadLetterList,
} from "./dead-letter-filter.ts";
import type { DeadLetter } from "./dead-letters.ts";
import { factsOf, matcherOf, matchesFilter } from "./letter-facts.ts";

const PAYLOAD = createPayload({
  id: "a",
  life: 1,
  targetCluster: "A",
  priority: "low",
  operation: { kind: "statement", query: "DELETE FROM ks.t WHERE id = ?", params: [1] },
  tables: ["ks.t", "ks.u"],
  timestampMicros: 1n,
});
const LETTER: DeadLetter = {
  id: "a.1",
  lane: "low.A",
  content: { ok: true, payload: PAYLOAD },
  raw: new Uint8Array(),
  reason: "attempts",
  error: { name: "ResponseError", message: "no column: 'Alice'", code: "0x2200" },
  toldError: { name: "ResponseError", message: "No Such Column", code: "0x2200" },
  attempts: 5,
  deadAtMs: 1000,
  origin: {},
};
const NOW_MS = 3000;

const TRUE: DeadLetterFilter = {
  ids: ["b.0", "a.1"],
  cluster: "A",
  priority: "low",
  reason: "attempts",
  table: "ks.u",
  errorCode: "0x2200",
  errorText: "such col",
  diedSinceMs: 1000,
  diedUntilMs: 1001,
  olderThanMs: 2000,
  youngerThanMs: 2000,
  redrivenBefore: true,
};
const FALSE: DeadLetterFilter = {
  ids: ["a.0"],
  cluster: "B",
  priority: "high",
  reason: "held",
  table: "ks",
  errorCode: "0x22",
  errorText: "Alice",
  diedSinceMs: 1001,
  diedUntilMs: 1000,
  olderThanMs: 2001,
  youngerThanMs: 1999,
  redrivenBefore: false,
};
const NAMES = Object.keys(DEAD_LETTER_FILTER) as (keyof DeadLetterFilter)[];

function refusalOf(read: () => unknown): unknown {
  try {
    read();
  } catch (error) {
    if (isHelixError(error, "HELIX_FILTER_INVALID")) return [error.condition, error.message];
    throw error;
  }
  return "taken";
}

describe("a filter of dead letters", () => {
  test.each(NAMES)("finds by `%s` what it is true of, and nothing else", (name) => {
    expect(matchesFilter(LETTER, { [name]: TRUE[name] }, NOW_MS)).toBe(true);
    expect(matchesFilter(LETTER, { ...TRUE, [name]: FALSE[name] }, NOW_MS)).toBe(false);
  });

  test("finds everything without a condition, and by all of them at once", () => {
    expect(matchesFilter(LETTER, readDeadLetterFilter(), NOW_MS)).toBe(true);
    expect(matchesFilter(LETTER, readDeadLetterFilter({ cluster: undefined }), NOW_MS)).toBe(true);
    expect(matchesFilter(LETTER, readDeadLetterFilter(TRUE), NOW_MS)).toBe(true);
  });

  test("finds no table and no redrive of what cannot be decoded", () => {
    const letter = {
      ...LETTER,
      content: { ok: false, raw: new Uint8Array(), error: new Error() as never },
    } as const;
    expect(matchesFilter(letter, { table: "ks.t" }, NOW_MS)).toBe(false);
    expect(matchesFilter(letter, { redrivenBefore: true }, NOW_MS)).toBe(false);
  });

  test.each(["cluster", "priority", "table", "redrivenBefore"] as const)(
    "leaves `%s` open where that is not known, unless something else decides",
    (name) => {
      const facts = { ...factsOf(LETTER), lane: undefined, life: undefined, isAbout: () => undefined };
      expect(matcherOf({ [name]: TRUE[name], reason: "attempts" }, NOW_MS)(facts)).toBeUndefined();
      expect(matcherOf({ [name]: TRUE[name], reason: "held" }, NOW_MS)(facts)).toBe(false);
    },
  );

  test.each<[unknown, string | undefined, string]>([
    [null, undefined, "Expected a filter of dead letters to be an object"],
    [[], undefined, "Expected a filter of dead letters to be an object"],
    ["cluster=A", undefined, "Expected a filter of dead letters to be an object"],
    [
      { tables: "ks.t" },
      "tables",
      "Unknown condition `tables` of a filter of dead letters; there are `ids`, `cluster`",
    ],
    [{ toString: 1 }, "toString", "Unknown condition `toString`"],
    [{ cluster: "C" }, "cluster", 'Expected `cluster` to be "A" or "B", got "C" (string)'],
    [{ reason: "boredom" }, "reason", "Expected `reason` to be"],
    [{ table: "" }, "table", "Expected `table` to be a string that is not empty"],
    [{ errorCode: 8704 }, "errorCode", "Expected `errorCode` to be a string"],
    [{ errorText: "" }, "errorText", "Expected `errorText` to be a string that is not empty"],
    [{ ids: [] }, "ids", "Expected `ids` to be an array of ids of dead letters, got an array of 0"],
    [{ ids: "a.0" }, "ids", "Expected `ids` to be an array of ids"],
    [{ ids: ["a.0", ""] }, "ids", "Expected `ids` to be an array of ids"],
    [
      { ids: Array.from({ length: 1001 }, (_, n) => `${n}.0`) },
      "ids",
      "Expected `ids` to be at most 1000, got 1001",
    ],
    [{ diedSinceMs: -1 }, "diedSinceMs", "Expected `diedSinceMs` to be an integer of at least 0"],
    [{ diedUntilMs: 1.5 }, "diedUntilMs", "Expected `diedUntilMs` to be an integer of at least 0"],
    [{ olderThanMs: Number.NaN }, "olderThanMs", "Expected `olderThanMs` to be an integer of at least 0"],
    [
      { redrivenBefore: "yes" },
      "redrivenBefore",
      'Expected `redrivenBefore` to be a boolean, got "yes" (string)',
    ],
    [{ diedSinceMs: 5, diedUntilMs: 5 }, "diedUntilMs", "later than `diedSinceMs` (5), got `5`"],
    [{ olderThanMs: 5, youngerThanMs: 4 }, "youngerThanMs", "at least `olderThanMs` (5), got `4`"],
  ])("that is %j is refused with the condition's name", (filter, condition, text) => {
    expect(refusalOf(() => readDeadLetterFilter(filter))).toEqual([condition, expect.stringContaining(text)]);
    expect(refusalOf(() => readDeadLetterList(filter))).toEqual([condition, expect.stringContaining(text)]);
  });
});

test("a list without a limit has a thousand", () => {
  expect(readDeadLetterList({ table: "ks.t" })).toEqual({ filter: { table: "ks.t" }, limit: 1000 });
  expect(readDeadLetterList({ limit: 5000 })).toEqual({ filter: {}, limit: 5000 });
  expect(() => readDeadLetterList({ limit: 0 })).toThrow(RangeError);
});
