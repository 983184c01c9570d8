import { LANES, type Lane } from "@helix/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteBudget } from "./byte-budget.ts";

const MAX_BYTES = 80_000;

/** What a lane does next: it receives a message where it may, or one that it holds is settled. */
const step = fc.record({
  lane: fc.constantFrom(...LANES),
  receives: fc.boolean(),
  bytes: fc.integer({ min: 1, max: 100_000 }),
});

test("a lane has room whenever it holds nothing, and takes one message beyond its quarter at the most", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const budget = new ByteBudget(MAX_BYTES);
      const held = new Map<Lane, number[]>(LANES.map((lane) => [lane, []]));
      for (const { lane, receives, bytes } of steps) {
        const mine = held.get(lane) as number[];
        if (!receives) {
          budget.give(lane, mine.pop() ?? 0);
        } else if (budget.room(lane) > 0) {
          mine.push(bytes);
          budget.take(lane, bytes);
        }
        for (const [each, all] of held) {
          const before = all.slice(0, -1).reduce((sum, one) => sum + one, 0);
          expect(before).toBeLessThan(MAX_BYTES / 4);
          // Whatever the others hold, and so small that one message takes all of it.
          if (all.length === 0) expect(budget.room(each)).toBeGreaterThan(0);
        }
      }
    }),
  );
});

test("what is settled makes room again, of all that it took", () => {
  const budget = new ByteBudget(MAX_BYTES);
  const before = budget.room("low.B");
  budget.take("low.B", 12_345);
  expect(budget.room("low.B")).toBeLessThan(before);
  budget.give("low.B", 12_345);
  expect([budget.room("low.B"), budget.room("high.B")]).toEqual([before, before]);
});
