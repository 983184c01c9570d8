import { describe, expect, it } from "vitest";
import { axis } from "../src/pictures/axis.ts";
import { chart } from "../src/pictures/chart.ts";

describe("an axis", () => {
  it("begins at zero and ends above the largest value, in steps of 1, 2 or 5", () => {
    const { ticks, place } = axis([3, 17_300], false, 0, 100);
    expect(ticks).toEqual([0, 5_000, 10_000, 15_000, 20_000]);
    expect(place(5_000)).toBe(25);
  });

  it("goes from one power of ten to another where it is logarithmic", () => {
    const { ticks, place } = axis([3, 1_000], true, 100, 0);
    expect(ticks).toEqual([1, 10, 100, 1_000]);
    expect(place(10)).toBeCloseTo(66.7, 1);
  });
});

describe("a picture", () => {
  it("says in words what its lines, its axes and its marks are", () => {
    const svg = chart({
      id: "some",
      title: "A < B",
      x: "time, s",
      y: "p99, ms",
      lines: [
        {
          name: "ours",
          points: [
            [0, 1],
            [1, 2],
          ],
        },
        {
          name: "theirs",
          points: [
            [0, 3],
            [1, Number.NaN],
          ],
        },
      ],
      marks: [{ x: 0.5, label: "B goes" }],
    });
    for (const word of ["A &lt; B", "time, s", "p99, ms", "ours", "theirs", "B goes"])
      expect(svg).toContain(`>${word}<`);
    expect(svg).not.toContain("NaN");
  });
});
