import { LocalClusterGate, type Metrics } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { CountedGate, failure, hang, payload, payloads, startRig } from "./rig.ts";

describe("a pause", () => {
  it("hands back what is in hand at no cost, demands nothing, and lets what executes finish", async () => {
    const ends: (() => void)[] = [];
    const { queue, worker, executions, timers } = await startRig({
      concurrency: 2,
      traits: { leaseMs: 30_000 },
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    queue.put(...payloads(20), ...payloads(20, { priority: "low" }));
    await settle();
    worker.pause("A", "schema change");
    await settle();
    expect([queue.inHand.size, queue.demands["high.A"], queue.demands["low.A"]]).toEqual([2, 0, 0]);
    expect(queue.settlements.every(({ delayMs, attempts }) => delayMs === 0 && attempts === undefined)).toBe(
      true,
    );
    for (const end of ends) end();
    await settle();
    expect([queue.count("ack"), executions.length, queue.size, timers()]).toEqual([2, 2, 38, 0]);
  });

  it("is of one cluster, has a reason, and ends with resume", async () => {
    const gauges: unknown[] = [];
    const metrics: Metrics = {
      increment() {},
      observe() {},
      gauge: (name, { cluster }, value) => name === "helix_paused" && gauges.push([cluster, value]),
    };
    const { queue, worker, record } = await startRig({ metrics });
    const paused = record("cluster:paused");
    const resumed = record("cluster:resumed");
    worker.pause("B", "repair");
    worker.pause("B", "repair");
    queue.put(...payloads(3), ...payloads(3, { targetCluster: "B" }));
    await settle();
    expect([queue.count("ack", "A"), queue.count("ack", "B"), worker.pausedBy("B")]).toEqual([
      3,
      0,
      "repair",
    ]);
    worker.resume("B");
    worker.resume("B");
    await settle();
    expect([queue.count("ack", "B"), worker.pausedBy("B")]).toEqual([3, undefined]);
    expect([paused, resumed]).toEqual([[{ cluster: "B", reason: "repair" }], [{ cluster: "B" }]]);
    expect(gauges).toEqual([
      ["A", 0],
      ["B", 0],
      ["B", 1],
      ["B", 0],
    ]);
  });

  it("outlives a stop, and may be made before the first start", async () => {
    const { queue, worker } = await startRig();
    await worker.stop();
    worker.pause("A", "later");
    await worker.start();
    queue.put(payload());
    await settle();
    expect(queue.count("ack")).toBe(0);
    await worker.stop();
    await worker.start();
    await settle();
    expect(queue.count("ack")).toBe(0);
    worker.resume("A");
    await settle();
    expect(queue.count("ack")).toBe(1);
  });

  it("hands back what arrives after it", async () => {
    const { queue, worker, executions } = await startRig();
    worker.pause("A", "x");
    queue.deliverLate(queue.listener("high.A"), payload());
    await settle();
    expect([queue.count("release"), queue.inHand.size, executions.length]).toEqual([1, 0, 0]);
  });

  it("holds an outage still: no timer, no trial, and the trial comes after it", async () => {
    let isAway = true;
    const { queue, clock, worker, executions, timers } = await startRig({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    queue.put(payload());
    await settle();
    worker.pause("A", "x");
    expect(timers()).toBe(0);
    await clock.advance(600_000);
    expect([executions.length, timers()]).toEqual([1, 0]);
    isAway = false;
    worker.resume("A");
    await settle();
    expect(queue.count("ack")).toBe(1);
  });

  it("takes back what was asked of the queue for a trial that was due", async () => {
    const { queue, clock, worker } = await startRig({
      execute: () => Promise.reject(failure("unavailable")),
    });
    queue.put(payload());
    await clock.advance(150);
    expect([queue.demands["high.A"], queue.demands["low.A"]]).toEqual([1, 1]);
    worker.pause("A", "x");
    await settle();
    expect([queue.demands["high.A"], queue.demands["low.A"]]).toEqual([0, 0]);
  });

  it.each([
    [() => ["C", "x"], 'Expected `cluster` to be "A" or "B"'],
    [() => ["A", ""], "Expected `reason` to be a string that is not empty"],
    [() => ["A"], "Expected `reason` to be a string"],
  ])("refuses what is none", async (args, message) => {
    const { worker } = await startRig();
    const pause = worker.pause.bind(worker) as (...args: string[]) => void;
    expect(() => pause(...args())).toThrow(new RegExp(message));
    expect(() => worker.resume("C" as "A")).toThrow(TypeError);
    expect(worker.pausedBy("A")).toBeUndefined();
  });
});

describe("a gate", () => {
  it.each(["drained", "paused"] as const)(
    "that is %s stops the replay to its cluster, and only to it",
    async (state) => {
      const gate = new LocalClusterGate();
      gate.set("A", state);
      const { queue, record } = await startRig({ gate });
      const resumed = record("cluster:resumed");
      queue.put(...payloads(3), ...payloads(3, { targetCluster: "B" }));
      await settle();
      expect([queue.count("ack", "A"), queue.count("ack", "B"), queue.inHand.size]).toEqual([0, 3, 0]);
      gate.set("A", "open");
      await settle();
      expect([queue.count("ack", "A"), resumed]).toEqual([3, [{ cluster: "A" }]]);
    },
  );

  it("and a pause must both allow it", async () => {
    const gate = new LocalClusterGate();
    const { queue, worker, record } = await startRig({ gate });
    const paused = record("cluster:paused");
    const resumed = record("cluster:resumed");
    worker.pause("A", "by hand");
    gate.set("A", "drained");
    worker.resume("A");
    queue.put(payload());
    await settle();
    expect([queue.count("ack"), worker.pausedBy("A"), resumed]).toEqual([0, "drained", []]);
    gate.set("A", "open");
    await settle();
    expect([queue.count("ack"), paused.map(({ reason }) => reason)]).toEqual([1, ["by hand", "drained"]]);
  });

  it("is not listened to while the worker is stopped, and what changed meanwhile holds at the next start", async () => {
    const gate = new CountedGate();
    const { queue, worker } = await startRig({ gate, execute: hang });
    expect(gate.listeners).toBe(1);
    await worker.stop();
    expect(gate.listeners).toBe(0);
    gate.set("A", "paused");
    queue.put(payload());
    await worker.start();
    await settle();
    expect([gate.listeners, queue.inHand.size]).toEqual([1, 0]);
  });
});
