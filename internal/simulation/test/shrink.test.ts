import { expect, it } from "vitest";
import { commandFor, shrink } from "../src/run/shrink.ts";
import type { Report } from "../src/run/simulate.ts";
import { type Scenario, scenarioOf } from "../src/scenario/scenario.ts";

const SEED =
  Array.from({ length: 100 }, (_, seed) => seed).find((seed) => scenarioOf(seed).faults.length >= 4) ?? 0;

/** Fails where the culprit is among the faults, and the first 17 writes are made. */
function failing(culprit: unknown): (scenario: Scenario) => Promise<Report> {
  return async (scenario) => {
    const isBad =
      scenario.writes.length >= 17 &&
      scenario.faults.some((fault) => JSON.stringify(fault) === JSON.stringify(culprit));
    return {
      scenario,
      hash: "",
      writes: scenario.writes.length,
      enqueued: 0,
      deadLettered: 0,
      faults: [],
      violations: isBad ? [{ check: "a check", text: "a violation", atMs: 0 }] : [],
      virtualMs: 0,
      lines: undefined,
    };
  };
}

it("leaves the fault and the writes that a failure needs, and says how to run them", async () => {
  const scenario = scenarioOf(SEED);
  const run = failing(scenario.faults[2]);
  const shrunken = await shrink(SEED, await run(scenario), {}, run);
  expect(shrunken.only).toEqual([2]);
  expect(shrunken.writes).toBe(17);
  expect(shrunken.report.violations).toHaveLength(1);
  expect(commandFor(SEED, shrunken)).toBe(`pnpm simulate --seed ${SEED} --only 2 --writes 17 --trace`);
});
