import { expect, test } from "vitest";
import { endedOf, paceOf } from "./job-pace.ts";

const counts = { done: 90, failed: 5, skipped: 1, needsForce: 3, vanished: 1 };
const job = { state: "running", counts, expect: 400, startedAtMs: 1_000 } as const;

test("what has become of letters counts, whatever it is, and tells how long the others take", () => {
  expect(endedOf(job)).toBe(100);
  expect(paceOf(job, 11_000)).toEqual({ perSecond: 10, leftMs: 30_000 });
});

test.each<[string, Partial<Parameters<typeof paceOf>[0]>, number]>([
  ["has not begun", { startedAtMs: undefined }, 11_000],
  ["has just begun", {}, 1_500],
  ["waits between stages", { state: "paused" }, 11_000],
  ["is over", { state: "done" }, 11_000],
  ["has done nothing", { counts: { done: 0, failed: 0, skipped: 0, needsForce: 0, vanished: 0 } }, 11_000],
  ["has begun later, by the clock of another pod", { startedAtMs: 12_000 }, 11_000],
])("of a job that %s nobody can tell", (_, change, nowMs) => {
  expect(paceOf({ ...job, ...change }, nowMs)).toEqual({});
});

test("more than there were when it was ordered leave no time", () => {
  expect(paceOf({ ...job, expect: 50 }, 11_000).leftMs).toBe(0);
});
