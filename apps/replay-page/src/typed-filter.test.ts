import { expect, test } from "vitest";
import { CONDITION_WORDS, type Condition, typedFilter, typedText } from "./typed-filter.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 14);

test("times are typed as for the command line", () => {
  const typed: [Condition, string][] = [
    ["cluster", "B"],
    ["table", ""],
    ["diedSinceMs", "2h"],
    ["diedUntilMs", "13:00Z"],
    ["olderThanMs", "15m"],
    ["redrivenBefore", "false"],
  ];
  expect(typedFilter(typed, NOW_MS)).toEqual({
    filter: {
      cluster: "B",
      diedSinceMs: NOW_MS - 7_200_000,
      diedUntilMs: NOW_MS - 3_600_000,
      olderThanMs: 900_000,
      redrivenBefore: false,
    },
  });
});

test.each<[Condition, string, string]>([
  ["diedSinceMs", "yesterday", "“Died since” takes something like 2h, 14:00Z"],
  ["youngerThanMs", "7", "“Dead for at most” takes something like 15m"],
  ["cluster", "C", "Expected `cluster`"],
])("of %s, %j makes no sense, which is said", (condition, text, words) => {
  expect(typedFilter([[condition, text]], NOW_MS)).toEqual({
    filter: {},
    mistake: expect.stringContaining(words),
  });
});

test.each<[Condition, string | number | boolean]>([
  ["diedSinceMs", NOW_MS + 123],
  ["diedUntilMs", 0],
  ["olderThanMs", 1],
  ["youngerThanMs", 999_999_999],
  ["table", "shop.users"],
  ["redrivenBefore", true],
])("`%s` of %j stands in its field so that it is the same when it is sent again", (condition, value) => {
  expect(typedFilter([[condition, typedText(condition, value)]], NOW_MS)).toEqual({
    filter: { [condition]: value },
  });
});

test("nothing that a field does not have is typed in it", () => {
  for (const condition of Object.keys(CONDITION_WORDS))
    expect(typedText(condition as Condition, undefined)).toBe("");
});
