import type { ClusterId, ReplayExecutor } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { failure, hang, payload, payloads, type RigOptions, settledAlready, startRig } from "./rig.ts";

/** A worker whose cluster was away, and whose lanes are empty now: another pod has what was in them. */
async function startAway({ probe, ...options }: RigOptions & { probe?: ReplayExecutor["probe"] } = {}) {
  const state = { isAway: true, probes: 0 };
  const listeners = new Set<(cluster: ClusterId) => void>();
  const rig = await startRig({
    ...options,
    executor: {
      ...(probe && {
        probe: (...given) => {
          state.probes++;
          return probe(...given);
        },
      }),
      onAvailable: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    execute: async () => {
      if (state.isAway) throw failure("unavailable");
    },
  });
  const opened = rig.record("cluster:breaker:opened");
  const closed = rig.record("cluster:breaker:closed");
  const { queue } = rig;
  queue.onSettle = () => Promise.reject(settledAlready());
  queue.put(payload());
  await settle();
  queue.onSettle = undefined;
  expect([opened.length, queue.size, queue.inHand.size]).toEqual([1, 0, 1]);
  queue.inHand.clear();
  const back = (cluster: ClusterId) => {
    for (const listener of listeners) listener(cluster);
  };
  return { ...rig, state, listeners, opened, closed, back };
}

const away = () => Promise.reject(new Error("still away"));

describe("a cluster that is back while no message is there for it", () => {
  it("is known to be by the executor's probe, at most 5.5 s later", async () => {
    let isThere = false;
    const { clock, opened, closed, timers, state } = await startAway({
      probe: () => (isThere ? Promise.resolve() : away()),
    });
    await clock.advance(60_000);
    expect(closed).toEqual([]);
    expect(opened.slice(1).every(({ cause }) => (cause as Error).message === "still away")).toBe(true);
    expect(opened.map(({ retryInMs }) => retryInMs).slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(state.probes).toBeLessThan(20);
    isThere = true;
    await clock.advance(5500);
    expect([closed.length, timers()]).toEqual([1, 0]);
  });

  it("is known to be at once by a sign of the executor, and not by one of the other cluster", async () => {
    const { clock, queue, state, closed, back, worker, listeners } = await startAway({
      probe: () => (state.isAway ? away() : Promise.resolve()),
    });
    await clock.advance(60_000);
    state.isAway = false;
    back("B");
    await clock.advance(500);
    expect(closed).toEqual([]);
    back("A");
    await clock.advance(500);
    expect(closed).toHaveLength(1);
    back("A");
    queue.put(payload());
    await settle();
    expect(queue.count("ack")).toBe(1);
    await worker.stop();
    expect(listeners.size).toBe(0);
  });

  it("is tried with a message rather than by a probe where one comes within half a second", async () => {
    const { clock, queue, state, closed, back } = await startAway({ probe: async () => {} });
    state.isAway = false;
    back("A");
    await clock.advance(499);
    queue.put(payload());
    await settle();
    expect([closed.length, queue.count("ack"), state.probes]).toEqual([1, 1, 0]);
  });

  it("is known to be by a message alone where the executor cannot be asked", async () => {
    const { clock, queue, state, closed, timers } = await startAway();
    state.isAway = false;
    await clock.advance(600_000);
    expect([closed.length, timers()]).toEqual([0, 0]);
    queue.put(payload());
    await settle();
    expect([closed.length, queue.count("ack")]).toEqual([1, 1]);
  });

  it.each(["stop", "pause"] as const)("is asked again after a %s that cut the probe off", async (order) => {
    let answers = false;
    const { clock, closed, opened, worker, timers } = await startAway({
      probe: () => (answers ? Promise.resolve() : hang()),
    });
    await clock.advance(700);
    if (order === "stop") await worker.stop();
    else worker.pause("A", "maintenance");
    await clock.advance(10_000);
    expect([opened.length, closed.length, timers()]).toEqual([1, 0, 0]);
    answers = true;
    if (order === "stop") await worker.start();
    else worker.resume("A");
    await clock.advance(500);
    expect(closed).toHaveLength(1);
  });
});

describe("a probe that is answered while no message can be applied", () => {
  it.each([1, 400])("lets few executions through, and fewer with time (%i messages)", async (count) => {
    const { queue, clock, executions, record } = await startRig({
      executor: { probe: async () => {} },
      execute: () => Promise.reject(failure("unavailable")),
    });
    const closed = record("cluster:breaker:closed");
    queue.put(...payloads(count));
    await clock.advance(60_000);
    const before = executions.length;
    await clock.advance(600_000);
    expect(executions.length - before).toBeLessThan((2 * 600) / 2.5);
    expect(closed.length).toBeLessThan(660 / 2.5);
  });
});
