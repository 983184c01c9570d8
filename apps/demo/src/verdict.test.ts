import { describe, expect, test } from "vitest";
import type { Comparison } from "./compare.ts";
import { Tally } from "./tally.ts";
import {
  callFigures,
  comparisonFigures,
  conclusion,
  isGood,
  none,
  replayFigures,
  seconds,
  verdictTable,
} from "./verdict.ts";

const EQUAL: Comparison = { rows: 5, differences: 0, examples: [] };
const GOOD = { accepted: 1234, queued: 3, replayed: 3, longestLagMs: 8250 };

const tallyOf = (change: Partial<Tally>) => Object.assign(new Tally(), change);
const figuresOf = (tally: Tally, comparison = EQUAL, untold?: number) => [
  ...callFigures(tally),
  ...replayFigures(tally, untold),
  ...comparisonFigures(comparison),
];

describe("the verdict", () => {
  test("is good when every figure is as promised, and shows each of them", () => {
    const figures = figuresOf(tallyOf(GOOD));
    expect(isGood(figures)).toBe(true);
    const table = verdictTable(figures);
    for (const text of ["1,234", "8.3 s", "differences", "dead-lettered"]) expect(table).toContain(text);
    expect(table).not.toContain("✗");
  });

  test.each([{ errors: 1 }, { deadLettered: 1 }, { replayed: 2 }, { replayed: 4 }])(
    "is bad with %j, and marks the line",
    (change) => {
      const figures = figuresOf(tallyOf({ ...GOOD, ...change }));
      expect(isGood(figures)).toBe(false);
      expect(verdictTable(figures).match(/✗/g)).toHaveLength(1);
    },
  );

  test("is bad with a single difference", () => {
    expect(isGood(figuresOf(tallyOf(GOOD), { ...EQUAL, differences: 1 }))).toBe(false);
  });

  test("allows as many messages of calls that did not live to tell as there were such calls", () => {
    expect(isGood(figuresOf(tallyOf({ ...GOOD, replayed: 5 }), EQUAL, 2))).toBe(true);
    expect(isGood(figuresOf(tallyOf({ ...GOOD, replayed: 6 }), EQUAL, 2))).toBe(false);
    expect(isGood(figuresOf(tallyOf({ ...GOOD, replayed: 2 }), EQUAL, 2))).toBe(false);
  });

  test("does not claim that an outage was survived when none was noticed", () => {
    const good = tallyOf(GOOD);
    const untouched = tallyOf({ accepted: 10 });
    expect(conclusion(figuresOf(good), good)).toContain("cluster B missed writes");
    expect(conclusion(figuresOf(untouched), untouched)).toContain("over before a write was queued");
    expect(conclusion([none("lost", 1)], untouched)).toContain("NOT as promised");
  });

  test("shows what did not happen as a dash", () => {
    expect(seconds("recovery", undefined).value).toBe("—");
  });
});
