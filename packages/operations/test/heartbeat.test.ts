import { helixError, type Logger, silentLogger } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { doctor, type PodReport, removeRate, setRate } from "../src/index.ts";
import { pods, setUp } from "./rig.ts";

const ANNA = { by: "anna", why: "B is slow" };

async function reportOf({ control }: ReturnType<typeof setUp>, key: string): Promise<PodReport> {
  return (await control.get(key))?.value as PodReport;
}

describe("a heartbeat", () => {
  it("says at once, and every five seconds, who the pod is and what its worker does", async () => {
    const world = setUp();
    const { worker, key, heartbeat } = pods(world)();
    await settle();
    const report = await reportOf(world, key);
    expect(report).toMatchObject({
      protocol: 1,
      id: heartbeat.id,
      host: "pod.1",
      version: "1.2.3",
      startedAtMs: world.clock.wallMs(),
      intervalMs: 5000,
      clusters: { A: { breaker: "closed", concurrency: 128 } },
    });
    worker.lanes["high.B"].applied = 7;
    await world.clock.advance(5000);
    expect((await reportOf(world, key)).lanes["high.B"]).toMatchObject({ inHand: 2, applied: 7 });
    await heartbeat.stop();
    expect([await world.control.get(key), world.clock.timers]).toEqual([undefined, 0]);
  });

  it("tells what left a lane per second, over a minute and a quarter of an hour, and how fast the lane grew", async () => {
    const world = setUp({ queueCapacity: 100_000 });
    const { worker, key } = pods(world)();
    // A quarter of an hour at 10 a second, of which the last minute at 100; two a second more come than go.
    for (let second = 1; second <= 960; second++) {
      worker.lanes["high.B"].applied += second > 900 ? 99 : 10;
      worker.lanes["high.B"].dead += second > 900 ? 1 : 0;
      await world.write("B");
      await world.write("B");
      world.clock.advanceNow(1000);
      if (second % 5 === 0) await settle();
    }
    await settle();
    const { out, growth } = (await reportOf(world, key)).lanes["high.B"];
    expect(out).toEqual({ last1Min: 100, last15Min: 16 });
    expect(growth.last1Min).toBeCloseTo(2, 1);
    expect(growth.last15Min).toBeCloseTo(2, 1);
  });

  it("is one request an interval while no rate holds, but for a look around once a minute", async () => {
    const world = setUp();
    const asked: string[] = [];
    const control = new Proxy(world.control, {
      get: (target, name: "put") => {
        const method = target[name] as unknown;
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => {
          asked.push(String(name));
          return method.apply(target, args);
        };
      },
    });
    pods(world)({ control });
    await world.clock.advance(590_000);
    expect(asked.filter((name) => name === "put")).toHaveLength(119);
    const others = asked.filter((name) => name !== "put");
    expect(others.slice(0, 2)).toEqual(["watch", "list"]);
    expect(others.slice(2)).toEqual(Array(9).fill(["get", "get", "list"]).flat());
  });

  it("of a pod that was killed is deleted by another one, some minutes later", async () => {
    const world = setUp();
    const { clock, control } = world;
    await control.put("pods.killed-1", { anything: true });
    await clock.advance(1000);
    pods(world)();
    await clock.advance(590_000);
    expect(await control.get("pods.killed-1")).toBeDefined();
    await clock.advance(620_000);
    expect(await control.get("pods.killed-1")).toBeUndefined();
  });

  it("goes on while a look at the other pods hangs", async () => {
    const world = setUp();
    const { worker, key } = pods(world)();
    await setRate(world.operated, "B", { ...ANNA, perSecond: 90 });
    world.control.list = () => new Promise(() => {});
    await world.clock.advance(30_000);
    worker.lanes["high.B"].applied = 7;
    await world.clock.advance(5000);
    expect((await reportOf(world, key)).lanes["high.B"].applied).toBe(7);
  });

  it("is small, whatever texts stand in it", async () => {
    const world = setUp();
    const { worker, key } = pods(world)({ host: "ä".repeat(10_000) });
    const text = "x".repeat(1_000_000);
    const cluster = {
      breaker: "open" as const,
      concurrency: 0,
      pausedBy: text,
      lastError: { text, atMs: 1 },
    };
    worker.clusters = { A: cluster, B: { ...cluster, shortestGrace: { table: text, gcGraceSeconds: 1 } } };
    await world.clock.advance(5000);
    const size = JSON.stringify(await reportOf(world, key)).length;
    expect(size).toBeGreaterThan(1000);
    expect(size).toBeLessThan(8000);
  });

  it("that no pod sends any more is a finding of the doctor, unless all have stopped in order", async () => {
    const world = setUp();
    const start = pods(world);
    const [first, second] = [start(), start()];
    await world.clock.advance(5000);
    const found = async () =>
      (await doctor(world.operated)).findings.filter(({ code }) => code === "pods-silent");
    expect(await found()).toEqual([]);
    await first.heartbeat.stop();
    world.clock.advanceNow(20_000);
    expect(await found()).toEqual([
      expect.objectContaining({
        harm: "standstill",
        what: expect.stringContaining("No pod has reported for 15 s"),
      }),
    ]);
    await second.heartbeat.stop();
    expect(await found()).toEqual([]);
  });

  it.each([
    ["is away", false, []],
    ["is read and stores nothing", true, ["the pod cannot say that it is there: nobody counts on it"]],
  ])(
    "says once that nobody counts on it where the store %s, unless the queue says so",
    async (_, isRead, told) => {
      const world = setUp();
      const lines: string[] = [];
      const logger: Logger = { ...silentLogger, warn: (_, line) => lines.push(line) };
      const refused = () =>
        Promise.reject(helixError("HELIX_QUEUE_UNAVAILABLE" as "HELIX_QUEUE_CLOSED", "no space left", {}));
      const control = Object.create(world.control, {
        put: { value: refused },
        get: { value: isRead ? world.control.get.bind(world.control) : refused },
        delete: { value: world.control.delete.bind(world.control) },
        watch: { value: world.control.watch.bind(world.control) },
        list: { value: world.control.list.bind(world.control) },
      });
      const { heartbeat } = pods(world)({ control, logger });
      await world.clock.advance(30_000);
      expect(lines).toEqual(told);
      await heartbeat.stop();
    },
  );

  it("goes on while the store is away, which it says once, and a stop waits for it no longer than a second", async () => {
    const world = setUp();
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_, line) => lines.push(line) };
    let isAway = true;
    const control = Object.create(world.control, {
      put: {
        value: (key: string, value: object) =>
          isAway
            ? Promise.reject(helixError("HELIX_QUEUE_CLOSED", "away", {}))
            : world.control.put(key, value),
      },
      delete: { value: () => new Promise(() => {}) },
      watch: { value: world.control.watch.bind(world.control) },
      list: { value: world.control.list.bind(world.control) },
    });
    const { heartbeat, key } = pods(world)({ control, logger });
    await world.clock.advance(30_000);
    expect(lines).toEqual(["the pod cannot say that it is there: nobody counts on it"]);
    isAway = false;
    await world.clock.advance(5000);
    expect(await world.control.get(key)).toBeDefined();
    let isStopped = false;
    void heartbeat.stop().then(() => (isStopped = true));
    await world.clock.advance(1000);
    expect([isStopped, world.clock.timers]).toEqual([true, 0]);
  });
});

describe("a rate", () => {
  it("is obeyed in shares of the pods that are alive, and in sum never for longer than an interval above it", async () => {
    const world = setUp();
    const start = pods(world);
    const first = start();
    await setRate(world.operated, "B", { ...ANNA, perSecond: 90 });
    await settle();
    expect([...first.worker.rates]).toEqual([["B", 90]]);
    const [second, third] = [start(), start()];
    await settle();
    expect(third.worker.rates.get("B")).toBe(30);
    await world.clock.advance(5000);
    expect([first, second, third].map(({ worker }) => worker.rates.get("B"))).toEqual([30, 30, 30]);
    await third.heartbeat.stop();
    await world.clock.advance(5000);
    expect([first, second].map(({ worker }) => worker.rates.get("B"))).toEqual([45, 45]);
    expect(first.worker.rates.get("A")).toBeUndefined();
  });

  it("is shared with one that was killed until three of its reports are missing", async () => {
    const world = setUp();
    const { clock, control, operated } = world;
    const first = pods(world)();
    await control.put("pods.killed-1", {});
    await setRate(operated, "B", { ...ANNA, perSecond: 90 });
    await clock.advance(14_000);
    expect(first.worker.rates.get("B")).toBe(45);
    await clock.advance(6000);
    expect(first.worker.rates.get("B")).toBe(90);
  });

  it("ends by itself, or by an order", async () => {
    const world = setUp();
    const { clock, operated } = world;
    const { worker } = pods(world)();
    const untilMs = clock.wallMs() + 7000;
    await setRate(operated, "B", { ...ANNA, perSecond: 90, untilMs });
    await clock.advance(6999);
    expect(worker.rates.get("B")).toBe(90);
    await clock.advance(1);
    expect(worker.rates.get("B")).toBeUndefined();
    await setRate(operated, "B", { ...ANNA, perSecond: 1 });
    await settle();
    expect(worker.rates.get("B")).toBe(1);
    await removeRate(operated, "B", ANNA);
    await settle();
    expect(worker.rates.get("B")).toBeUndefined();
  });

  it("goes on to hold as it was while pods cannot be counted, and where the store has lost it", async () => {
    const world = setUp();
    const { control, clock, operated } = world;
    const first = pods(world)();
    pods(world)();
    await setRate(operated, "B", { ...ANNA, perSecond: 90 });
    await clock.advance(5000);
    const list = control.list.bind(control);
    control.list = () => Promise.reject(new Error("away"));
    await clock.advance(60_000);
    expect(first.worker.rates.get("B")).toBe(45);
    control.list = list;
    await control.delete("rates");
    await settle();
    expect(await control.get("rates")).toMatchObject({ value: { B: { perSecond: 90, by: "anna" } } });
    expect(first.worker.rates.get("B")).toBe(45);
  });

  const order = { perSecond: 1, by: "a", reason: "r", sinceMs: 1 };
  it.each([
    { A: 7 },
    { B: { ...order, perSecond: 0 } },
    { B: { ...order, perSecond: "1" } },
    { B: { perSecond: 1 } },
  ])("is not taken from %j, which lies there instead", async (value) => {
    const world = setUp();
    const { worker } = pods(world)();
    await setRate(world.operated, "B", { ...ANNA, perSecond: 90 });
    await settle();
    await world.control.put("rates", value);
    await settle();
    expect(worker.rates.get("B")).toBe(90);
    await world.control.put("rates", { B: order });
    await settle();
    expect(worker.rates.get("B")).toBe(1);
  });

  it("above the ceiling, or that is none, is refused and audited", async () => {
    const { operated, records, control } = setUp();
    const order = (perSecond: number, more: object = {}) =>
      setRate({ ...operated, maxRate: 1000 }, "B", { ...ANNA, perSecond, ...more });
    await expect(order(1001)).rejects.toThrow(
      "`perSecond` to be 1000 at most, which is the ceiling here, got 1001",
    );
    for (const perSecond of [0, -1, Number.NaN, undefined, "5"]) {
      await expect(order(perSecond as number)).rejects.toThrow(/`perSecond`/);
    }
    await expect(order(5, { untilMs: 1 })).rejects.toThrow("`untilMs`");
    await expect(order(5, { why: "" })).rejects.toThrow("`reason`");
    expect(await control.get("rates")).toBeUndefined();
    expect(records.map(({ verb, refusedBy }) => [verb, refusedBy !== undefined])).toEqual(
      Array(8).fill(["set-rate", true]),
    );
    await order(1000);
    expect(records.at(-1)).toEqual({
      atMs: expect.any(Number),
      verb: "set-rate",
      subject: { cluster: "B", perSecond: 1000 },
      ...ANNA,
    });
  });

  it("that is repeated by its key is the same one, whichever pod it is given to", async () => {
    const { operated, control } = setUp();
    const order = { ...ANNA, perSecond: 5, idempotencyKey: "k1" };
    const first = await setRate(operated, "B", { ...order, revision: 0 });
    expect(await setRate(operated, "B", { ...order, revision: 0 })).toBe(first);
    expect((await control.get("rates"))?.revision).toBe(first);
    const reused = { code: "HELIX_ORDER_KEY_REUSED", cluster: "B" };
    await expect(setRate(operated, "B", { ...order, perSecond: 6 })).rejects.toMatchObject(reused);
    await expect(removeRate(operated, "B", { ...ANNA, idempotencyKey: "k1" })).rejects.toMatchObject(reused);
    const removed = await removeRate(operated, "B", { ...ANNA, revision: first, idempotencyKey: "k2" });
    expect(await removeRate(operated, "B", { ...ANNA, revision: first, idempotencyKey: "k2" })).toBe(removed);
  });

  it("over what somebody has replaced is refused, and leaves the other cluster's alone", async () => {
    const { operated, control } = setUp();
    const revision = await setRate(operated, "B", { ...ANNA, perSecond: 5 });
    await setRate(operated, "A", { ...ANNA, perSecond: 7, revision });
    await expect(setRate(operated, "B", { ...ANNA, perSecond: 6, revision })).rejects.toMatchObject({
      code: "HELIX_CONTROL_CONFLICT",
      found: { value: { A: { perSecond: 7 }, B: { perSecond: 5 } } },
    });
    expect((await control.get("rates"))?.value).toMatchObject({ A: { perSecond: 7 }, B: { perSecond: 5 } });
  });
});
