import { DEAD_LETTER_FILTER, type DeadLetterFilter } from "@helix/core";
import { describe, expect, test } from "vitest";
import { filterText, hashOf, placeIn } from "./address.ts";

const ALL: Required<DeadLetterFilter> = {
  ids: ["a.0", "b-c_d.1"],
  cluster: "B",
  priority: "low",
  reason: "too-old",
  table: "shop.a&b#c",
  errorCode: "0x2200",
  errorText: "no such column; 100 % sure?",
  diedSinceMs: 1_000,
  diedUntilMs: 2_000,
  olderThanMs: 60_000,
  youngerThanMs: 120_000,
  redrivenBefore: false,
};

describe("a filter in the address", () => {
  test("is the same when it is read again, with every condition that there is", () => {
    expect(Object.keys(ALL).toSorted()).toEqual(Object.keys(DEAD_LETTER_FILTER).toSorted());
    expect(placeIn(hashOf("trash", ALL))).toEqual({ box: "trash", isNamed: true, filter: ALL });
  });

  test.each(Object.entries(ALL))("has `%s` alone as well", (condition, value) => {
    const filter = { [condition]: value };
    expect(placeIn(hashOf("dead", filter)).filter).toEqual(filter);
  });

  test.each<[string, string]>([
    ["#dead?tables=shop.users", "Unknown condition `tables`"],
    ["#dead?__proto__=1", "Unknown condition `__proto__`"],
    ["#dead?cluster=C", 'Expected `cluster` to be "A" or "B"'],
    ["#dead?cluster=A&cluster=B", "Expected `cluster` once"],
    ["#dead?diedSinceMs=yesterday", "Expected `diedSinceMs` to be an integer"],
    ["#dead?diedSinceMs=5&diedUntilMs=5", "later than `diedSinceMs`"],
    ["#dead?redrivenBefore=maybe", "Expected `redrivenBefore` to be a boolean"],
    ["#dead?ids=", "Expected `ids`"],
    ["#dead?table=", "Expected `table`"],
  ])("that is %s makes no sense, which is said, and is left away", (hash, words) => {
    const { filter, mistake } = placeIn(hash);
    expect(filter).toEqual({});
    expect(mistake).toContain(words);
  });

  test.each(["", "#", "#elsewhere", "#lanes?cluster=B"])("is none in %j", (hash) => {
    expect(placeIn(hash)).toEqual({ box: "dead", isNamed: false, filter: {} });
  });

  test("is told in words", () => {
    expect(filterText({ cluster: "B", ids: ["a.0", "b.0"], table: undefined })).toBe("2 ids, cluster B");
    expect(filterText(ALL).split(", ")).toHaveLength(Object.keys(ALL).length);
    expect(filterText({ diedUntilMs: 0, redrivenBefore: false })).toBe(
      "dead before 1970-01-01 00:00:00 UTC, died for the first time",
    );
  });
});
