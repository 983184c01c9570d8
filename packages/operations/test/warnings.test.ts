import {
  LANES,
  type Logger,
  METRICS,
  type Metrics,
  type QueueRoom,
  silentLogger,
  silentMetrics,
} from "@helix/core";
import { describe, expect, it } from "vitest";
import { status } from "../src/index.ts";
import { pods, setUp } from "./rig.ts";

const HOUR_MS = 3_600_000;

async function warned(world: ReturnType<typeof setUp>, queue: object = {}) {
  const { warnings } = await status({ ...world.operated, queue: { ...watched(world), ...queue } });
  for (const { code } of warnings) expect(METRICS.helix_warning.results).toContain(code);
  return warnings;
}

function watched({ queue }: ReturnType<typeof setUp>) {
  return { depths: () => queue.depths(), room: () => queue.room(), traits: queue.traits };
}

describe("a warning", () => {
  it("comes at 80 % of a limit, with when it is full if it goes on", async () => {
    const world = setUp({ queueCapacity: 1000 });
    for (let n = 0; n < 739; n++) await world.write("A");
    pods(world)();
    for (let second = 0; second < 60; second++) {
      await world.write("B");
      await world.clock.advance(1000);
    }
    expect(await warned(world)).toEqual([]);
    await world.write("B");
    expect(await warned(world)).toMatchObject([
      {
        code: "lanes-nearly-full",
        sentence:
          "the queue: 800 of 1,000 messages (80 %), full in 3 min; full, it takes nothing more, and what a cluster misses is not queued",
      },
    ]);
    const [{ inMs = 0 } = {}] = await warned(world);
    expect(inMs).toBeCloseTo(200_000, -4);
  });

  it("names the lane whose own limit it is, and has bytes by what a message has on the average", async () => {
    const world = setUp();
    pods(world)();
    for (let second = 0; second < 60; second++) {
      await world.write("B");
      await world.clock.advance(1000);
    }
    const room: QueueRoom[] = [
      { of: "lanes", lanes: ["high.B"], unit: "messages", used: 90, messages: 90, capacity: 100 },
      { of: "lanes", lanes: LANES, unit: "bytes", used: 9e6, messages: 90, capacity: 1e7 },
      { of: "lanes", lanes: LANES, unit: "messages", used: 79, messages: 79, capacity: 100 },
    ];
    const found = await warned(world, { room: async () => room });
    expect(found.map(({ lane, sentence }) => [lane, sentence.split(";")[0]])).toEqual([
      ["high.B", "lane high.B: 90 of 100 messages (90 %), full in 10 s"],
      [undefined, "the queue: 9,000,000 of 10,000,000 bytes (90 %), full in 10 s"],
    ]);
  });

  it("is of the dead letters too, by how many die", async () => {
    const world = setUp();
    const { worker } = pods(world)();
    for (let second = 0; second < 70; second++) {
      worker.lanes["low.A"].dead += 2;
      await world.clock.advance(1000);
    }
    const room: QueueRoom = {
      of: "dead-letters",
      lanes: LANES,
      unit: "messages",
      used: 880,
      messages: 880,
      capacity: 1000,
    };
    expect(await warned(world, { room: async () => [room] })).toEqual([
      {
        code: "dead-letters-nearly-full",
        sentence:
          "the dead letters: 880 of 1,000 messages (88 %), full in 60 s; full, what cannot be replayed stays in its lane",
        inMs: 60_000,
      },
    ]);
  });

  it("comes at half of the retention, and of gc_grace_seconds where a pod knows it", async () => {
    const world = setUp();
    const { worker } = pods(world)();
    const { A, B } = worker.clusters;
    worker.clusters = { A, B: { ...B, shortestGrace: { table: "shop.carts", gcGraceSeconds: 10 * 3600 } } };
    await world.write("B");
    await world.clock.advance(5 * HOUR_MS - 1);
    const traits = { ...world.queue.traits, retentionMs: 24 * HOUR_MS };
    const codes = async () =>
      (await warned(world, { traits })).map(({ code, cluster, inMs }) => [code, cluster, inMs]);
    expect(await codes()).toEqual([]);
    await world.clock.advance(1);
    expect(await codes()).toEqual([["half-of-gc-grace", "B", 5 * HOUR_MS]]);
    await world.clock.advance(7 * HOUR_MS);
    expect(await codes()).toEqual([
      ["half-of-retention", "B", 12 * HOUR_MS],
      ["half-of-gc-grace", "B", 0],
    ]);
    const [, grace] = await warned(world, { traits });
    expect(grace?.sentence).toBe(
      "B: the oldest write has waited for 12.0 h, and shop.carts remembers its deletes for 10.0 h (gc_grace_seconds); then what is for it becomes a dead letter (too-old)",
    );
  });

  it("comes where writes are refused for minutes for what a cluster may get, with what that is", async () => {
    const world = setUp();
    const { worker } = pods(world)();
    const { A, B } = worker.clusters;
    const text = "Undefined column name phone in table shop.users";
    const refusedWrites = { tables: "shop.users", text, sinceMs: world.clock.wallMs() };
    worker.clusters = { A, B: { ...B, refusedWrites } };
    await world.write("B");
    await world.clock.advance(299_999);
    expect(await warned(world)).toEqual([]);
    await world.clock.advance(1);
    expect(await warned(world)).toEqual([
      {
        code: "failing-again",
        cluster: "B",
        sentence: `B: writes to shop.users have been refused for 5 min, and wait until that is cured: ${text}`,
      },
    ]);
    worker.clusters = { A, B };
    await world.clock.advance(10_000);
    expect(await warned(world)).toEqual([]);
  });

  it("comes where something waits and no pod is there, or is stuck, and nowhere where nothing waits", async () => {
    const world = setUp();
    expect(await warned(world)).toEqual([]);
    await world.write("B");
    expect(await warned(world)).toMatchObject([{ code: "nobody-replays", cluster: "B" }]);
    const { heartbeat } = pods(world)();
    await world.clock.advance(1);
    expect(await warned(world)).toEqual([]);
    const depth = { lane: "low.A" as const, pending: 0, inFlight: 0, delayed: 0, stuck: 3 };
    expect(await warned(world, { depths: async () => [depth] })).toMatchObject([
      { code: "stuck", cluster: "A", lane: "low.A" },
    ]);
    await heartbeat.stop();
  });

  it("is what pods have against their queue, each text once, and no longer when they are gone or it is over", async () => {
    const world = setUp();
    const against: { warning?: string | undefined } = {};
    const start = pods(world);
    const queue = (warning: () => string | undefined) =>
      Object.defineProperty({ ...watched(world) }, "warning", { get: warning });
    const changed = "stream s: `max_age` is 3600000 ms, expected 0 ms";
    for (let pod = 0; pod < 3; pod++) start({ host: `pod-${pod}`, queue: queue(() => against.warning) });
    const other = start({ host: "other", queue: queue(() => "its keys are missing".padEnd(1000, "!")) });
    await world.clock.advance(5000);
    expect(await warned(world)).toMatchObject([
      { code: "queue-warning", sentence: expect.stringMatching(/^other: its keys/) },
    ]);
    against.warning = changed;
    await world.clock.advance(5000);
    const [told] = await warned(world);
    expect(told?.sentence).toContain(`pod-0 and 2 more: ${changed}`);
    expect(told?.sentence.length).toBeLessThan(500);
    await other.heartbeat.stop();
    against.warning = undefined;
    await world.clock.advance(5000);
    expect(await warned(world)).toEqual([]);
  });

  it("is a log line and a gauge of the pod that has been there for the longest, once, and another one when it is over", async () => {
    const world = setUp({ queueCapacity: 10 });
    const lines: [string, string][] = [];
    const gauges: unknown[][] = [];
    const metricsOf = (pod: string): Metrics => ({
      ...silentMetrics,
      gauge: (name, labels, value) => gauges.push([pod, name, labels, value]),
    });
    const loggerOf = (pod: string): Logger => ({
      ...silentLogger,
      info: (_, line) => lines.push([pod, line]),
      warn: (_, line) => lines.push([pod, line]),
    });
    const start = pods(world);
    const first = start({ logger: loggerOf("first"), metrics: metricsOf("first") });
    await world.clock.advance(1000);
    start({ logger: loggerOf("second"), metrics: metricsOf("second") });
    for (let n = 0; n < 9; n++) await world.write("B");
    await world.clock.advance(300_000);
    expect(lines).toEqual([["first", expect.stringMatching(/^the queue: 9 of 10 messages \(90 %\)/)]]);
    world.queue.drainAll();
    await world.clock.advance(60_000);
    expect(lines.slice(1)).toEqual([["first", "a warning is over"]]);
    for (let n = 0; n < 9; n++) await world.write("B");
    await first.heartbeat.stop();
    await world.clock.advance(60_000);
    expect(lines.slice(2).map(([pod]) => pod)).toEqual(["second"]);
    const labels = { cluster: undefined, result: "lanes-nearly-full" };
    expect(gauges).toEqual([
      ["first", "helix_warning", labels, 1],
      ["first", "helix_warning", labels, 0],
      ["second", "helix_warning", labels, 1],
    ]);
  });

  it("has the lane whose own it is in its gauge", async () => {
    const world = setUp();
    const gauges: unknown[] = [];
    const room: QueueRoom = {
      of: "lanes",
      lanes: ["low.B"],
      unit: "messages",
      used: 9,
      messages: 9,
      capacity: 10,
    };
    const queue = { ...watched(world), room: async () => [room] };
    pods(world)({
      queue,
      metrics: { ...silentMetrics, gauge: (_, labels, value) => gauges.push([labels, value]) },
    });
    await world.clock.advance(60_000);
    expect(gauges).toEqual([[{ cluster: "B", priority: "low", result: "lanes-nearly-full" }, 1]]);
  });
});
