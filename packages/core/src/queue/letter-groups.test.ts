import { expect, test } from "vitest";
import type { WholeFacts } from "./letter-facts.ts";
import { LetterGroups, readCount } from "./letter-groups.ts";

const FACTS: WholeFacts = {
  id: "a.0",
  lane: "high.A",
  reason: "rejected",
  deadAtMs: 5,
  toldError: { name: "Error", message: "", code: "1" },
  life: 0,
  tables: ["ks.b", "ks.a"],
  isAbout: () => true,
};

test("a group is what has the same cluster, tables, reason and code, whatever the priority, the order of tables, and the text", () => {
  const groups = new LetterGroups();
  groups.add(FACTS);
  groups.add({ ...FACTS, id: "b.0", lane: "low.A", tables: ["ks.a", "ks.b"], deadAtMs: 3 });
  groups.add({
    ...FACTS,
    id: "c.2",
    life: 2,
    deadAtMs: 9,
    toldError: { name: "X", message: "y", code: "1" },
  });
  expect(groups.list()).toEqual([
    {
      cluster: "A",
      tables: ["ks.a", "ks.b"],
      reason: "rejected",
      errorCode: "1",
      count: 3,
      redrivenBefore: 1,
      firstDiedAtMs: 3,
      lastDiedAtMs: 9,
      sampleId: "a.0",
    },
  ]);
});

test.each<[string, Partial<WholeFacts>]>([
  ["cluster", { lane: "high.B" }],
  ["table", { tables: ["ks.a"] }],
  ["reason", { reason: "expired" }],
  ["code", { toldError: { name: "Error", message: "", code: "2" } }],
  ["failure", { toldError: undefined }],
])("what has another %s is another group, and the larger comes first", (_, other) => {
  const groups = new LetterGroups();
  for (const facts of [FACTS, { ...FACTS, ...other }, { ...FACTS, ...other }]) groups.add(facts);
  expect(groups.list().map(({ count }) => count)).toEqual([2, 1]);
});

test("a count takes a second unless told otherwise, and no time that cannot be", () => {
  expect(readCount(undefined)).toEqual({ withinMs: 1000 });
  expect(readCount({ withinMs: 5 })).toEqual({ withinMs: 5 });
  expect(() => readCount({ withinMs: 0 })).toThrow(RangeError);
});
