import { expect, test } from "vitest";
import { conflictOf } from "./conflict.ts";
import { refusalText } from "./refusal-text.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 14);
const of = (value: unknown) =>
  conflictOf(
    { code: "HELIX_CONTROL_CONFLICT", current: { revision: 9, value } },
    { cluster: "B", nowMs: NOW_MS },
  );

test.each<[object, string]>([
  [
    { B: { state: "drained", by: "jo", reason: "upgrade", sinceMs: 1, untilMs: NOW_MS + 5_400_000 } },
    "Somebody was faster: it is drained by jo, upgrade, until 15:30 UTC.",
  ],
  [
    { B: { state: "paused", by: "jo", reason: "", sinceMs: 1, untilMs: NOW_MS + 86_400_000 } },
    "Somebody was faster: it is paused by jo, until 2026-11-30 14:00 UTC.",
  ],
  [
    { B: { perSecond: 50, by: "jo", reason: "slow disks" } },
    "Somebody was faster: at most 50/s by jo, slow disks.",
  ],
  [{ A: { state: "paused", by: "jo" } }, "Somebody was faster: no order holds for this cluster now."],
])("what somebody else has ordered meanwhile (%j) is said", (value, text) => {
  expect(of(value)).toEqual({ revision: 9, text });
});

test.each([undefined, null, "x", { B: null }, { B: 7 }])(
  "what no order is, %j, is not taken for one",
  (value) => {
    expect(of(value)).toMatchObject({ text: "Somebody was faster: no order holds for this cluster now." });
  },
);

test("another refusal is no conflict", () => {
  const where = { cluster: "B", nowMs: NOW_MS };
  expect(conflictOf({ code: "HELIX_GATE_REFUSED", current: undefined }, where)).toBeUndefined();
  expect(conflictOf(undefined, where)).toBeUndefined();
});

test.each<[number, string | undefined, string]>([
  [0, undefined, "not done twice"],
  [502, undefined, "not done twice"],
  [200, "HELIX_PAGE_UNEXPECTED", "not done twice"],
  [504, "HELIX_API_TIMEOUT", "not done twice"],
  [504, "HELIX_QUEUE_TIMEOUT", "not done twice"],
  [422, "HELIX_API_KEY_REUSED", "has been done"],
  [422, "HELIX_JOB_KEY_REUSED", "has been done"],
  [422, "HELIX_ORDER_KEY_REUSED", "has been done"],
  [409, "HELIX_GATE_REFUSED", "It is so."],
])("a refusal with %d and %s says what it means for whoever ordered", (status, code, words) => {
  expect(refusalText({ status, code, message: "It is so." })).toContain(words);
});

test("what a proxy has refused by itself was not done", () => {
  const refusal = { status: 403, code: undefined, message: "It was answered with 403, and not by a pod." };
  expect(refusalText(refusal)).toBe(refusal.message);
});
