import { describe, expect, it } from "vitest";
import { SimProcess } from "../src/world/sim-process.ts";
import { VirtualTime } from "../src/world/virtual-time.ts";

describe("VirtualTime", () => {
  it("calls back in the order of time, and of setting at the same time, and not what was cancelled", async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    for (const [name, delayMs] of [
      ["c", 3],
      ["a", 1],
      ["b", 2],
      ["b2", 2],
      ["d", 9],
    ] as const) {
      time.schedule(() => seen.push(`${name}@${time.nowMs}`), delayMs);
    }
    time.schedule(() => seen.push("never"), 2)();
    expect(await time.runUntil(() => false, 5)).toBe(false);
    expect(seen).toEqual(["a@1", "b@2", "b2@2", "c@3"]);
    expect(time.nowMs).toBe(5);
  });

  it("lets promises settle between two timers of the same time", async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    time.schedule(() => void Promise.resolve().then(() => seen.push("promise")), 1);
    time.schedule(() => seen.push("timer"), 1);
    await time.runUntil(() => seen.length === 2, 10);
    expect(seen).toEqual(["promise", "timer"]);
  });
});

describe("SimProcess", () => {
  function rig() {
    const time = new VirtualTime();
    const deaths: string[] = [];
    const process = new SimProcess("p", time, { onDeath: ({ name }) => deaths.push(name) });
    const seen: string[] = [];
    const call = () =>
      process
        .call({ requestMs: 1, answerMs: 1, effect: () => void seen.push("effect") })
        .then(() => seen.push("answer"));
    return { time, process, deaths, seen, call };
  }

  it.each([
    [0, []],
    [1, ["effect"]],
    [2, ["effect", "answer"]],
  ])("that dies after %i crossings has come so far with a call", async (crossings, expected) => {
    const { time, process, deaths, seen, call } = rig();
    process.dieAfter(crossings);
    void call();
    await time.runUntil(() => false, 10);
    expect(seen).toEqual(expected);
    process.cross();
    expect(deaths).toEqual(["p"]);
  });

  it("that is dead sets no timer, and none of its timers fires", async () => {
    const { time, process, seen } = rig();
    process.clock.setTimer(() => seen.push("before"), 5);
    process.die();
    process.clock.setTimer(() => seen.push("after"), 5);
    await time.runUntil(() => false, 10);
    expect(seen).toEqual([]);
  });

  it("that is frozen gets timers and answers late", async () => {
    const { time, process, seen, call } = rig();
    process.clock.setTimer(() => seen.push(`timer@${time.nowMs}`), 3);
    void call();
    process.freeze(50);
    await time.runUntil(() => seen.length === 3, 100);
    expect(seen).toEqual(["effect", "answer", "timer@50"]);
  });
});
