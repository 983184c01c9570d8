import { describe, expect, it } from "vitest";
import { simulate } from "../src/run/simulate.ts";
import { scenarioOf } from "../src/scenario/scenario.ts";

// In a file of its own, hence in a process that has run no seed yet: the first run is what a printed command makes.
describe("the same seed", () => {
  it("gives the same trace, line by line, as the first of a process and afterwards", async () => {
    for (const [seed, queue] of [[20, "nats"], [3, "nats"], [3], [15]] as const) {
      const scenario = scenarioOf(seed, { queue });
      const [first, second] = [
        await simulate(scenario, { keepLines: true }),
        await simulate(scenario, { keepLines: true }),
      ];
      expect(first.lines?.length).toBeGreaterThan(500);
      expect(second.lines).toEqual(first.lines);
      expect(second.hash).toBe(first.hash);
    }
  });

  it("gives another trace than another seed", async () => {
    const hashes = [await simulate(scenarioOf(3)), await simulate(scenarioOf(4))].map(({ hash }) => hash);
    expect(new Set(hashes).size).toBe(2);
  });

  it("gives the same trace with and without its lines being kept", async () => {
    const kept = await simulate(scenarioOf(8), { keepLines: true });
    expect((await simulate(scenarioOf(8))).hash).toBe(kept.hash);
  });
});
