import { describe, expect, it } from "vitest";
import { isFarOff, judge } from "../src/report/judge.ts";
import { alone, type Goal, pairs, type Row } from "../src/report/row.ts";
import { table } from "../src/report/table.ts";

function row(goal: Goal | undefined, samples: Row["samples"]): Row {
  return { id: "some.row", what: "ours", against: "theirs", unit: "messages/s", goal, samples };
}

describe("a row", () => {
  it("is judged by the median of the ratios of its rounds, not by the ratio of the medians", () => {
    const { ratio, met } = judge(row({ atLeast: 1 }, pairs([100, 10, 30], [50, 20, 10])));
    expect(ratio).toEqual({ min: 0.5, median: 2, max: 3 });
    expect(met).toBe(true);
  });

  it("counts by what is between both of two rounds", () => {
    const { ratio, met } = judge(row({ atMost: 1.1 }, pairs([11, 3], [9, 10])));
    expect(ratio?.median).toBeCloseTo((11 / 9 + 0.3) / 2);
    expect(met).toBe(true);
  });

  it.each<[Goal, number, boolean, boolean]>([
    [{ atLeast: 1 }, 1, true, false],
    [{ atLeast: 1 }, 0.99, false, false],
    [{ atLeast: 1 }, 0.5, false, false],
    [{ atLeast: 1 }, 0.49, false, true],
    [{ atMost: 1.2 }, 1.2, true, false],
    [{ atMost: 1.2 }, 1.3, false, false],
    [{ atMost: 1.2 }, 2.5, false, true],
  ])("whose goal is %o meets it, or is far off, by its ratio: %f", (goal, ratio, met, farOff) => {
    const one = row(goal, pairs([ratio * 10], [10]));
    expect(judge(one).met).toBe(met);
    expect(isFarOff(one)).toBe(farOff);
  });

  it.each<[Goal, readonly number[], boolean]>([
    [{ atLeast: 1 }, [0.1, 0.2, 0.6], false],
    [{ atLeast: 1 }, [0.1, 0.2, 0.4], true],
    [{ atMost: 1 }, [1.9, 5, 6], false],
    [{ atMost: 1 }, [2.1, 5, 6], true],
  ])("whose goal is %o is far off only if it is in every round: %j", (goal, ratios, farOff) => {
    const one = row(goal, pairs(ratios, [1, 1, 1]));
    expect(judge(one).met).toBe(false);
    expect(isFarOff(one)).toBe(farOff);
  });

  it("without a peer is judged by what was measured, and never far off, since the machine decides that too", () => {
    const one = row({ atMost: 1 }, alone([5, 7, 6]));
    expect(judge(one)).toMatchObject({ ours: { min: 5, median: 6, max: 7 }, met: false });
    expect(isFarOff(one)).toBe(false);
  });

  it("whose goal is known to be out of reach misses it, and is not far off", () => {
    const one = { ...row({ atLeast: 1 }, pairs([1], [10])), outOfReach: "The peer does less" };
    expect(judge(one).met).toBe(false);
    expect(isFarOff(one)).toBe(false);
  });

  it("without a goal is neither met nor missed", () => {
    expect(judge(row(undefined, pairs([1], [10]))).met).toBeUndefined();
    expect(isFarOff(row(undefined, pairs([1], [10])))).toBe(false);
  });

  it.each<[string, Row["samples"]]>([
    ["of which a round has no peer", pairs([10, 10], [5])],
    ["that came to nothing", pairs([Number.NaN], [10])],
  ])("%s has missed its goal by far", (_, samples) => {
    for (const goal of [{ atLeast: 1 }, { atMost: 1 }]) {
      expect(judge(row(goal, samples)).met).toBe(false);
      expect(isFarOff(row(goal, samples))).toBe(true);
    }
  });
});

describe("the table", () => {
  it("shows both sides, the ratio with its spread, the goal, and whether it is met", () => {
    const text = table([
      row({ atLeast: 1 }, pairs([30_000, 20_000], [10_000, 20_000])),
      { ...row({ atMost: 1 }, alone([0.25])), id: "other" },
    ]);
    expect(text).toContain("| some.row | 25,000 | 15,000 | messages/s | 2.00 (1.00 to 3.00) | ≥ 1  | yes |");
    expect(text).toContain("- some.row: ours, against theirs; 2 rounds");
    expect(text).toContain("| other    | 0.25   |");
  });
});
