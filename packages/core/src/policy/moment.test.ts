import { expect, test } from "vitest";
import { Moment } from "./moment.ts";

test("reads a clock once for all that looks before what was ready has run, and anew for what comes after", async () => {
  let nowMs = 1;
  let reads = 0;
  const moment = new Moment(() => {
    reads++;
    return nowMs;
  });
  expect([moment.nowMs, moment.nowMs, reads]).toEqual([1, 1, 1]);
  nowMs = 2;
  expect(moment.nowMs).toBe(1);
  await Promise.resolve();
  expect([moment.nowMs, reads]).toEqual([2, 2]);
});
