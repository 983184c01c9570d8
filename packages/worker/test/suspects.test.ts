import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { type Execution, failure, hang, payload, payloads, startRig } from "./rig.ts";

const suspect = { suspect: true };
const isSuspect = ({ payload: { id } }: Execution) => id.startsWith("suspect");

function suspects(count: number, input: Parameters<typeof payload>[0] = {}) {
  return Array.from({ length: count }, (_, n) => payload({ ...input, name: `suspect${n}` }));
}

/** A mark that is being written until the test says so. */
function slowMark() {
  const writes: (() => void)[] = [];
  return {
    onMark: () => new Promise<void>((resolve) => void writes.push(resolve)),
    write: () => writes.shift()?.(),
  };
}

describe("a suspect", () => {
  it("is executed after its mark has been written, and is settled like any other", async () => {
    const { onMark, write } = slowMark();
    const { queue, executions } = await startRig();
    queue.onMark = onMark;
    queue.putKnown(payload({ name: "suspect" }), suspect);
    await settle();
    expect([queue.marked, executions.length]).toEqual([["suspect-A"], 0]);
    write();
    await settle();
    expect([executions.length, queue.count("ack")]).toEqual([1, 1]);
  });

  it("waits while another of the worker executes, on whichever cluster, and good messages do not", async () => {
    const ends: (() => void)[] = [];
    const { queue, executions } = await startRig({
      concurrency: 1,
      execute: ({ id }) =>
        id.startsWith("suspect")
          ? new Promise<void>((resolve) => void ends.push(resolve))
          : Promise.resolve(),
    });
    for (const one of [...suspects(3), ...suspects(2, { targetCluster: "B", priority: "low" })]) {
      queue.putKnown(one, suspect);
    }
    queue.put(...payloads(50), ...payloads(50, { targetCluster: "B" }));
    await settle();
    expect([queue.count("ack", "A"), queue.count("ack", "B")]).toEqual([50, 50]);
    for (let round = 1; round <= 5; round++) {
      expect([executions.filter(isSuspect).length, queue.marked.length]).toEqual([round, round]);
      ends[round - 1]?.();
      await settle();
    }
    // In turns, as they asked for it.
    expect(queue.marked).toEqual(["suspect0-A", "suspect0-B", "suspect1-A", "suspect1-B", "suspect2-A"]);
    expect(queue.inHand.size).toBe(0);
  });

  it("delays nobody while its mark is being written", async () => {
    const { onMark, write } = slowMark();
    const { queue } = await startRig({ concurrency: 1 });
    queue.onMark = onMark;
    queue.putKnown(payload({ name: "suspect" }), suspect);
    queue.put(...payloads(100));
    await settle();
    expect(queue.count("ack")).toBe(100);
    write();
  });

  it("takes nothing of the share of the retries", async () => {
    const { queue, running } = await startRig({ concurrency: 4, execute: hang });
    queue.putKnown(payload({ name: "suspect" }), suspect);
    queue.putKnown(payload(), { attempts: 1 });
    await settle();
    expect(running.now).toBe(2);
  });

  it("is handed back with a growing delay, unexecuted and uncounted, when its mark cannot be written", async () => {
    const { queue, clock, executions, record } = await startRig();
    const failed = record("replay:settle:failed");
    const error = new Error("No quorum");
    queue.onMark = () => Promise.reject(error);
    queue.putKnown(payload({ name: "suspect" }), suspect);
    await clock.advance(250);
    expect(queue.settlements).toMatchObject([
      { kind: "release", delayMs: 100, attempts: undefined },
      { kind: "release", delayMs: 200, attempts: undefined },
    ]);
    expect([executions.length, failed]).toEqual([
      0,
      [
        { lane: "high.A", error },
        { lane: "high.A", error },
      ],
    ]);
    queue.onMark = undefined;
    await clock.advance(500);
    expect(queue.count("ack")).toBe(1);
  });

  it("gives the turn to the next when it fails, and comes again", async () => {
    let fails = true;
    const { queue, clock, executions } = await startRig({
      execute: async () => {
        if (fails) throw failure("uncertain");
      },
    });
    for (const one of suspects(2)) queue.putKnown(one, suspect);
    await settle();
    expect(executions).toHaveLength(2);
    fails = false;
    await clock.advance(100);
    expect([queue.count("ack"), queue.marked.length]).toEqual([2, 4]);
  });

  it("is one of at most eight in hand per lane besides the one that executes; others come again later", async () => {
    const { queue, clock } = await startRig({ execute: hang, executeTimeoutMs: 3_600_000 });
    for (const one of suspects(40)) queue.putKnown(one, suspect);
    await settle();
    expect([queue.inHand.size, queue.settlements.length]).toEqual([8, 32]);
    await clock.advance(60_000);
    expect(queue.inHand.size).toBe(9);
    expect(queue.settlements.every(({ kind, delayMs = 0 }) => kind === "release" && delayMs >= 50)).toBe(
      true,
    );
  });

  it.each([false, true])(
    "of low priority waits for the first executions of the high ones, not for their next (strict: %s)",
    async (strictPriority) => {
      const { queue, clock } = await startRig({
        strictPriority,
        execute: hang,
        executeTimeoutMs: 10_000,
        retryDelayMs: 1000,
        maxRetryDelayMs: 1000,
      });
      for (const one of suspects(2)) queue.putKnown(one, suspect);
      queue.putKnown(payload({ name: "low", priority: "low" }), suspect);
      await clock.advance(25_000);
      expect(queue.marked).toEqual(["suspect0-A", "suspect1-A", "low-A"]);
    },
  );

  it.each([
    ["more wait than may", {}],
    ["there is memory for one", { maxBytesInHand: 1 }],
  ])("is executed before any other a third time where %s, whenever it comes", async (_, options) => {
    const { queue, clock, countOf } = await startRig({
      execute: ({ id }) => (id.startsWith("suspect") ? hang() : Promise.resolve()),
      executeTimeoutMs: 10_000,
      ...options,
    });
    const hanging = suspects(24);
    for (const one of hanging) queue.putKnown(one, suspect);
    queue.putKnown(payload({ name: "good" }), suspect);
    for (let waitedMs = 0; queue.count("ack") === 0; waitedMs += 10_000) {
      expect(waitedMs).toBeLessThan(3_600_000);
      await clock.advance(10_000);
    }
    expect(Math.max(...hanging.map(countOf))).toBeLessThanOrEqual(2);
  });

  it("of high priority that failed comes again where the worker is strict, while a low one waits for good messages", async () => {
    const { queue, clock } = await startRig({
      strictPriority: true,
      concurrency: 1,
      execute: ({ id }) => (id.startsWith("suspect") ? Promise.reject(failure("uncertain")) : hang()),
      executeTimeoutMs: 3_600_000,
    });
    queue.put(...payloads(2));
    queue.putKnown(payload({ name: "suspect" }), suspect);
    queue.putKnown(payload({ name: "low", priority: "low" }), suspect);
    await clock.advance(1000);
    expect(queue.marked.length).toBeGreaterThan(1);
    expect(new Set(queue.marked)).toEqual(new Set(["suspect-A"]));
  });

  it("of low priority waits for the high messages where the worker is strict", async () => {
    const ends: (() => void)[] = [];
    const { queue, executions } = await startRig({
      strictPriority: true,
      concurrency: 1,
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    queue.putKnown(payload({ name: "suspect", priority: "low" }), suspect);
    queue.put(...payloads(2));
    await settle();
    expect([queue.marked, executions.length]).toEqual([[], 1]);
    ends[0]?.();
    await settle();
    expect([queue.marked, executions.length]).toEqual([["suspect-A"], 3]);
  });

  it("of low priority comes again later if a high one arrived while its mark was being written", async () => {
    const { onMark, write } = slowMark();
    const { queue, clock, executions } = await startRig({
      strictPriority: true,
      concurrency: 1,
      execute: ({ id }) => (id.startsWith("suspect") ? Promise.resolve() : hang()),
      executeTimeoutMs: 1000,
      maxRetryDelayMs: 60_000,
      retryDelayMs: 60_000,
    });
    queue.onMark = onMark;
    queue.putKnown(payload({ name: "suspect", priority: "low" }), suspect);
    await settle();
    queue.put(...payloads(2));
    await settle();
    write();
    await settle();
    expect(executions.some(isSuspect)).toBe(false);
    expect(queue.settlements).toMatchObject([{ kind: "release", id: "suspect-A", attempts: undefined }]);
    queue.onMark = undefined;
    await clock.advance(61_000);
    expect(executions.some(isSuspect)).toBe(true);
  });

  it("of high priority that waits for its turn holds up no marked message of low priority where the worker is strict", async () => {
    const { queue, executions } = await startRig({
      strictPriority: true,
      execute: ({ id }) => (id.startsWith("suspect") ? hang() : Promise.resolve()),
    });
    for (const one of suspects(2)) queue.putKnown(one, suspect);
    await settle();
    queue.putKnown(payload({ name: "low", priority: "low" }), { redelivered: true });
    await settle();
    expect(executions.filter(isSuspect).length).toBe(1);
    expect(queue.settlements).toMatchObject([{ kind: "ack", id: "low-A" }]);
  });

  it("is handed back at no cost by an outage, and makes the trial where there is no other message", async () => {
    let isAway = true;
    const { queue, clock, record } = await startRig({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    const closed = record("cluster:breaker:closed");
    for (const one of suspects(3)) queue.putKnown(one, suspect);
    await clock.advance(20_000);
    expect(queue.inHand.size).toBeLessThanOrEqual(1);
    expect(queue.settlements.every(({ attempts }) => attempts === undefined)).toBe(true);
    isAway = false;
    await clock.advance(60_000);
    expect([closed.length, queue.count("ack"), queue.size]).toEqual([1, 3, 0]);
  });

  it("is not executed when its lease ran out while its mark was being written", async () => {
    const { onMark, write } = slowMark();
    const { queue, clock, executions, record } = await startRig({ traits: { leaseMs: 30_000 } });
    const lost = record("replay:lease:lost");
    queue.onMark = onMark;
    queue.putKnown(payload({ name: "suspect" }), suspect);
    await settle();
    await clock.block(30_000);
    write();
    await settle();
    expect([executions, queue.settlements, lost.length]).toEqual([[], [], 1]);
  });

  it.each(["waits", "is being marked", "executes"])("is handed back by a stop while it %s", async (state) => {
    const { onMark, write } = slowMark();
    const { queue, worker, timers } = await startRig({ execute: hang });
    if (state !== "executes") queue.onMark = onMark;
    for (const one of suspects(state === "waits" ? 2 : 1)) queue.putKnown(one, suspect);
    await settle();
    const stopping = worker.stop({ graceMs: 0 });
    await settle();
    write();
    await stopping;
    expect([queue.inHand.size, timers(), queue.settlements.every(({ kind }) => kind === "release")]).toEqual([
      0,
      0,
      true,
    ]);
    queue.onMark = undefined;
    await worker.start();
    await settle();
    expect(queue.marked.at(-1)).toBe("suspect0-A");
  });
});
