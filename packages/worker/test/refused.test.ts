import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import type { Settlement } from "./fake-queue.ts";
import { failure, payload, payloads, reading, settledAlready, startRig } from "./rig.ts";

const KINDS = ["ack", "release", "deadLetter"] as const;
const refusal = new Error("The queue is away");

/** A worker whose first message ends in the way that a test is about, and the ends that were told. */
async function startWith(kind: Settlement["kind"], options: Parameters<typeof startRig>[0] = {}) {
  const told: string[] = [];
  const outcome = { ack: undefined, release: "unavailable", deadLetter: "rejected" } as const;
  let isOver = false;
  const rig = await startRig({
    executor: reading({ scope: "replicas", answered: true }),
    execute: async ({ id }) => {
      const error = outcome[kind];
      if (id.startsWith("first") && error !== undefined && !isOver) throw failure(error);
    },
    onSuccess: ({ payload: { id } }) => void told.push(`applied ${id}`),
    onDrop: ({ payload: one }) => void told.push(`dropped ${one?.id}`),
    ...options,
  });
  const first = payload({ name: "first" });
  const refused = rig.record("replay:settle:failed");
  return {
    ...rig,
    first,
    told,
    refused,
    /** From now on the first message is applied. */
    heal: () => {
      isOver = true;
    },
    /** What the queue was asked to do with the first message. */
    asked: () => rig.queue.settlements.filter(({ id }) => id === first.id),
  };
}

describe("a message whose end the queue refuses", () => {
  it.each(KINDS)("ends once the queue takes it again, and is told of once (%s)", async (kind) => {
    const { queue, clock, first, told, refused, asked, heal } = await startWith(kind);
    queue.onSettle = ({ id }) => (id === first.id ? Promise.reject(refusal) : undefined);
    queue.put(first, payload({ name: "second" }));
    await clock.advance(10_000);
    expect(told).toEqual(["applied second-A"]);
    expect([queue.inHand.size, refused.length]).toEqual([1, asked().length]);
    expect(refused[0]).toEqual({ lane: "high.A", error: refusal });
    // 0.1, 0.2, 0.4 … s after each other.
    expect(asked().length).toBeGreaterThan(5);
    expect(asked().length).toBeLessThan(10);
    queue.onSettle = undefined;
    if (kind === "release") heal();
    await clock.advance(30_000);
    expect(told[1]).toBe(kind === "deadLetter" ? "dropped first-A" : "applied first-A");
    expect([told.length, queue.inHand.size, queue.size, queue.forgotten]).toEqual([2, 0, 0, []]);
  });

  it.each(["ack", "deadLetter"] as const)(
    "is out of hand meanwhile, for longer each time that it comes again (%s)",
    async (kind) => {
      const { queue, clock, first, asked } = await startWith(kind);
      queue.onSettle = (one) => (one.kind === kind ? Promise.reject(refusal) : undefined);
      queue.put(first);
      await clock.advance(2000);
      const delays = asked().flatMap(({ delayMs = [] }) => delayMs);
      expect(delays).toEqual([100, 200, 400, 800, 1599]);
      expect(asked().every(({ attempts }) => attempts === undefined)).toBe(true);
      expect(queue.inHand.size).toBe(0);
    },
  );

  it("holds up neither its lane nor the hand, be they two thousand", async () => {
    const { queue, clock } = await startRig({ concurrency: 8 });
    queue.onSettle = ({ kind }) => (kind === "deadLetter" ? Promise.reject(refusal) : undefined);
    queue.put(...payloads(2000, { disposition: "hold" }), payload({ name: "good" }));
    await clock.advance(1000);
    expect([queue.count("ack"), queue.inHand.size]).toEqual([1, 0]);
    queue.onSettle = undefined;
    await clock.advance(30_000);
    expect([queue.dead.length, queue.size]).toEqual([2000, 0]);
  });

  it("comes again after 30 s where it has no name by which its refusals could be counted", async () => {
    const { queue, clock } = await startRig();
    queue.onSettle = ({ kind }) => (kind === "deadLetter" ? Promise.reject(refusal) : undefined);
    queue.putContent("low.A", { ok: false, raw: new Uint8Array(1), error: settledAlready() as never });
    await clock.advance(59_999);
    expect(queue.settlements.map(({ kind, delayMs }) => [kind, delayMs])).toEqual([
      ["deadLetter", undefined],
      ["release", 30_000],
      ["deadLetter", undefined],
      ["release", 30_000],
    ]);
  });

  it.each(KINDS)("since it has ended already, is not asked for again (%s)", async (kind) => {
    const { queue, clock, first, asked, refused, told } = await startWith(kind);
    queue.onSettle = () => Promise.reject(settledAlready());
    queue.put(first);
    await clock.advance(60_000);
    expect([asked().length, refused.length, told]).toEqual([1, 1, []]);
  });

  it.each(KINDS)("is left to whoever has it now when its lease has lapsed (%s)", async (kind) => {
    const { queue, clock, first, timers, told, record } = await startWith(kind, {
      traits: { leaseMs: 3000 },
    });
    const lost = record("replay:lease:lost");
    queue.onSettle = () => Promise.reject(refusal);
    queue.onExtend = () => {
      throw new Error("The queue is away");
    };
    queue.put(first);
    await clock.advance(2999);
    expect([queue.forgotten, lost]).toEqual([[], []]);
    await clock.advance(3000);
    expect([queue.forgotten, lost.length, told]).toEqual([[first.id], 1, []]);
    expect(timers()).toBe(0);
  });

  it.each(KINDS)("is tried once more by a stop and then forgotten, without a wait (%s)", async (kind) => {
    const { queue, clock, worker, first, asked, timers } = await startWith(kind);
    queue.onSettle = () => Promise.reject(refusal);
    queue.put(first);
    await clock.advance(10_000);
    const before = asked().length;
    await worker.stop();
    expect([asked().length - before, queue.forgotten, timers()]).toEqual([1, [first.id], 0]);
    expect(queue.inHand.size).toBe(0);
  });
});

describe("a message of whose execution the queue wants to be told", () => {
  const redelivered = { redelivered: true };

  it("is executed after that, each time, and others do not wait for it", async () => {
    const writes: (() => void)[] = [];
    const { queue, clock, executions, running } = await startRig({
      concurrency: 2,
      execute: async ({ id }) => {
        if (id.startsWith("again") && executions.length < 12) throw failure("uncertain");
      },
    });
    queue.onMark = () => new Promise<void>((resolve) => void writes.push(resolve));
    queue.putKnown(payload({ name: "again" }), redelivered);
    queue.put(...payloads(10));
    await settle();
    expect([queue.count("ack"), executions.length, writes.length, running.most]).toEqual([10, 10, 1, 1]);
    writes[0]?.();
    await settle();
    expect([executions.length, queue.marked.length]).toEqual([11, 1]);
    await clock.advance(1000);
    writes[1]?.();
    await settle();
    expect([executions.length, queue.marked, queue.count("ack")]).toEqual([12, ["again-A", "again-A"], 11]);
  });

  it("takes the slot of its execution meanwhile, and the share of the retries", async () => {
    const { queue } = await startRig({ concurrency: 8 });
    queue.onMark = () => new Promise(() => {});
    for (const one of payloads(20)) queue.putKnown(one, redelivered);
    for (const one of payloads(20)) queue.putKnown(one, { ...redelivered, attempts: 1 });
    await settle();
    expect([queue.marked.length, queue.inHand.size <= 16]).toEqual([8, true]);
  });

  it.each([
    ["refused", () => Promise.reject(refusal), 250],
    ["not answered for 10 s", () => new Promise<void>(() => {}), 10_100 + 10_000],
  ])("is handed back unexecuted, later each time, when that is %s", async (_, onMark, ms) => {
    const { queue, clock, executions, record } = await startRig();
    const refused = record("replay:settle:failed");
    queue.onMark = onMark;
    queue.putKnown(payload(), redelivered);
    await clock.advance(ms);
    expect(queue.settlements).toMatchObject([
      { kind: "release", delayMs: 100, attempts: undefined },
      { kind: "release", delayMs: 200, attempts: undefined },
    ]);
    expect([executions.length, refused.length]).toEqual([0, 2]);
    queue.onMark = undefined;
    await clock.advance(1000);
    expect(queue.count("ack")).toBe(1);
  });

  it("of low priority lets a high one go first that came meanwhile, where the worker is strict", async () => {
    const writes: (() => void)[] = [];
    const { queue, clock, executions } = await startRig({ concurrency: 1, strictPriority: true });
    queue.onMark = () => new Promise<void>((resolve) => void writes.push(resolve));
    queue.putKnown(payload({ priority: "low" }), redelivered);
    await settle();
    queue.put(payload());
    await settle();
    expect(executions).toEqual([]);
    writes[0]?.();
    await settle();
    queue.onMark = undefined;
    await clock.advance(1000);
    expect(executions.map(({ payload: one }) => one.priority)).toEqual(["high", "low"]);
  });

  it("makes a trial of an outage after that, alone", async () => {
    let isAway = true;
    const { queue, clock, executions, running, record } = await startRig({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    const closed = record("cluster:breaker:closed");
    for (const one of payloads(50)) queue.putKnown(one, redelivered);
    await clock.advance(20_000);
    const before = executions.length;
    await clock.advance(20_000);
    expect(executions.length - before).toBeLessThan(10);
    expect(queue.inHand.size).toBeLessThanOrEqual(1);
    isAway = false;
    await clock.advance(10_000);
    expect([closed.length, queue.count("ack"), queue.size, running.now]).toEqual([1, 50, 0, 0]);
  });

  it("is handed back at no cost by a pause, and by a stop at once", async () => {
    for (const order of ["pause", "stop"] as const) {
      const writes: (() => void)[] = [];
      const { queue, worker, executions, timers } = await startRig();
      queue.onMark = () => new Promise<void>((resolve) => void writes.push(resolve));
      queue.putKnown(payload(), redelivered);
      await settle();
      if (order === "pause") worker.pause("A", "maintenance");
      else await worker.stop();
      writes[0]?.();
      await settle();
      expect(queue.settlements).toMatchObject([{ kind: "release", delayMs: 0, attempts: undefined }]);
      expect([executions.length, queue.inHand.size, timers()]).toEqual([0, 0, 0]);
    }
  });
});
