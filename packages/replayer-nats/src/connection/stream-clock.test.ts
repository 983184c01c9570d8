import { EventHub, type QueueEvents, silentMetrics } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
import { StreamClock } from "./stream-clock.ts";

/** Of a server whose clock is ahead by as much; an answer takes as long as it is told. */
function rig() {
  const clock = new ManualClock();
  const shift = { wallMs: 0 };
  const log: string[] = [];
  const at = (level: string) => (_: object, text: string) => void log.push(`${level}: ${text}`);
  const logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const events = new EventHub<QueueEvents>(() => {});
  const told: number[] = [];
  events.on("queue:clock:differs", ({ offsetMs }) => told.push(offsetMs));
  const gauges: unknown[] = [];
  const metrics = { ...silentMetrics, gauge: (...told: unknown[]) => void gauges.push(told) };
  const mine = {
    wallMs: () => clock.wallMs() + shift.wallMs,
    monotonicMs: () => clock.monotonicMs(),
    setTimer: clock.setTimer.bind(clock),
  };
  const stream = new StreamClock({ clock: mine, logger, metrics, events });
  const hear = (aheadMs: number, tookMs = 0) =>
    stream.learn(async () => {
      const ts = new Date(clock.wallMs() + aheadMs).toISOString();
      await clock.advance(tookMs);
      return { ts };
    });
  return { clock, mine, shift, stream, hear, log, told, gauges };
}

test("before the server's clock was heard it is this process's", () => {
  const { stream, mine } = rig();
  expect([stream.nowMs() - mine.wallMs(), stream.isTrusted, stream.warning]).toEqual([0, true, undefined]);
});

test("an answer without a time, or with one that is none, teaches nothing", async () => {
  const { stream, mine } = rig();
  for (const ts of [undefined, "", "soon", 17, null]) await stream.learn(async () => ({ ts }));
  expect(stream.nowMs()).toBe(mine.wallMs());
});

test("each time that the server's clock is heard a gauge has by how much it is ahead", async () => {
  const { hear, gauges } = rig();
  await hear(5000);
  await hear(-250);
  expect(gauges).toEqual([
    ["helix_queue_clock_offset_seconds", {}, 5],
    ["helix_queue_clock_offset_seconds", {}, -0.25],
  ]);
});

test("the server's time goes on though the wall clock of this process jumps", async () => {
  const { stream, hear, clock, shift } = rig();
  await hear(5000);
  shift.wallMs = 90_000_000;
  await clock.advance(1000);
  expect(stream.nowMs()).toBe(clock.wallMs() + 5000);
});

test("more than a minute apart is told once, as an error and an event, and that it is over", async () => {
  const { stream, hear, log, told } = rig();
  await hear(60_000);
  expect([stream.isTrusted, log]).toEqual([true, []]);
  await hear(60_001);
  await hear(60_002);
  expect([stream.isTrusted, told]).toEqual([false, [60_001]]);
  expect(log).toEqual([
    expect.stringMatching(/^error: .*60 s behind that of the NATS server: no message expires/),
  ]);
  await hear(-10);
  expect([stream.isTrusted, log.at(-1)]).toEqual([true, expect.stringMatching(/^info: .*agree again/)]);
});

test("an answer to a process that stood still teaches nothing", async () => {
  const { stream, hear } = rig();
  await hear(0, 120_000);
  expect(stream.isTrusted).toBe(true);
});
