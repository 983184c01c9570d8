import { ENDPOINTS } from "@helix/admin-api";
import { expect, test } from "vitest";
import { type BulkOrder, type BulkVerb, bulkRequest, isCount, isTypedIn, meantBy } from "./bulk.ts";

const ORDER: BulkOrder = {
  verb: "redrive",
  filter: { cluster: "B" },
  expect: 12,
  isForced: false,
  perSecond: "",
  by: "ops",
  why: "the schema is cured",
};

test.each<[Partial<BulkOrder>, string, object]>([
  [{}, "startRedrive", { filter: { cluster: "B" } }],
  [{ perSecond: "50" }, "startRedrive", { filter: { cluster: "B" }, perSecond: 50 }],
  [{ filter: {} }, "startRedrive", { all: true }],
  [{ isForced: true }, "startForcedRedrive", { filter: { cluster: "B" } }],
  [{ verb: "discard" }, "startDiscard", { filter: { cluster: "B" } }],
  [{ verb: "restore", filter: { ids: ["a.0"] } }, "startRestore", { filter: { ids: ["a.0"] } }],
])("%j is sent to %s, with the count that was shown, and the API takes it as it is", (change, to, meant) => {
  const { name, body } = bulkRequest({ ...ORDER, ...change });
  expect(name).toBe(to);
  expect(body).toEqual({ by: "ops", why: "the schema is cured", expect: 12, ...meant });
  const { body: schema } = ENDPOINTS[name] as (typeof ENDPOINTS)["startRedrive"];
  expect(schema.parse(body)).toEqual(body);
});

test("what dies after somebody has looked is not meant, unless that was said, or they are named", () => {
  expect(meantBy("redrive", { cluster: "B" }, 7.4)).toEqual({ cluster: "B", diedUntilMs: 7 });
  expect(meantBy("discard", {}, 7)).toEqual({ diedUntilMs: 7 });
  expect(meantBy("redrive", { diedSinceMs: 9 }, 7)).toEqual({ diedSinceMs: 9, diedUntilMs: 10 });
  for (const filter of [{ ids: ["a.0"] }, { diedUntilMs: 3 }]) {
    expect(meantBy("redrive", filter, 7)).toBe(filter);
  }
  expect(meantBy("restore", {}, 7)).toEqual({});
});

test.each<[BulkVerb, number, boolean, boolean]>([
  ["redrive", 1_000, false, false],
  ["redrive", 1_001, false, true],
  ["redrive", 1, true, true],
  ["restore", 1_001, false, true],
  ["discard", 1, false, true],
])("to %s %d letters (by force: %s), the count has to be typed in: %s", (verb, count, isForced, isTyped) => {
  expect(isTypedIn(verb, count, isForced)).toBe(isTyped);
});

test.each<[string, boolean]>([
  ["12310", true],
  [" 12,310 ", true],
  ["12311", false],
  ["", false],
  ["yes", false],
  ["12310.0", false],
])("%j is 12,310: %s", (typed, is) => expect(isCount(typed, 12_310)).toBe(is));
