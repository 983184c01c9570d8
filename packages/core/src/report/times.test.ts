import { describe, expect, it } from "vitest";
import { spanOf, timeGoneBy, timeToCome } from "./times.ts";

const NOW = Date.UTC(2026, 10, 29, 14, 0, 0);
const iso = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

it.each([
  ["250ms", 250],
  ["90s", 90_000],
  ["15m", 900_000],
  ["15min", 900_000],
  ["1.5h", 5_400_000],
  ["7d", 604_800_000],
  ["0s", 0],
])("%s is a span of %d ms", (text, ms) => {
  expect(spanOf(text)).toBe(ms);
});

it.each(["", "90", "s", "-1s", "1 h", "1y", "1e3s", "1h30m", "9999999999s", "1.2345s"])(
  "%j is no span",
  (text) => {
    expect(spanOf(text)).toBeUndefined();
  },
);

describe.each<[string, (text: string, nowMs: number) => number | undefined, Record<string, string>]>([
  [
    "to come",
    timeToCome,
    {
      "90m": "2026-11-29T15:30:00.000Z",
      "14:01Z": "2026-11-29T14:01:00.000Z",
      "14:00Z": "2026-11-30T14:00:00.000Z",
    },
  ],
  [
    "gone by",
    timeGoneBy,
    {
      "90m": "2026-11-29T12:30:00.000Z",
      "14:00Z": "2026-11-29T14:00:00.000Z",
      "14:01Z": "2026-11-28T14:01:00.000Z",
    },
  ],
])("a time %s", (_, read, times) => {
  it.each(Object.entries(times))("is, said as %s, %s", (text, expected) => {
    expect(iso(read(text, NOW))).toBe(expected);
  });

  it.each([
    ["2026-11-29T14:00Z", "2026-11-29T14:00:00.000Z"],
    ["2026-11-29T14:00:05+02:00", "2026-11-29T12:00:05.000Z"],
  ])("is, said as %s, the same whenever it is said: %s", (text, expected) => {
    expect(iso(read(text, NOW))).toBe(expected);
  });

  it.each([
    "14:00",
    "24:00Z",
    "2026-11-29",
    "2026-11-29T14:00",
    "2026-13-01T00:00Z",
    "tomorrow",
    "1969-01-01T00:00Z",
    "",
  ])("is not %j, which has no zone or is none", (text) => {
    expect(read(text, NOW)).toBeUndefined();
  });
});
