import { expect, test } from "vitest";
import { progressLine } from "./progress.ts";
import { Tally } from "./tally.ts";

const TIME = "  12.3 s  ";
const PROGRESS = { share: 1, perSecond: 12_345.6 };
const NONE = { oldestMs: 0 };
const BUSY = { queued: 999_999, replayed: 123_456 };

test.each([undefined, [123_456, 123_456]])(
  "the live line fits into 80 columns with six digits, pods %j",
  (pods) => {
    const line = progressLine(PROGRESS, Object.assign(new Tally(), BUSY), { oldestMs: 123_456, pods });
    expect(TIME.length + line.length).toBeLessThan(80);
    for (const text of ["100 %", "12346/s", "queue 876543", "123456", "oldest 123.5 s"])
      expect(line).toContain(text);
  },
);

test("the live line tells of callers' errors as soon as there is one", () => {
  expect(progressLine(PROGRESS, new Tally(), NONE)).not.toContain("errors");
  expect(progressLine(PROGRESS, Object.assign(new Tally(), { errors: 1 }), NONE)).toContain("errors 1");
});
