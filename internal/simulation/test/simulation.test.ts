import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { commandFor, shrink } from "../src/run/shrink.ts";
import { type Report, simulate } from "../src/run/simulate.ts";
import type { QueueKind } from "../src/scenario/faults.ts";
import { NATS_KINDS } from "../src/scenario/nats-faults.ts";
import { type ScenarioOptions, scenarioOf } from "../src/scenario/scenario.ts";

const SEEDS = 200;
const NATS_SEEDS = 100;
const NATS: ScenarioOptions = { queue: "nats" };
const PER_TEST = 50;
const LIMIT_MS = 120_000;

async function expectNoViolation(seed: number, report: Report, options: ScenarioOptions = {}): Promise<void> {
  const [violation] = report.violations;
  if (violation === undefined) return;
  const again = commandFor(seed, await shrink(seed, report, options), options);
  expect.unreachable(`Seed ${seed} violates ${violation.check}: ${violation.text}\n${again}`);
}

describe("every promise holds", () => {
  const faults = new Set<string>();

  it.each(Array.from({ length: SEEDS / PER_TEST }, (_, part) => part * PER_TEST))(
    "whatever goes wrong in the fifty seeds from %i",
    async (from) => {
      for (let seed = from; seed < from + PER_TEST; seed++) {
        const report = await simulate(scenarioOf(seed));
        for (const kind of report.faults) faults.add(kind);
        expect(report.writes).toBeGreaterThan(0);
        await expectNoViolation(seed, report);
      }
    },
    LIMIT_MS,
  );

  it("while every kind of fault is among them", () => {
    expect([...faults].sort()).toEqual([
      "app-crash",
      "callbacks that hang",
      "callbacks that reject",
      "callbacks that throw",
      "clock-step",
      "deafness",
      "double-failures",
      "few dead letters",
      "flakiness",
      "flapping",
      "freeze",
      "garbage",
      "gate",
      "held writes",
      "late-schema",
      "outage",
      "overload",
      "pause",
      "pod-crash",
      "poison (hang)",
      "poison (kills)",
      "poison (rejected)",
      "poison (timeout)",
      "queue-duplicates",
      "queue-loss",
      "queue-restart",
      "ranges-away",
      "short retention",
      "silence",
      "slowness",
      "small queue",
      "table-away",
      "table-timeouts",
      "worker-restart",
      "writes in the background",
    ]);
  });

  it("in the seeds that once found something", { timeout: LIMIT_MS }, async () => {
    const text = await readFile(new URL("../corpus.json", import.meta.url), "utf8");
    const corpus = JSON.parse(text) as { seed: number; queue?: QueueKind; found: string }[];
    expect(corpus.length).toBeGreaterThan(0);
    for (const { seed, queue } of corpus) {
      await expectNoViolation(seed, await simulate(scenarioOf(seed, { queue })), { queue });
    }
  });
});

describe("every promise holds over the NATS adapter", () => {
  const faults = new Set<string>();

  it.each(Array.from({ length: NATS_SEEDS / PER_TEST }, (_, part) => part * PER_TEST))(
    "whatever goes wrong in the fifty seeds from %i",
    async (from) => {
      for (let seed = from; seed < from + PER_TEST; seed++) {
        const report = await simulate(scenarioOf(seed, NATS));
        for (const kind of report.faults) faults.add(kind);
        await expectNoViolation(seed, report, NATS);
      }
    },
    LIMIT_MS,
  );

  it("while every kind of fault of NATS is among them", () => {
    expect(NATS_KINDS.filter((kind) => !faults.has(kind))).toEqual([]);
  });
});
