import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { drain, pause, setRate, status } from "../src/index.ts";
import { pods, setUp } from "./rig.ts";

const ANNA = { by: "ops", why: "schema change" };

describe("the status", () => {
  it("says in a sentence what was ordered, how many wait and how old the oldest is", async () => {
    const { operated, write, clock } = setUp();
    for (let n = 0; n < 1200; n++) await write("B", { priority: n % 2 ? "low" : "high" });
    await clock.advance(240_000);
    await pause(operated, "B", { ...ANNA, untilMs: Date.UTC(2025, 10, 24, 17) });
    const { clusters } = await status(operated);
    expect([clusters.A.sentence, clusters.B.sentence]).toEqual([
      "A: open; nothing waits",
      "B: paused by ops, schema change, until 17:00 UTC; 1,200 waiting, the oldest 4 min",
    ]);
  });

  it("counts each lane", async () => {
    const { operated, write, clock } = setUp();
    await write("B");
    await write("B", { priority: "low" });
    await clock.advance(500);
    const counts = { depth: 1, pending: 1, inHand: 0, inBackOff: 0, stuck: 0, oldestAgeMs: 500 };
    expect((await status(operated)).clusters.B.lanes).toMatchObject([
      { lane: "high.B", priority: "high", ...counts },
      { lane: "low.B", priority: "low", ...counts },
    ]);
  });

  it("names the day of an end that is not today, and the clusters as they are called", async () => {
    const { operated } = setUp();
    await pause(operated, "A", { ...ANNA, untilMs: Date.UTC(2025, 11, 1, 9, 30) });
    const { clusters } = await status({ ...operated, clusterNames: { A: "us_east" } });
    expect(clusters.A.sentence).toBe(
      "us_east: paused by ops, schema change, until 2025-12-01 09:30 UTC; nothing waits",
    );
  });

  it("says what it could not read, and the rest all the same", async () => {
    const { operated } = setUp();
    const away = async () => {
      throw new Error("a value");
    };
    await pause(operated, "B", ANNA);
    const noQueue = await status({ ...operated, queue: { ...operated.queue, depths: away } as never });
    expect(noQueue.unread).toEqual([{ part: "lanes", error: "Error" }]);
    expect(noQueue.clusters.B.sentence).toBe("B: paused by ops, schema change; what waits is not known");
    const noControl = await status({ ...operated, control: { get: away, list: away } as never });
    expect(noControl.unread.map(({ part }) => part)).toEqual(["gates", "rates", "pods"]);
    expect(noControl.clusters.B.sentence).toBe("B: what is ordered is not known; nothing waits");
    await operated.control.put("gates", { B: "shut" });
    const { unread, clusters } = await status(operated);
    expect(unread).toEqual([{ part: "gates", error: "what lies in the store as gates are none" }]);
    expect(clusters.B.gate).toBeUndefined();
  });
});

/** A pod that takes `perSecond` out of each second, while `written` a second come in. */
async function traffic(world: ReturnType<typeof setUp>, seconds: number, written: number, taken: () => void) {
  for (let second = 0; second < seconds; second++) {
    for (let n = 0; n < written; n++) await world.write("B");
    taken();
    await world.clock.advance(1000);
  }
}

/** Takes messages out of a lane of the queue, as a worker does. */
async function take(world: ReturnType<typeof setUp>, count: number) {
  let left = count;
  const source = world.queue.open("high.B", (message) => {
    left--;
    void message.ack();
  });
  source.demand(count);
  while (left > 0) await settle();
  await source.stop();
}

describe("what goes on", () => {
  it("is the sum of what all pods take out, and what came is told by how the lanes grew", async () => {
    const world = setUp({ queueCapacity: 100_000 });
    const start = pods(world);
    const [first, second] = [start(), start()];
    await traffic(world, 90, 3, () => {
      first.worker.lanes["high.B"].applied += 2;
      second.worker.lanes["high.B"].applied += 3;
    });
    const { clusters } = await status(world.operated);
    expect(clusters.B.out).toEqual({ last1Min: 5, last15Min: 5 });
    expect(clusters.B.in.last1Min).toBeCloseTo(8, 1);
    expect(clusters.B.outlook).toBe("growing");
    expect(clusters.B.sentence).toBe("B: replaying 5/s; 270 waiting, the oldest 90 s; growing by 3/s");
    expect(clusters.A.sentence).toBe("A: open; nothing waits");
  });

  it.each([
    [2, 3, "replaying 2/s, 3/s become dead letters"],
    [0, 3, "3/s become dead letters"],
  ])("says of %i applied and %i dead a second which is which", async (applied, dead, words) => {
    const world = setUp({ queueCapacity: 100_000 });
    const { worker } = pods(world)();
    await traffic(world, 90, 0, () => {
      worker.lanes["high.B"].applied += applied;
      worker.lanes["high.B"].dead += dead;
    });
    const { B } = (await status(world.operated)).clusters;
    expect([B.sentence, B.out.last1Min]).toEqual([`B: ${words}; nothing waits`, applied + dead]);
  });

  it("foretells when a lane is drained, and nothing while its cluster is paused or away", async () => {
    const world = setUp({ queueCapacity: 100_000 });
    const { worker } = pods(world)();
    for (let n = 0; n < 2000; n++) await world.write("B");
    for (let second = 0; second < 90; second++) {
      await take(world, 10);
      worker.lanes["high.B"].applied += 10;
      await world.clock.advance(1000);
    }
    const { B } = (await status(world.operated)).clusters;
    expect(B).toMatchObject({ outlook: "draining", depth: 1100, in: { last1Min: 0 }, out: { last1Min: 10 } });
    expect(B.drainedInMs).toBeCloseTo(110_000, -3);
    expect(B.sentence).toBe("B: replaying 10/s; 1,100 waiting, the oldest 90 s; drained in about 110 s");
    await pause(world.operated, "B", ANNA);
    const paused = (await status(world.operated)).clusters.B;
    expect([paused.outlook, paused.drainedInMs]).toEqual(["held", undefined]);
    expect(paused.sentence).toBe("B: paused by ops, schema change; 1,100 waiting, the oldest 90 s");
  });

  it("says since when a cluster is away, and why, for how many pods, and the last error where it is there", async () => {
    const world = setUp();
    const start = pods(world);
    const [first, second] = [start(), start()];
    await world.write("B");
    const sinceMs = world.clock.wallMs();
    const open = { breaker: "open" as const, breakerSinceMs: sinceMs, concurrency: 0 };
    const lastError = { text: "no host is there", atMs: sinceMs + 1000 };
    const { A } = first.worker.clusters;
    first.worker.clusters = { A, B: { ...open, lastError } };
    await world.clock.advance(60_000);
    const sentence = async () => (await status(world.operated)).clusters.B.sentence;
    expect(await sentence()).toBe(
      "B: away for 1 of 2 pods; 1 waiting, the oldest 60 s; last error 59 s ago: no host is there",
    );
    second.worker.clusters = { A, B: { ...open, breaker: "half-open" } };
    await world.clock.advance(30_000);
    expect(await sentence()).toBe("B: away for 90 s (no host is there); 1 waiting, the oldest 90 s");
    const { breaker, lastError: told, outlook } = (await status(world.operated)).clusters.B;
    expect(breaker).toEqual({ state: "open", openPods: 2, pods: 2, openForMs: 90_000 });
    expect([told, outlook]).toEqual([{ ...lastError, pod: first.heartbeat.id }, "held"]);
  });

  it("says at which rate a cluster is served, by whom, why and until when, and not when that is over", async () => {
    const world = setUp();
    pods(world)();
    const untilMs = Date.UTC(2025, 10, 24, 17);
    await setRate(world.operated, "B", { ...ANNA, perSecond: 90, untilMs });
    const { clusters, revisions } = await status(world.operated);
    expect(clusters.B.sentence).toBe(
      "B: open; at most 90/s by ops, schema change, until 17:00 UTC; nothing waits",
    );
    expect(clusters.B.rate).toMatchObject({ perSecond: 90, ...ANNA, untilMs });
    expect(revisions.rates).toBe((await world.control.get("rates"))?.revision);
    await world.clock.advance(untilMs - world.clock.wallMs());
    expect((await status(world.operated)).clusters.B.rate).toBeUndefined();
  });

  it("tells of each pod, of one that was killed that it is silent, and some minutes later nothing", async () => {
    const world = setUp();
    const start = pods(world);
    const [alive, killed] = [start(), start()];
    await world.clock.advance(1000);
    const report = (await world.control.get(killed.key))?.value as object;
    await killed.heartbeat.stop();
    await world.control.put(killed.key, report);
    const listed = async () => {
      const { pods: all } = await status(world.operated);
      return all.map(({ id, isAlive }) => [id, isAlive]);
    };
    const [one, other] = [alive.heartbeat.id, killed.heartbeat.id];
    expect(await listed()).toEqual([
      [one, true],
      [other, true],
    ]);
    await world.clock.advance(15_000);
    expect(await listed()).toEqual([
      [one, true],
      [other, false],
    ]);
    await world.clock.advance(600_000);
    expect(await listed()).toEqual([[one, true]]);
  });

  it("takes what pods have delayed for back-off, what they hold for in hand, and what they have handed back for pending", async () => {
    const world = setUp();
    const { worker } = pods(world)();
    const depth = { lane: "high.B", pending: 0, inFlight: 7, delayed: 0, stuck: 0 } as const;
    const queue = { traits: world.queue.traits, depths: async () => [depth] };
    expect(worker.lanes["high.B"].inHand).toBe(2);
    const source = world.queue.open("high.B", (message) => void message.release({ delayMs: 60_000 }));
    source.demand(4);
    for (let n = 0; n < 4; n++) await world.write("B");
    await world.clock.advance(20_000);
    const [lane] = (await status({ ...world.operated, queue })).clusters.B.lanes;
    expect(lane).toMatchObject({ depth: 7, pending: 1, inHand: 2, inBackOff: 4 });
  });

  it("counts what a pod held that is gone as in hand until others get it", async () => {
    const world = setUp();
    const start = pods(world);
    const [, killed] = [start(), start()];
    await world.clock.advance(1000);
    const report = (await world.control.get(killed.key))?.value as object;
    await killed.heartbeat.stop();
    await world.control.put(killed.key, report);
    const depth = { lane: "high.B", pending: 1, inFlight: 4, delayed: 0, stuck: 0 } as const;
    const queue = { traits: { ...world.queue.traits, leaseMs: 30_000 }, depths: async () => [depth] };
    const lane = async () => (await status({ ...world.operated, queue })).clusters.B.lanes[0];
    await world.clock.advance(29_000);
    expect(await lane()).toMatchObject({ depth: 5, pending: 1, inHand: 4 });
    await world.clock.advance(1_000);
    expect(await lane()).toMatchObject({ depth: 5, pending: 3, inHand: 2 });
  });

  it("takes all that is owed for in hand where it cannot be read who is there", async () => {
    const { operated, queue } = setUp();
    const depth = { lane: "high.B", pending: 1, inFlight: 7, delayed: 0, stuck: 0 } as const;
    const list = async () => {
      throw new Error("away");
    };
    const { clusters } = await status({
      ...operated,
      queue: { traits: queue.traits, depths: async () => [depth] },
      control: { ...operated.control, get: async () => undefined, list } as never,
    });
    expect(clusters.B.lanes).toMatchObject([{ depth: 8, pending: 1, inHand: 7 }]);
  });

  it("is plain data, the same after it was JSON", async () => {
    const world = setUp();
    pods(world)();
    await world.write("B");
    await drain(world.operated, "B", ANNA);
    await world.clock.advance(20_000);
    const told = await status(world.operated);
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
    expect(JSON.stringify(told)).not.toContain("secret");
  });

  it.each([null, 7, {}, { protocol: 1, lanes: {}, clusters: {} }, { protocol: 1, id: "x".repeat(501) }])(
    "believes no report such as %j, and counts its pod all the same",
    async (value) => {
      const world = setUp();
      const { worker } = pods(world)();
      await world.control.put("pods.odd", { ...Object(value) });
      await setRate(world.operated, "B", { ...ANNA, perSecond: 90 });
      await world.clock.advance(5000);
      const told = await status(world.operated);
      expect([told.pods.length, told.unread, worker.rates.get("B")]).toEqual([1, [], 45]);
    },
  );

  it("takes a report for none if anything in it is of another kind", async () => {
    const world = setUp();
    const { key, worker } = pods(world)();
    const lastError = { text: "no host is there", atMs: 1 };
    const more = { pausedBy: "ops", perSecond: 1, shortestGrace: { table: "shop.carts", gcGraceSeconds: 1 } };
    const cluster = { breaker: "open" as const, breakerSinceMs: 1, concurrency: 0, lastError, ...more };
    worker.clusters = { A: cluster, B: cluster };
    await world.clock.advance(30_000);
    const report = (await world.control.get(key))?.value as Record<string, Record<string, unknown>>;
    const paths = pathsOf(report);
    expect(paths.length).toBeGreaterThan(60);
    for (const path of paths) {
      await world.control.put("pods.copy", withAt(report, path, []));
      const { pods: all } = await status(world.operated);
      expect([path.join("."), all.length]).toEqual([path.join("."), 1]);
    }
  });
});

/** All that is no object. */
function pathsOf(value: unknown, at: readonly string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [[...at]];
  return Object.entries(value).flatMap(([key, one]) => pathsOf(one, [...at, key]));
}

function withAt(value: unknown, [key, ...rest]: readonly string[], by: unknown): object {
  if (key === undefined) return by as object;
  const fields = value as Readonly<Record<string, unknown>>;
  return { ...fields, [key]: withAt(fields[key], rest, by) };
}
