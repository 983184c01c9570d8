import { getEventListeners } from "node:events";
import { wait } from "@helix/core/internal";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { ReplayWorker } from "../src/index.ts";
import { FakeQueue } from "./fake-queue.ts";
import { CountedGate, failure, hang, payload, payloads, startRig } from "./rig.ts";

describe("stop", () => {
  it("in mid-flight hands everything back at no cost: what waits at once, what executes after the grace", async () => {
    const { queue, clock, worker, executions, timers, record } = await startRig({
      concurrency: 4,
      execute: hang,
    });
    const stopped = record("worker:stopped");
    queue.put(...payloads(50), ...payloads(50, { priority: "low" }));
    await settle();
    const inHand = queue.inHand.size;
    expect(inHand).toBeGreaterThan(4);
    const stopping = worker.stop({ graceMs: 3000 });
    await clock.advance(2999);
    expect([queue.inHand.size, worker.isRunning, executions[0]?.signal.aborted]).toEqual([4, false, false]);
    await clock.advance(1);
    await stopping;
    expect(executions.every(({ signal }) => signal.aborted)).toBe(true);
    expect([queue.inHand.size, queue.size, queue.openLanes, timers()]).toEqual([0, 100, 0, 0]);
    expect(queue.settlements.every(({ delayMs, attempts }) => delayMs === 0 && attempts === undefined)).toBe(
      true,
    );
    expect(stopped).toEqual([{ handedBack: inHand }]);
  });

  it("lets what executes finish within the grace, and then waits no longer", async () => {
    const ends: (() => void)[] = [];
    const { queue, worker, timers } = await startRig({
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    queue.put(...payloads(3));
    await settle();
    const stopping = worker.stop({ graceMs: 60_000 });
    for (const end of ends) end();
    await stopping;
    expect([queue.count("ack"), queue.count("release"), timers()]).toEqual([3, 0, 0]);
  });

  it("waits stopGraceMs unless told otherwise", async () => {
    const { queue, clock, worker, timers } = await startRig({ stopGraceMs: 700, execute: hang });
    queue.put(payload());
    await settle();
    const stopping = worker.stop();
    await clock.advance(699);
    expect(queue.inHand.size).toBe(1);
    await clock.advance(1);
    await stopping;
    expect([queue.inHand.size, timers()]).toEqual([0, 0]);
  });

  it.each(["signal", "signal that is aborted already", "second call"])("is cut short by a %s", async (by) => {
    const { queue, worker, timers } = await startRig({ execute: hang });
    queue.put(payload());
    await settle();
    const controller = new AbortController();
    if (by === "signal that is aborted already") controller.abort();
    const stopping = worker.stop({ graceMs: 60_000, signal: controller.signal });
    expect(worker.isRunning).toBe(false);
    if (by === "signal") controller.abort();
    else if (by === "second call") await worker.stop({ graceMs: 0 });
    await stopping;
    expect([queue.inHand.size, timers()]).toEqual([0, 0]);
  });

  it("hands back what arrives while it waits", async () => {
    const { queue, clock, worker } = await startRig({ execute: hang });
    queue.put(payload());
    await settle();
    const listener = queue.listener("high.A");
    const stopping = worker.stop({ graceMs: 1000 });
    await settle();
    queue.deliverLate(listener, payload({ name: "late" }));
    await settle();
    expect(queue.settlements).toMatchObject([{ kind: "release", id: "late-A", delayMs: 0 }]);
    await clock.advance(1000);
    await stopping;
  });

  it("does not wait for ever for a queue that confirms nothing", async () => {
    const { queue, clock, worker, timers } = await startRig({ execute: hang, traits: { leaseMs: 3000 } });
    queue.put(payload());
    await settle();
    queue.onSettle = hang;
    const stopping = worker.stop({ graceMs: 0 });
    await clock.advance(5000);
    await stopping;
    const { extended } = queue;
    await clock.advance(60_000);
    expect([timers(), queue.extended - extended]).toEqual([0, 0]);
  });

  it("leaves no timer while a breaker is open, and the next start goes on with the outage", async () => {
    const { queue, clock, worker, timers, executions } = await startRig({
      execute: () => Promise.reject(failure("unavailable")),
    });
    queue.put(payload());
    await clock.advance(5000);
    await worker.stop();
    expect(timers()).toBe(0);
    const before = executions.length;
    await clock.advance(60_000);
    await worker.start();
    queue.put(...payloads(20));
    await settle();
    expect(executions.length - before).toBe(1);
  });

  it("during a trial forgets it: after the next start there is another", async () => {
    let mode: "away" | "hang" | "there" = "away";
    const { queue, clock, worker } = await startRig({
      execute: () => {
        if (mode === "hang") return hang();
        return mode === "away" ? Promise.reject(failure("unavailable")) : Promise.resolve();
      },
    });
    queue.put(...payloads(3));
    await settle();
    mode = "hang";
    await clock.advance(1000);
    expect(queue.inHand.size).toBe(1);
    await worker.stop({ graceMs: 0 });
    mode = "there";
    await worker.start();
    await clock.advance(1000);
    expect(queue.count("ack")).toBe(3);
  });

  it("refuses a grace that is none, and goes on running", async () => {
    const { worker } = await startRig();
    await expect(worker.stop({ graceMs: -1 })).rejects.toThrow(
      new RangeError("Expected `graceMs` to be an integer from 0 to 2147483647, got `-1` (number)"),
    );
    expect(worker.isRunning).toBe(true);
  });
});

/** How executions end, by name. */
const ends: Record<string, (clock: ManualClock, signal: AbortSignal) => Promise<void>> = {
  "not at all": hang,
  "as in an outage": () => Promise.reject(failure("unavailable")),
  "as nobody knows": () => Promise.reject(failure("uncertain")),
  well: (clock, signal) => wait(clock, 20, signal),
};

describe("start and stop", () => {
  it("work any number of times, and each start receives", async () => {
    const { queue, worker, record } = await startRig();
    const started = record("worker:started");
    for (let round = 1; round <= 5; round++) {
      await worker.stop();
      await worker.stop();
      await Promise.all([worker.start(), worker.start()]);
      queue.put(payload());
      await settle();
      expect([queue.count("ack"), started.length, worker.isRunning]).toEqual([round, round, true]);
    }
  });

  it("take effect in their order when they overlap", async () => {
    const { queue, clock, worker } = await startRig({ execute: hang });
    queue.put(payload());
    await settle();
    const stopping = worker.stop({ graceMs: 1000 });
    const starting = worker.start();
    await settle();
    expect([worker.isRunning, queue.openLanes]).toEqual([false, 0]);
    await clock.advance(1000);
    await Promise.all([stopping, starting]);
    expect([worker.isRunning, queue.openLanes]).toEqual([true, 4]);
    await settle();
    expect(queue.inHand.size).toBe(1);
  });

  it("leave nothing behind after any of a thousand sequences of calls, awaited or not", async () => {
    const calls = fc.array(
      fc.record({
        call: fc.constantFrom(
          "start",
          "stop",
          "stop at once",
          "stop by signal",
          "abort",
          "enqueue",
          "pause",
          "resume",
          "drain",
          "open",
          "limit",
          "time",
        ),
        isAwaited: fc.boolean(),
      }),
      { maxLength: 16 },
    );
    await fc.assert(
      fc.asyncProperty(calls, fc.constantFrom(...Object.keys(ends)), async (sequence, how) => {
        const clock = new ManualClock();
        const queue = new FakeQueue(clock, { leaseMs: 9000 });
        const gate = new CountedGate();
        const controller = new AbortController();
        const { signal } = controller;
        const worker = new ReplayWorker({
          queue,
          clock,
          gate,
          stopGraceMs: 50,
          concurrency: 2,
          rateLimit: 100,
          executor: { execute: (_, { signal }) => ends[how]?.(clock, signal) ?? hang(), probe: hang },
        });
        queue.put(...payloads(8), ...payloads(8, { targetCluster: "B", priority: "low" }));
        for (const cluster of ["A", "B"] as const)
          queue.putKnown(payload({ targetCluster: cluster }), { suspect: true });
        const pending: Promise<void>[] = [];
        let enqueued = 18;
        let isStarted = false;
        for (const { call, isAwaited } of sequence) {
          if (call === "start" || call.startsWith("stop")) {
            isStarted = call === "start";
            const graceMs = { stop: undefined, "stop at once": 0 }[call as string];
            const options = call === "stop by signal" ? { graceMs: 500, signal } : { graceMs };
            pending.push(isStarted ? worker.start() : worker.stop(options));
          } else if (call === "abort") controller.abort();
          else if (call === "enqueue") {
            queue.put(payload({ priority: "low" }), payload({ targetCluster: "B" }));
            enqueued += 2;
          } else if (call === "pause") worker.pause("A", "a test");
          else if (call === "resume") worker.resume("A");
          else if (call === "drain" || call === "open") gate.set("A", call === "drain" ? "drained" : "open");
          else if (call === "limit") worker.setRateLimit("B", 10);
          if (isAwaited) await clock.advance(call === "time" ? 300 : 60);
        }
        await clock.advance(1000);
        await Promise.all(pending);
        expect([worker.isRunning, queue.openLanes, gate.listeners]).toEqual(
          isStarted ? [true, 4, 1] : [false, 0, 0],
        );
        await worker.stop({ graceMs: 0 });
        const listeners = gate.listeners + getEventListeners(signal, "abort").length;
        expect(queue.inHand.size + clock.timers - queue.timers + queue.openLanes + listeners).toBe(0);
        expect(queue.size + queue.count("ack", "A") + queue.count("ack", "B")).toBe(enqueued);
      }),
      { numRuns: 1000 },
    );
  }, 30_000);

  it("are not held up by the patience of an earlier stop when the last one has none", async () => {
    const { queue, worker } = await startRig({ execute: hang });
    queue.put(payload());
    await settle();
    const calls = [worker.stop({ graceMs: 60_000 }), worker.start(), worker.stop({ graceMs: 0 })];
    await Promise.all(calls);
    expect([worker.isRunning, queue.openLanes, queue.inHand.size]).toEqual([false, 0, 0]);
  });

  it("stops at the end of a scope", async () => {
    const { queue, worker } = await startRig();
    {
      await using scoped = worker;
      expect(scoped.isRunning).toBe(true);
    }
    expect([worker.isRunning, queue.openLanes]).toEqual([false, 0]);
  });

  it("rejects with what the queue throws, leaves nothing open, and may be tried again", async () => {
    const clock = new ManualClock();
    const queue = new FakeQueue(clock);
    const worker = new ReplayWorker({ queue, clock, executor: async () => {} });
    const error = new Error("closed");
    queue.onOpen = (lane) => {
      if (lane === "low.B") throw error;
    };
    await expect(worker.start()).rejects.toBe(error);
    expect([worker.isRunning, queue.openLanes, clock.timers]).toEqual([false, 0, 0]);
    queue.onOpen = undefined;
    await worker.start();
    expect(queue.openLanes).toBe(4);
    await worker.stop();
  });

  it("that fails is an unhandled rejection where nobody listens, whatever follows, and else none", async () => {
    const unhandled: unknown[] = [];
    const others = process.listeners("unhandledRejection");
    process
      .removeAllListeners("unhandledRejection")
      .on("unhandledRejection", (error) => unhandled.push(error));
    onTestFinished(() => {
      process.removeAllListeners("unhandledRejection");
      for (const other of others) process.on("unhandledRejection", other);
    });
    const queue = new FakeQueue(new ManualClock());
    const error = new Error("closed");
    queue.onOpen = () => {
      throw error;
    };
    const make = () => new ReplayWorker({ queue, executor: async () => {} });
    const [heard, unheard] = [make(), make()];
    await expect(heard.start()).rejects.toBe(error);
    await heard.stop();
    expect(unhandled).toEqual([]);
    void unheard.start();
    await unheard.stop();
    await settle();
    expect(unhandled).toEqual([error]);
  });
});
