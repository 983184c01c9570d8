import { expect, test } from "vitest";
import { ago, counted, hour, moment, perSecond } from "./words.ts";

const NOW_MS = Date.UTC(2026, 10, 29, 14, 3, 7);

test("times are told as the sentences of the pods tell them", () => {
  expect(moment(NOW_MS)).toBe("2026-11-29 14:03:07 UTC");
  expect(hour(NOW_MS, NOW_MS - 60_000)).toBe("14:03 UTC");
  expect(hour(NOW_MS, NOW_MS - 86_400_000)).toBe("2026-11-29 14:03 UTC");
  expect(ago(NOW_MS - 240_000, NOW_MS)).toBe("4 min ago");
  expect(ago(NOW_MS + 5_000, NOW_MS)).toBe("0 s ago");
});

test.each([Number.NaN, 8.65e15, Number.POSITIVE_INFINITY])("what is no time, %d, is none", (atMs) => {
  expect(moment(atMs)).toBe("?");
});

test("one is one, and more are many", () => {
  expect([counted(1, "letter"), counted(0, "letter"), counted(12_310, "letter")]).toEqual([
    "1 letter",
    "0 letters",
    "12,310 letters",
  ]);
});

test("of what is not known of the last minute the quarter of an hour is told, or nothing", () => {
  expect([perSecond({ last1Min: 0, last15Min: 7 }), perSecond({ last15Min: 7 }), perSecond({})]).toEqual([
    "0",
    "7",
    "–",
  ]);
});
