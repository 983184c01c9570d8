import { describe, expect, it } from "vitest";
import { pause, status } from "../src/index.ts";
import { setUp } from "./rig.ts";

const ANNA = { by: "ops", why: "schema change" };

describe("the status", () => {
  it("says in a sentence what was ordered, how many wait and how old the oldest is", async () => {
    const { operated, write, clock } = setUp();
    for (let n = 0; n < 1200; n++) await write("B", { priority: n % 2 ? "low" : "high" });
    await clock.advance(240_000);
    await pause(operated, "B", { ...ANNA, untilMs: Date.UTC(2025, 10, 24, 17) });
    const { clusters } = await status(operated);
    expect([clusters.A.sentence, clusters.B.sentence]).toEqual([
      "A: open; nothing waits",
      "B: paused by ops, schema change, until 17:00 UTC; 1,200 waiting, the oldest 4 min",
    ]);
  });

  it("counts each lane", async () => {
    const { operated, write, clock } = setUp();
    await write("B");
    await write("B", { priority: "low" });
    await clock.advance(500);
    const counts = { depth: 1, pending: 1, inHand: 0, inBackOff: 0, stuck: 0, oldestAgeMs: 500 };
    expect((await status(operated)).clusters.B.lanes).toEqual([
      { lane: "high.B", priority: "high", ...counts },
      { lane: "low.B", priority: "low", ...counts },
    ]);
  });

  it("names the day of an end that is not today, and the clusters as they are called", async () => {
    const { operated } = setUp();
    await pause(operated, "A", { ...ANNA, untilMs: Date.UTC(2025, 11, 1, 9, 30) });
    const { clusters } = await status({ ...operated, clusterNames: { A: "us_east" } });
    expect(clusters.A.sentence).toBe(
      "us_east: paused by ops, schema change, until 2025-12-01 09:30 UTC; nothing waits",
    );
  });

  it("says what it could not read, and the rest all the same", async () => {
    const { operated } = setUp();
    const away = async () => {
      throw new Error("a value");
    };
    await pause(operated, "B", ANNA);
    const noQueue = await status({ ...operated, queue: { ...operated.queue, depths: away } as never });
    expect(noQueue.unread).toEqual([{ part: "lanes", error: "Error" }]);
    expect(noQueue.clusters.B.sentence).toBe("B: paused by ops, schema change; what waits is not known");
    const noControl = await status({ ...operated, control: { ...operated.control, get: away } as never });
    expect(noControl.unread).toEqual([{ part: "gates", error: "Error" }]);
    expect(noControl.clusters.B.sentence).toBe("B: what is ordered is not known; nothing waits");
    await operated.control.put("gates", { B: "shut" });
    const { unread, clusters } = await status(operated);
    expect(unread).toEqual([{ part: "gates", error: "what lies in the store as gates are none" }]);
    expect(clusters.B).not.toHaveProperty("gate");
  });
});
