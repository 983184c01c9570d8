import { type ReplayPayload, silentMetrics } from "@helix/core";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { ReplayWorker } from "../src/index.ts";
import { PolledQueue } from "./polled-queue.ts";
import { executedIds, failure, hang, payload, payloads, startRig } from "./rig.ts";

describe("what a worker takes", () => {
  it("is for its slots and as many more per lane, whatever the queue holds", async () => {
    const { queue, running } = await startRig({ concurrency: 10, execute: hang });
    queue.put(...payloads(500), ...payloads(500, { priority: "low" }));
    await settle();
    expect([running.most, queue.inHand.size <= 10 + 2 * (10 + 10)]).toEqual([10, true]);
    expect(queue.demands["high.A"]).toBe(0);
  });

  it("is asked for again when more than half of what waited has started, not for each one", async () => {
    const ends: (() => void)[] = [];
    const { queue } = await startRig({
      concurrency: 10,
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    queue.put(...payloads(500));
    await settle();
    const inHand: number[] = [];
    for (let n = 0; n < 6; n++) {
      ends.shift()?.();
      await settle();
      inHand.push(queue.inHand.size);
    }
    expect(inHand.map((size) => size - 10)).toEqual([9, 8, 7, 6, 5, 10]);
  });

  it("is asked for again while the messages of one turn come, and not only after all of them", async () => {
    const { queue } = await startRig();
    const left: number[] = [];
    for (let n = 0; n < 51; n++) {
      queue.demands["high.A"]--;
      queue.deliverLate(queue.listener("high.A"), payload());
      left.push(queue.demands["high.A"]);
    }
    expect(left.slice(48)).toEqual([151, 200, 199]);
  });

  it("follows an execution at once that ends together with others", async () => {
    const ends: (() => void)[] = [];
    const order: string[] = [];
    const { queue } = await startRig({
      concurrency: 10,
      execute: () => {
        order.push("start");
        return new Promise<void>((resolve) => void ends.push(resolve));
      },
      metrics: {
        ...silentMetrics,
        increment: (name) => void (name === "helix_executions_total" && order.push("end")),
      },
    });
    queue.put(...payloads(20));
    await settle();
    order.length = 0;
    for (const end of ends.splice(0)) end();
    await settle();
    expect(order.slice(0, 4)).toEqual(["end", "start", "end", "start"]);
  });

  it("starts no more than `concurrency` per cluster", async () => {
    const { queue, running, clock } = await startRig({
      concurrency: 7,
      execute: hang,
      executeTimeoutMs: 100,
    });
    queue.put(...payloads(50));
    await clock.advance(60);
    expect([running.most, queue.count("release")]).toEqual([7, 0]);
  });

  it.each([
    ["batchSize", { batchSize: 3 }],
    ["the queue's maximum", { traits: { maxDemand: 3 } }],
  ])("is demanded by at most %s at once", async (_, options) => {
    const { queue } = await startRig(options);
    expect(Object.values(queue.demands)).toEqual([3, 3, 3, 3]);
    queue.put(...payloads(100));
    await settle();
    expect(queue.count("ack")).toBe(100);
  });

  it("stays bounded when the queue confirms slowly", async () => {
    const { queue } = await startRig({ concurrency: 10 });
    let confirm = () => {};
    const confirmed = new Promise<void>((resolve) => {
      confirm = resolve;
    });
    queue.onSettle = () => confirmed;
    queue.put(...payloads(5000));
    await settle();
    expect(queue.inHand.size).toBeGreaterThan(1000);
    expect(queue.inHand.size).toBeLessThanOrEqual(1000 + 10 + 10 + 2 * 10);
    confirm();
    await settle();
    expect(queue.count("ack")).toBe(5000);
  });

  it.each([100, 2500])("comes within %i ms from a queue that has to be asked", async (pollIntervalMs) => {
    const clock = new ManualClock();
    const queue = new PolledQueue(clock);
    const applied: number[] = [];
    const worker = new ReplayWorker({
      queue,
      clock,
      pollIntervalMs,
      executor: async () => void applied.push(clock.monotonicMs()),
    });
    onTestFinished(() => worker.stop());
    await worker.start();
    await clock.advance(10_000);
    queue.put(...payloads(3));
    await clock.advance(pollIntervalMs - 1);
    expect([applied, queue.looks]).toEqual([[], 4 * (1 + Math.ceil(10_000 / pollIntervalMs))]);
    await clock.advance(1);
    expect(applied).toEqual([10_000 + pollIntervalMs, 10_000 + pollIntervalMs, 10_000 + pollIntervalMs]);
  });

  it("tells the queue how often to look", async () => {
    const { queue } = await startRig({ pollIntervalMs: 250 });
    expect(queue.pollIntervals).toEqual([250, 250, 250, 250]);
  });
});

describe("priorities", () => {
  const letters = (executions: Parameters<typeof executedIds>[0]) =>
    executedIds(executions)
      .map((id) => id[0])
      .join("");

  async function orderOf(options: Parameters<typeof startRig>[0], high: number, low: number) {
    const { queue, executions } = await startRig({ concurrency: 1, ...options });
    // One turn for both lanes, so that the first choice is one too.
    queue.put(...Array.from({ length: low }, (_, n) => payload({ name: `l${n}`, priority: "low" })));
    queue.put(...Array.from({ length: high }, (_, n) => payload({ name: `H${n}` })));
    await settle();
    return letters(executions);
  }

  it("start N high messages for each low one", async () => {
    expect(await orderOf({ highPriorityRatio: 2 }, 6, 6)).toBe("HHlHHlHHllll");
  });

  it("start low messages last when strict", async () => {
    expect(await orderOf({ strictPriority: true, highPriorityRatio: 1 }, 6, 6)).toBe("HHHHHHllllll");
  });

  it("follow the queue unless the worker says otherwise", async () => {
    const traits = { scheduling: { strictPriority: true, highPriorityRatio: 3 } };
    expect(await orderOf({ traits }, 3, 2)).toBe("HHHll");
    expect(await orderOf({ traits, strictPriority: false }, 4, 2)).toBe("HHHlHl");
    expect(await orderOf({ traits, strictPriority: false, highPriorityRatio: 1 }, 3, 2)).toBe("HlHlH");
  });

  it("never start low while high waits, however long a strict worker runs", async () => {
    const { queue, executions, clock } = await startRig({
      strictPriority: true,
      concurrency: 4,
      executeTimeoutMs: 10,
      execute: () => new Promise((resolve) => void clock.setTimer(resolve, 5)),
    });
    queue.put(...payloads(50));
    queue.put(...Array.from({ length: 50 }, (_, n) => payload({ name: `l${n}`, priority: "low" })));
    await clock.advance(1000);
    const order = letters(executions);
    expect([order.length, order.indexOf("l"), order.lastIndexOf("p")]).toEqual([100, 50, 49]);
  });
});

describe("leases", () => {
  it("of everything in hand are extended three times before they end, by a timer that ends with it", async () => {
    const ends: (() => void)[] = [];
    const { queue, clock, timers } = await startRig({
      concurrency: 2,
      executeTimeoutMs: 600_000,
      traits: { leaseMs: 30_000 },
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    expect(timers()).toBe(0);
    queue.put(...payloads(5));
    await settle();
    expect([queue.inHand.size, queue.extended, timers()]).toEqual([5, 0, 2]);
    await clock.advance(9999);
    expect(queue.extended).toBe(0);
    await clock.advance(1);
    expect(queue.extended).toBe(5);
    await clock.advance(20_000);
    expect(queue.extended).toBe(15);
    while (ends.length > 0) {
      ends.shift()?.();
      await settle();
    }
    expect([queue.count("ack"), timers()]).toEqual([5, 0]);
  });

  it("are extended though the queue cannot extend another", async () => {
    const { queue, clock, executions } = await startRig({ traits: { leaseMs: 3000 }, execute: hang });
    queue.onExtend = (id) => {
      if (id.startsWith("bad")) throw new Error("The queue is away");
    };
    queue.put(payload({ name: "bad" }), payload());
    await clock.advance(2500);
    expect([executions.length, queue.extended]).toEqual([2, 2]);
  });

  it("are extended while a stop waits, and not after it", async () => {
    const { queue, clock, worker, timers } = await startRig({ traits: { leaseMs: 3000 }, execute: hang });
    queue.put(payload());
    await settle();
    const stopping = worker.stop({ graceMs: 2500 });
    await clock.advance(2500);
    await stopping;
    expect([queue.extended, timers()]).toEqual([2, 0]);
  });

  it("need no timer where the queue lends for ever", async () => {
    const { queue, timers } = await startRig({ execute: hang });
    queue.put(payload());
    await settle();
    expect(timers()).toBe(1);
  });

  it("that ran out while the event loop was blocked are given up: unexecuted, unsettled, not extended", async () => {
    let counted = 0;
    const { queue, clock, executions, record } = await startRig({
      concurrency: 2,
      executeTimeoutMs: 600_000,
      traits: { leaseMs: 30_000 },
      execute: hang,
      metrics: {
        increment: (name, labels) => {
          if (name !== "helix_lease_lost_total") return;
          expect(labels).toEqual({ cluster: "A", priority: "high" });
          counted++;
        },
        gauge() {},
        observe() {},
      },
    });
    const lost = record("replay:lease:lost");
    const [first, second, ...waiting] = payloads(5) as [ReplayPayload, ReplayPayload, ...ReplayPayload[]];
    queue.put(first, second, ...waiting);
    await settle();
    expect([executions.length, queue.inHand.size]).toEqual([2, 5]);
    await clock.block(30_000);
    expect([queue.extended, queue.settlements, lost.length]).toEqual([0, [], 0]);
    // What is executed keeps its slot until it has ended; the slots are then for others.
    const fresh = payloads(3);
    queue.put(...fresh);
    await clock.advance(570_000);
    const given = [...waiting, first, second];
    const ids = given.map(({ id }) => id).sort();
    expect(lost.map(({ payload: one }) => one?.id).sort()).toEqual(ids);
    expect(lost.every(({ lane }) => lane === "high.A")).toBe(true);
    expect(counted).toBe(lost.length);
    expect(executions.map(({ payload: { id } }) => id).slice(2, 4)).toEqual([fresh[0]?.id, fresh[1]?.id]);
    expect(queue.forgotten.sort()).toEqual(ids);
    expect(queue.settlements).toEqual([]);
  });

  it.each([undefined, "unavailable", "uncertain", "rejected"] as const)(
    "that ran out while a message was executed leave its end to whoever has it now (%s)",
    async (outcome) => {
      const ends: (() => void)[] = [];
      const told: string[] = [];
      const { queue, clock, record } = await startRig({
        traits: { leaseMs: 30_000 },
        execute: async () => {
          await new Promise<void>((resolve) => void ends.push(resolve));
          if (outcome !== undefined) throw failure(outcome);
        },
        onSuccess: () => void told.push("success"),
        onDrop: () => void told.push("drop"),
      });
      const lost = record("replay:lease:lost");
      const applied = record("replay:applied");
      queue.put(payload());
      await settle();
      await clock.block(30_000);
      ends[0]?.();
      await settle();
      expect([queue.settlements, queue.forgotten.length, lost.length]).toEqual([[], 1, 1]);
      expect([told, applied, queue.inHand.size]).toEqual([[], [], 0]);
    },
  );

  it("that ran out on the way are left to whoever has them, whatever was to become of them", async () => {
    const { queue, executions, record } = await startRig({ traits: { leaseMs: 0 } });
    const lost = record("replay:lease:lost");
    queue.put(payload(), payload({ disposition: "hold" }));
    await settle();
    expect([lost.length, executions, queue.settlements]).toEqual([2, [], []]);
  });

  it("that ran out take no turn of their lane", async () => {
    const ends: (() => void)[] = [];
    const { queue, clock, executions } = await startRig({
      concurrency: 1,
      highPriorityRatio: 1,
      executeTimeoutMs: 600_000,
      traits: { leaseMs: 30_000 },
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    queue.put(payload(), payload({ priority: "low" }));
    await settle();
    await clock.block(30_000);
    const [first, second] = payloads(2) as [ReplayPayload, ReplayPayload];
    const low = payload({ priority: "low" });
    queue.put(first, second, low);
    for (let started = 1; started <= 4; started++) {
      await settle();
      expect(executions.length).toBe(started);
      ends[started - 1]?.();
    }
    expect(executions.slice(1).map(({ payload: { id } }) => id)).toEqual([low.id, first.id, second.id]);
  });

  it("that ran out are not handed back either, by a stop or an outage", async () => {
    const { queue, clock, worker } = await startRig({
      concurrency: 1,
      executeTimeoutMs: 600_000,
      traits: { leaseMs: 30_000 },
      execute: hang,
    });
    queue.put(...payloads(4));
    await settle();
    await clock.block(30_000);
    await worker.stop({ graceMs: 0 });
    expect(queue.settlements).toEqual([]);
  });
});
