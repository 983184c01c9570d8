import type { ReplayQueue } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { TrafficHistory } from "../src/index.ts";
import { pods, setUp } from "./rig.ts";

function start(world = setUp(), queue: Pick<ReplayQueue, "depths"> = world.queue) {
  const { control, clock } = world;
  const history = new TrafficHistory({ queue, control, clock });
  history.start();
  const of = (lane: string) => history.report().lanes.find((one) => one.lane === lane);
  return { ...world, history, of, pod: pods(world) };
}

describe("the history of traffic", () => {
  it("has what left a lane in each ten seconds by all pods, and what came: that, and by how much the lane grew", async () => {
    const { clock, of, pod, write } = start();
    const [one, other] = [pod(), pod()];
    await settle();
    for (let second = 1; second <= 40; second++) {
      one.worker.lanes["high.B"].applied += second > 20 ? 3 : 0;
      other.worker.lanes["high.B"].dead += second > 20 ? 2 : 0;
      await write("B");
      await clock.advance(1000);
    }
    // What pods report is up to five seconds old.
    expect(of("high.B")).toEqual({ lane: "high.B", in: [1, 1, 3.5, 6], out: [0, 0, 2.5, 5] });
    expect(of("low.A")).toEqual({ lane: "low.A", in: [0, 0, 0, 0], out: [0, 0, 0, 0] });
  });

  it("keeps the last quarter of an hour, and no timer when it has stopped", async () => {
    const { clock, history, of } = start();
    expect(history.report()).toMatchObject({ atMs: undefined, everyMs: 10_000 });
    await clock.advance(2_000_000);
    expect(of("high.A")?.in).toHaveLength(90);
    expect(history.report().atMs).toBe(clock.wallMs());
    history.stop();
    history.start();
    expect(clock.timers).toBe(0);
  });

  it("has a gap for as long as the queue is away or does not answer, and then the mean since the look before", async () => {
    const world = setUp();
    let depths = () => world.queue.depths();
    const { clock, of, write } = start(world, { depths: () => depths() });
    await clock.advance(10_000);
    depths = () => Promise.reject(new Error("NATS is away"));
    await clock.advance(10_000);
    let answer = () => {};
    depths = async () => {
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      throw new Error("NATS is away");
    };
    await clock.advance(20_000);
    answer();
    depths = () => world.queue.depths();
    for (let n = 0; n < 40; n++) await write("A");
    await clock.advance(10_000);
    expect(of("high.A")?.in).toEqual([0, null, null, null, 1]);
  });

  it("counts a pod that comes, and nothing of one that goes", async () => {
    const { clock, of, pod } = start();
    await settle();
    const { worker, heartbeat } = pod();
    worker.lanes["high.B"].applied = 50;
    await clock.advance(10_000);
    await heartbeat.stop();
    await clock.advance(10_000);
    expect(of("high.B")?.out).toEqual([5, 0]);
  });
});
