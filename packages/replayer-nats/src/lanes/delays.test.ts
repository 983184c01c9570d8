import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { Delays } from "./delays.ts";

test("delays are counted by lane until they are over, whoever gets the messages then", async () => {
  const clock = new ManualClock();
  const delays = new Delays(clock);
  for (let n = 0; n < 100_000; n++) delays.add("high.B", 1000 + (n % 500));
  delays.add("low.B", 200);
  expect([delays.count("high.B"), delays.count("low.B"), delays.count("high.A")]).toEqual([100_000, 1, 0]);
  await clock.advance(1250);
  expect([delays.count("high.B"), delays.count("low.B")]).toEqual([50_000, 0]);
  await clock.advance(300);
  expect(delays.count("high.B")).toBe(0);
});
