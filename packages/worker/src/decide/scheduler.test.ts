import type { Priority } from "@helix/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LaneScheduler } from "./scheduler.ts";

/** What is in the lanes changes at random between two choices. */
const steps = fc.array(fc.record({ high: fc.boolean(), low: fc.boolean() }), { maxLength: 300 });
const ratios = fc.integer({ min: 0, max: 12 });

function drain(scheduler: LaneScheduler, high: number, low: number): string {
  let order = "";
  for (;;) {
    const next = scheduler.next({ high: high > 0, low: low > 0 });
    if (next === undefined) return order;
    order += next === "high" ? "H" : "l";
    if (next === "high") high--;
    else low--;
  }
}

describe("LaneScheduler", () => {
  it("starts N high messages for each low one while both lanes have some", () => {
    expect(drain(new LaneScheduler({ highPriorityRatio: 3 }), 7, 4)).toBe("HHHlHHHlHll");
  });

  it("takes ten to one unless told otherwise", () => {
    expect(drain(new LaneScheduler(), 12, 2)).toBe("HHHHHHHHHHlHHl");
  });

  it("takes turns at a ratio of 0, which means 1:1", () => {
    expect(drain(new LaneScheduler({ highPriorityRatio: 0 }), 3, 3)).toBe("HlHlHl");
  });

  it("starts low messages only after the high ones when it is strict", () => {
    expect(drain(new LaneScheduler({ strictPriority: true, highPriorityRatio: 1 }), 3, 2)).toBe("HHHll");
  });

  it("never waits for an empty lane, and never chooses one", () => {
    fc.assert(
      fc.property(steps, ratios, fc.boolean(), (lanes, highPriorityRatio, strictPriority) => {
        const scheduler = new LaneScheduler({ highPriorityRatio, strictPriority });
        for (const available of lanes) {
          const next = scheduler.next(available);
          if (next === undefined) expect(available).toEqual({ high: false, low: false });
          else expect(available[next]).toBe(true);
        }
      }),
    );
  });

  it("agrees with a naive model that looks back over everything it chose", () => {
    fc.assert(
      fc.property(steps, ratios, (lanes, highPriorityRatio) => {
        const scheduler = new LaneScheduler({ highPriorityRatio });
        const history: { chosen: Priority; lowWaited: boolean }[] = [];
        for (const { high, low } of lanes) {
          let passed = 0;
          for (const { chosen, lowWaited } of history.toReversed()) {
            if (chosen === "low" || !lowWaited) break;
            passed++;
          }
          const lowIsDue = low && (!high || passed >= Math.max(1, highPriorityRatio));
          const expected = lowIsDue ? "low" : high ? "high" : undefined;
          expect(scheduler.next({ high, low })).toBe(expected);
          if (expected !== undefined) history.push({ chosen: expected, lowWaited: low });
        }
      }),
    );
  });

  it("lets at most N high messages pass a low one that waits, whatever comes and goes", () => {
    fc.assert(
      fc.property(steps, ratios, (lanes, highPriorityRatio) => {
        const scheduler = new LaneScheduler({ highPriorityRatio });
        let passed = 0;
        for (const { high, low } of lanes) {
          const next = scheduler.next({ high, low });
          passed = low && next === "high" ? passed + 1 : 0;
          expect(passed).toBeLessThanOrEqual(Math.max(1, highPriorityRatio));
        }
      }),
    );
  });

  it("never starts a low message while a high one is available when it is strict", () => {
    fc.assert(
      fc.property(steps, ratios, (lanes, highPriorityRatio) => {
        const scheduler = new LaneScheduler({ strictPriority: true, highPriorityRatio });
        for (const available of lanes) {
          if (available.high) expect(scheduler.next(available)).toBe("high");
          else expect(scheduler.next(available)).toBe(available.low ? "low" : undefined);
        }
      }),
    );
  });
});
