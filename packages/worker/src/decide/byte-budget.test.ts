import { LANES, type Lane } from "@helix/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

const MAX_BYTES = 80_000;
const PER_LANE = MAX_BYTES / 4;

interface Held {
  readonly lane: Lane;
  readonly bytes: number;
  readonly isAside: boolean;
}

/** What happens next: a lane receives a message if it may, which may have failed before; or one that is in hand is settled. */
const step = fc.record({
  lane: fc.constantFrom(...LANES),
  receives: fc.boolean(),
  hasFailed: fc.boolean(),
  bytes: fc.integer({ min: 1, max: 100_000 }),
});

test("a lane has room whenever it holds nothing fresh, and takes one message beyond its part at the most, whatever the others hold", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const budget = new ByteBudget(MAX_BYTES);
      let held: Held[] = [];
      for (const { lane, receives, hasFailed, bytes } of steps) {
        const settled = receives ? undefined : held.find((one) => one.lane === lane);
        if (settled !== undefined) {
          budget.give(lane, settled.bytes, settled.isAside);
          held = held.filter((one) => one !== settled);
        } else if (budget.room(lane) > 0) {
          budget.take(lane, bytes);
          const isAside = hasFailed && budget.setAside(lane, bytes);
          // Where there is no room for it, it is handed back.
          if (hasFailed && !isAside) budget.give(lane, bytes, false);
          else held.push({ lane, bytes, isAside });
        }
        for (const each of LANES) {
          const sizesOf = (isAside: boolean) =>
            held.filter((one) => one.lane === each && one.isAside === isAside).map((one) => one.bytes);
          const [fresh, aside] = [sizesOf(false), sizesOf(true)];
          expect(sum(fresh.slice(0, -1))).toBeLessThan((PER_LANE * 3) / 4);
          expect(aside.length < 2 || sum(aside) <= PER_LANE / 4).toBe(true);
          expect(budget.room(each) > 0).toBe(sum(fresh) < (PER_LANE * 3) / 4);
        }
      }
    }),
  );
});

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, one) => total + one, 0);
}
