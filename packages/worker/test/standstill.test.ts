import { LANES } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { hang, payload, payloads, startRig } from "./rig.ts";

const HOUR_MS = 3_600_000;
const refuse = () => Promise.reject(new Error("The queue is away"));

describe("a lane that stands still though it has messages", () => {
  it("is opened again within two minutes, which is counted and told, and the other goes on", async () => {
    const counted: unknown[] = [];
    const { queue, clock, record } = await startRig({
      metrics: {
        increment: (name, labels) => {
          if (name === "helix_lane_reopened_total") counted.push(labels);
        },
        gauge() {},
        observe() {},
      },
    });
    const reopened = record("worker:lane:reopened");
    queue.stalled.add("low.A");
    queue.put(...payloads(20), ...payloads(20, { priority: "low" }));
    await clock.advance(120_000);
    expect(queue.count("ack")).toBe(40);
    expect(reopened).toEqual([{ lane: "low.A", idleMs: 60_000 }]);
    expect(counted).toEqual([{ cluster: "A", priority: "low" }]);
    expect(queue.openLanes).toBe(4);
  });

  it.each([
    ["cannot say", refuse, refuse],
    ["does not answer", hang, hang],
    ["answers with nonsense", async () => [null] as never, async () => undefined as never],
    ["says that it is empty", async () => [], async () => []],
    ["said so once", undefined, async () => []],
  ])("is left alone where the queue %s", async (_, first, then) => {
    const { queue, clock, record } = await startRig();
    const reopened = record("worker:lane:reopened");
    queue.stalled.add("high.A");
    queue.put(payload());
    queue.onDepths = first;
    while (queue.asked === 0) await clock.advance(1000);
    queue.onDepths = then;
    await clock.advance(HOUR_MS);
    expect(reopened).toEqual([]);
    // Two clusters, at last once in five minutes.
    expect(queue.asked).toBeLessThan(2 * (6 + 60 / 5));
    // And it is noticed once the queue can say so.
    queue.onDepths = undefined;
    await clock.advance(2 * 300_000);
    expect([reopened.length, queue.count("ack")]).toEqual([1, 1]);
  });

  it("is opened again, at longer and longer intervals, where the queue says what is not so", async () => {
    const { queue, clock, record } = await startRig();
    const reopened = record("worker:lane:reopened");
    queue.onDepths = async () =>
      LANES.map((lane) => ({ lane, pending: 1, inFlight: 0, delayed: 0, stuck: 0 }));
    await clock.advance(HOUR_MS);
    const perLane = reopened.length / LANES.length;
    expect([perLane >= 2, perLane < 10, queue.openLanes]).toEqual([true, true, 4]);
    queue.put(...payloads(5));
    await settle();
    expect(queue.count("ack")).toBe(5);
  });

  it("is opened again when the queue lets it be, though it could not be stopped or opened before", async () => {
    const { queue, clock } = await startRig();
    queue.stalled.add("high.A");
    queue.put(payload());
    queue.onStop = hang;
    await clock.advance(150_000);
    expect(queue.count("ack")).toBe(0);
    queue.onStop = refuse;
    await clock.advance(600_000);
    expect(queue.count("ack")).toBe(0);
    queue.onStop = undefined;
    queue.forgetListener("high.A");
    await clock.advance(HOUR_MS);
    expect(queue.count("ack")).toBe(1);
  });

  it("is not opened again after a stop that comes meanwhile, nor twice after the next start", async () => {
    const { queue, clock, worker, timers, record } = await startRig();
    let stopLane = () => {};
    queue.onStop = () => new Promise<void>((resolve) => (stopLane = resolve));
    queue.stalled.add("high.A");
    queue.put(payload());
    const reopened = record("worker:lane:reopened");
    while (reopened.length === 0) await clock.advance(1000);
    queue.onStop = undefined;
    const stopping = worker.stop();
    await settle();
    stopLane();
    await stopping;
    expect([queue.openLanes, timers()]).toEqual([0, 0]);
    await worker.start();
    await clock.advance(10_000);
    expect([queue.openLanes, queue.count("ack")]).toEqual([4, 1]);
  });

  it("is none while nothing is demanded, or something comes now and then", async () => {
    const { queue, clock, worker, record } = await startRig();
    const reopened = record("worker:lane:reopened");
    queue.onDepths = async () =>
      LANES.map((lane) => ({ lane, pending: 1, inFlight: 0, delayed: 0, stuck: 0 }));
    worker.pause("B", "maintenance");
    for (let n = 0; n < 100; n++) {
      await clock.advance(29_000);
      queue.put(payload(), payload({ priority: "low" }));
    }
    expect([reopened, queue.asked]).toEqual([[], 0]);
  });
});
