import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { executedIds, failure, payload, payloads, startRig } from "./rig.ts";

describe("a rate limit", () => {
  it("is of executions per second, for each cluster by itself", async () => {
    const { queue, clock } = await startRig({ rateLimit: 50 });
    queue.put(...payloads(1000), ...payloads(1000, { targetCluster: "B" }));
    await clock.advance(10_000);
    for (const cluster of ["A", "B"] as const) {
      expect(queue.count("ack", cluster)).toBeGreaterThanOrEqual(498);
      expect(queue.count("ack", cluster)).toBeLessThanOrEqual(505);
    }
  });

  it("lets a tenth of it start at once after a rest, no more", async () => {
    const { queue, clock, executions } = await startRig({ rateLimit: 100 });
    await clock.advance(60_000);
    queue.put(...payloads(100));
    await settle();
    expect(executions).toHaveLength(10);
  });

  it("of less than one per second is kept as well", async () => {
    const { queue, clock } = await startRig({ rateLimit: 0.1 });
    queue.put(...payloads(100));
    await clock.advance(60_000);
    expect(queue.count("ack")).toBe(7);
  });

  it("holds what may start and eight more of each lane, and has no timer without messages", async () => {
    const { queue, clock, timers } = await startRig({ rateLimit: 1 });
    queue.put(...payloads(100), ...payloads(100, { priority: "low" }));
    await settle();
    expect([queue.inHand.size <= 2 * (1 + 8), timers()]).toEqual([true, 1]);
    await clock.advance(300_000);
    expect([queue.count("ack"), timers()]).toEqual([200, 0]);
  });

  it("keeps the priorities", async () => {
    const { queue, clock, executions } = await startRig({ rateLimit: 10, strictPriority: true });
    const low = Array.from({ length: 10 }, (_, n) => payload({ name: `low${n}`, priority: "low" }));
    queue.put(...low, ...payloads(10));
    await clock.advance(10_000);
    const order = executedIds(executions).map((id) => id.startsWith("low"));
    expect(order).toEqual([...Array(10).fill(false), ...Array(10).fill(true)]);
  });

  it("holds for suspects too, and leaves the others their part", async () => {
    const { queue, clock, executions } = await startRig({ rateLimit: 10 });
    for (let n = 0; n < 100; n++) queue.putKnown(payload({ name: `suspect${n}` }), { suspect: true });
    queue.put(...payloads(200));
    await settle();
    // One of each may start, the second on account of what comes later.
    expect(executions.length).toBeLessThanOrEqual(2);
    await clock.advance(10_000);
    const acks = queue.settlements.filter(({ kind }) => kind === "ack");
    expect(acks.length).toBeLessThanOrEqual(103);
    expect(acks.filter(({ id }) => id.startsWith("p")).length).toBeGreaterThanOrEqual(45);
  });

  it("is changed while it runs, for one cluster or both, and taken away", async () => {
    const { queue, clock, worker } = await startRig();
    worker.setRateLimit(undefined, 1);
    worker.setRateLimit("B", 10);
    queue.put(...payloads(200), ...payloads(200, { targetCluster: "B" }));
    await clock.advance(10_000);
    expect([queue.count("ack", "A"), queue.count("ack", "B")]).toEqual([11, 101]);
    worker.setRateLimit("A", undefined);
    await settle();
    expect([queue.count("ack", "A"), queue.count("ack", "B")]).toEqual([200, 101]);
  });

  it("is seen in the metrics, and each change of it", async () => {
    const gauges: unknown[] = [];
    const { worker } = await startRig({
      rateLimit: 50,
      metrics: {
        increment() {},
        observe() {},
        gauge: (name, { cluster }, value) => name === "helix_rate_limit" && gauges.push([cluster, value]),
      },
    });
    worker.setRateLimit("B", 10);
    worker.setRateLimit(undefined, undefined);
    expect(gauges).toEqual([
      ["A", 50],
      ["B", 50],
      ["B", 10],
      ["A", Infinity],
      ["B", Infinity],
    ]);
  });

  it("takes effect at once where the old one would have waited for long", async () => {
    const { queue, clock, worker } = await startRig({ rateLimit: 0.001 });
    queue.put(...payloads(3));
    await settle();
    expect(queue.count("ack")).toBe(1);
    worker.setRateLimit("A", 1000);
    await clock.advance(3);
    expect(queue.count("ack")).toBe(3);
  });

  it("delays no trial of a cluster that is away", async () => {
    let isAway = true;
    const { queue, clock } = await startRig({
      rateLimit: 0.001,
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    queue.put(...payloads(2));
    await settle();
    isAway = false;
    await clock.advance(300);
    expect(queue.count("ack")).toBe(1);
  });

  it("leaves no timer after a stop", async () => {
    const { queue, worker, timers } = await startRig({ rateLimit: 1 });
    queue.put(...payloads(10));
    await settle();
    await worker.stop();
    expect([timers(), queue.inHand.size]).toEqual([0, 0]);
  });

  it.each([
    ["C", 1, TypeError, 'Expected `cluster` to be "A" or "B"'],
    ["A", 0, RangeError, "Expected `perSecond` to be a number from 0.001 to 1000000"],
    [undefined, "5", TypeError, "Expected `perSecond` to be"],
  ])("refuses %o at %o", async (cluster, limit, type, message) => {
    const { worker } = await startRig();
    const change = () => worker.setRateLimit(cluster as "A", limit as number);
    expect(change).toThrow(type);
    expect(change).toThrow(message);
  });
});
