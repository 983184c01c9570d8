import { expect, test } from "vitest";
import { LaneIntake } from "./lane-intake.ts";

test("more is asked for when a quarter of a demand is used up, and not before", () => {
  const asked: number[] = [];
  const intake = new LaneIntake();
  intake.open({ demand: (messages) => asked.push(messages), stop: async () => {} });
  intake.demand(100, 1000);
  for (let n = 0; n < 24; n++) intake.delivered(0);
  intake.demand(100, 1000);
  expect(asked).toEqual([100]);
  intake.delivered(0);
  intake.demand(100, 1000);
  expect(asked).toEqual([100, 100]);
});
