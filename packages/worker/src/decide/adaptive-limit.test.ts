import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AdaptiveLimit } from "./adaptive-limit.ts";

type How = Parameters<AdaptiveLimit["ended"]>[0];

/** Ends executions that were started one after the other, as many in between as the limit allows. */
function drive(limit: AdaptiveLimit, ends: readonly How[], firstOrder = 0): void {
  for (const [n, how] of ends.entries()) limit.ended(how, firstOrder + n, firstOrder + n + limit.value);
}

const times = (count: number, ...hows: How[]): How[] => Array.from({ length: count }, () => hows).flat();

describe("AdaptiveLimit", () => {
  it("is halved by an overload, once for all that were under way, and again by one that started later", () => {
    const limit = new AdaptiveLimit(128);
    for (let order = 0; order < 128; order++) limit.ended("overload", order, 128);
    expect(limit.value).toBe(64);
    limit.ended("overload", 128, 192);
    expect(limit.value).toBe(32);
  });

  it("grows by one with each answer, up to its maximum", () => {
    const limit = new AdaptiveLimit(16);
    limit.ended("overload", 0, 16);
    drive(limit, times(5, "answered"), 16);
    expect(limit.value).toBe(13);
    drive(limit, times(50, "answered"), 40);
    expect(limit.value).toBe(16);
  });

  it("is halved when more than a fifth of a window's executions time out, not by a fifth", () => {
    const limit = new AdaptiveLimit(100);
    drive(limit, times(40, "answered", "answered", "answered", "answered", "timeout"));
    expect(limit.value).toBe(100);
    drive(limit, ["answered", ...times(20, "timeout")], 1000);
    expect(limit.value).toBe(100);
    drive(limit, ["timeout"], 1021);
    expect(limit.value).toBe(50);
  });

  it("is eight for one window where nothing is answered at all, then what it was until there is an answer", () => {
    const limit = new AdaptiveLimit(100);
    drive(limit, times(21, "timeout"));
    expect(limit.value).toBe(8);
    drive(limit, times(7, "timeout"), 1000);
    expect(limit.value).toBe(8);
    drive(limit, times(1000, "timeout"), 1007);
    expect(limit.value).toBe(100);
    drive(limit, ["answered", ...times(21, "timeout")], 3000);
    expect(limit.value).toBe(50);
  });

  it("grows from eight where that many are answered", () => {
    const limit = new AdaptiveLimit(100);
    drive(limit, [...times(21, "timeout")]);
    drive(limit, ["timeout", "answered", "answered", ...times(5, undefined)], 1000);
    expect(limit.value).toBe(10);
  });

  it("stays where executions fail in other ways", () => {
    const limit = new AdaptiveLimit(100);
    drive(limit, times(1000, undefined));
    expect(limit.value).toBe(100);
  });

  it("is never below eight, nor below a smaller maximum, by failures", () => {
    const ends = fc.array(fc.constantFrom<How>("answered", "timeout", "overload", undefined));
    fc.assert(
      fc.property(ends, fc.integer({ min: 1, max: 300 }), (hows, max) => {
        const limit = new AdaptiveLimit(max);
        drive(limit, hows);
        expect(limit.value).toBeGreaterThanOrEqual(Math.min(8, max));
        expect(limit.value).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("doubles with each window without an answer after a restart, until it is what it was", () => {
    const limit = new AdaptiveLimit(128);
    limit.restart(2, 0);
    const values: number[] = [];
    for (let order = 0; order < 300; ) {
      const window = limit.value;
      for (let n = 0; n < window; n++) limit.ended("timeout", order, ++order);
      values.push(limit.value);
    }
    expect(values).toEqual([4, 8, 16, 32, 64, 128, 128, 128]);
  });

  it("does not forget after a restart what it was because a few are answered, but because of an overload", () => {
    for (const [how, value] of [
      ["answered", 128],
      ["overload", 2],
    ] as const) {
      const limit = new AdaptiveLimit(128);
      limit.restart(2, 0);
      limit.ended(how, 0, 3);
      drive(limit, times(200, "timeout"), 8);
      expect(limit.value).toBe(value);
    }
  });

  it("is eight where the cluster is stifled while it grows after a restart, and grows from there", () => {
    const limit = new AdaptiveLimit(128);
    limit.restart(2, 0);
    drive(limit, times(58, "answered"));
    expect(limit.value).toBe(60);
    drive(limit, times(60, "timeout"), 200);
    expect(limit.value).toBe(8);
    drive(limit, times(8, "timeout"), 300);
    expect(limit.value).toBe(16);
  });

  it("begins anew where it is told, and what started before does not cut it", () => {
    const limit = new AdaptiveLimit(128);
    limit.restart(2, 50);
    drive(limit, times(40, "overload"));
    expect(limit.value).toBe(2);
    drive(limit, ["answered", "answered"], 50);
    expect(limit.value).toBe(4);
  });
});
