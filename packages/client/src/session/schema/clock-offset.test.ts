import { EventHub, type Logger, silentLogger, silentMetrics } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { beforeEach, expect, test } from "vitest";
import { WriteTimestamps } from "../../write/write-timestamps.ts";
import { ClockOffset } from "./clock-offset.ts";

let clock: ManualClock;
let offset: ClockOffset;
let warnings: string[];
let gauges: [cluster: string, seconds: number][];

beforeEach(() => {
  clock = new ManualClock();
  warnings = [];
  gauges = [];
  const logger: Logger = {
    debug() {},
    info() {},
    warn: (_, text) => void warnings.push(text),
    error() {},
  };
  offset = new ClockOffset({
    cluster: "A",
    name: "us_east",
    maxOffsetMs: 1_000,
    clock,
    logger,
    metrics: {
      ...silentMetrics,
      gauge: (_, { cluster }, value) => void gauges.push([String(cluster), value]),
    },
  });
});

const hear = (offsetMs: number, roundTripMs = 0) =>
  offset.heard(clock.wallMs() + roundTripMs / 2 + offsetMs, clock.wallMs(), roundTripMs);

test("the offset is what the server says, less half of the round trip; the figure, in seconds, is what of it is sure", () => {
  expect(offset.offsetMs).toBeUndefined();
  hear(-250, 40);
  expect(offset.offsetMs).toBe(-250);
  hear(250, 40);
  expect(gauges).toEqual([
    ["A", -0.23],
    ["A", 0.23],
  ]);
  expect(warnings).toEqual([]);
});

test("a warning says whose clock is ahead, by how much, and what follows", () => {
  hear(2_300);
  expect(warnings).toEqual([
    "the clock of cluster us_east is 2300 ms ahead of this process's: what others write by it, or it by itself, beats " +
      "writes of this process that are made up to as much later. The age of a replay is wrong by as much",
  ]);
});

test("a process that is ahead is told so", () => {
  hear(-2_300);
  expect(warnings).toEqual([
    "the clock of this process is 2300 ms ahead of that of cluster us_east: its writes beat what others write by that, " +
      "or the cluster by itself, up to as much later. The age of a replay is wrong by as much",
  ]);
});

test("a figure is never of what a slow answer may explain, on a busy machine for instance", () => {
  hear(680, 1_400);
  expect(gauges).toEqual([["A", 0]]);
});

test("what the round trip may explain is not warned of", () => {
  hear(1_400, 900);
  expect(warnings).toEqual([]);
  hear(1_500, 900);
  expect(warnings).toHaveLength(1);
});

test("an answer that was long under way says nothing", () => {
  hear(0, 20);
  hear(60_000, 2_001);
  expect(offset.offsetMs).toBe(0);
  expect(gauges).toHaveLength(1);
});

test("a clock that stays wrong is warned of ever more rarely, by one node or another, and anew after some peace", async () => {
  const warnedAt: number[] = [];
  for (let minute = 0; minute < 24 * 60; minute++) {
    const before = warnings.length;
    hear(2_000);
    hear(0);
    if (warnings.length > before) warnedAt.push(minute);
    await clock.advance(60_000);
  }
  expect(warnedAt.slice(0, 8)).toEqual([0, 1, 3, 7, 15, 31, 63, 123]);
  expect(warnedAt.length).toBeLessThan(32);
  await clock.advance(8 * 3_600_000);
  warnings.length = 0;
  hear(2_000);
  await clock.advance(60_000);
  hear(2_000);
  expect(warnings).toHaveLength(2);
});

test("what a slow answer may explain is not sure, and the clock may be ahead by as much more", () => {
  hear(-2_000, 400);
  expect([offset.sureMs, offset.mostMs]).toEqual([-1_800, -1_800]);
  hear(2_000, 400);
  expect([offset.sureMs, offset.mostMs]).toEqual([1_800, 2_200]);
});

test("no write is refused by a limit that the cluster's clock may not be behind", () => {
  const mostOffsetMs = () => offset.mostMs;
  const timestamps = new WriteTimestamps(clock, silentLogger, new EventHub(), {
    maxAheadMs: 500,
    mostOffsetMs,
  });
  const micros = (aheadMs: number) => BigInt(Math.round((clock.wallMs() + aheadMs) * 1000));
  // Said at once, and 1.6 s on its way.
  hear(-800, 1_600);
  timestamps.check(micros(400));
  expect(() => timestamps.check(micros(600))).toThrow(/600 ms ahead of the clock of cluster A/);
});
