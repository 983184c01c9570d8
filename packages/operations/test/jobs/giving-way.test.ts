import type { ClusterFigures, LaneFigures, WorkerFigures } from "@helix/core";
import { describe, expect, it } from "vitest";
import { setUpJobs } from "./jobs-rig.ts";

const RUNNING: ClusterFigures = { breaker: "closed", concurrency: 16 };

/** A worker with so much in hand, a part in each lane of B, and nothing for A. */
function workerWith(inHand: number, cluster: Partial<ClusterFigures> = {}) {
  const lane = (count: number): LaneFigures => ({ inHand: count, applied: 0, failed: 0, dead: 0 });
  const state = { inHand };
  const figures = (): WorkerFigures => ({
    clusters: { A: RUNNING, B: { ...RUNNING, ...cluster } },
    lanes: {
      "high.A": lane(0),
      "low.A": lane(0),
      "high.B": lane(Math.floor(state.inHand / 2)),
      "low.B": lane(Math.ceil(state.inHand / 2)),
    },
  });
  return { state, figures };
}

describe("a job beside a worker", () => {
  it("takes up 500 letters a second while more waits than may be executed at once, and goes at full speed when nothing does any more", async () => {
    await using world = setUpJobs();
    const { clock, bury, pod, order, left } = world;
    await bury(1500);
    await order();
    const worker = workerWith(17);
    pod({ worker });
    await clock.advance(1000);
    expect(await left()).toHaveLength(1000);
    await clock.advance(1000);
    expect(await left()).toHaveLength(500);
    worker.state.inHand = 16;
    await clock.advance(2);
    expect(await left()).toEqual([]);
  });

  it("gives way again to what it has put back itself", async () => {
    await using world = setUpJobs();
    const { clock, bury, pod, order, left } = world;
    await bury(600);
    await order();
    const worker = workerWith(0);
    const figures = () => {
      worker.state.inHand++;
      return worker.figures();
    };
    pod({ worker: { figures } });
    await clock.advance(0);
    expect(await left()).toHaveLength(600 - 16);
    worker.state.inHand = -1000;
    await clock.advance(2);
    expect(await left()).toEqual([]);
  });

  it.each([
    ["it is paused", workerWith(100, { pausedBy: "paused" }), {}],
    ["its breaker is open", workerWith(100, { breaker: "open" }), {}],
    ["its breaker lets trials through", workerWith(100, { breaker: "half-open" }), {}],
    ["all that is in hand may be executed at once", workerWith(16), {}],
    ["a person has given the job a bound", workerWith(100), { perSecond: 100_000 }],
  ])("does not give way where %s", async (_, worker, more) => {
    await using world = setUpJobs();
    const { clock, bury, pod, order, left } = world;
    await bury(300);
    await order(more);
    pod({ worker });
    await clock.advance(300);
    expect(await left()).toEqual([]);
  });

  it("hands back at once what it has not begun, when it is stopped while it gives way", async () => {
    await using world = setUpJobs();
    const { clock, bury, pod, order, left, lane } = world;
    await bury(300);
    await order();
    const { runner } = pod({ worker: workerWith(100) });
    await clock.advance(20);
    await runner.stop();
    expect(await left()).toHaveLength(290);
    pod();
    await clock.advance(0);
    expect(await left()).toEqual([]);
    expect(new Set(await lane()).size).toBe(300);
  });

  it("takes no worker that tells no figures", () => {
    const { pod } = setUpJobs();
    expect(() => pod({ worker: {} as never })).toThrow("worker");
  });
});
