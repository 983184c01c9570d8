import type { Clock } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { Delays } from "./delays.ts";

function delays() {
  const clock = new ManualClock();
  const due: string[] = [];
  return { clock, due, delays: new Delays<string>(clock, (item) => due.push(item)) };
}

describe("Delays", () => {
  it("gives out what is due at the same time in the order in which it came", () => {
    const { clock, due, delays: waiting } = delays();
    for (const item of ["a", "b", "c", "d", "e", "f"]) waiting.add(item, 10);
    clock.advanceNow(10);
    expect(due).toEqual(["a", "b", "c", "d", "e", "f"]);
  });

  it("has one timer, for the earliest, however many wait", () => {
    const { clock, due, delays: waiting } = delays();
    for (const ms of [50, 10, 90, 30]) waiting.add(String(ms), ms);
    expect(clock.timers).toBe(1);
    clock.advanceNow(40);
    expect(due).toEqual(["10", "30"]);
    expect(clock.timers).toBe(1);
    clock.advanceNow(50);
    expect(due).toEqual(["10", "30", "50", "90"]);
    expect(clock.timers).toBe(0);
  });

  it("waits again where a timer fires too early", () => {
    const due: string[] = [];
    const timers: (() => void)[] = [];
    let nowMs = 0;
    const clock: Clock = {
      wallMs: () => 0,
      monotonicMs: () => nowMs,
      setTimer: (callback) => {
        timers.push(callback);
        return () => {};
      },
    };
    const waiting = new Delays<string>(clock, (item) => due.push(item));
    waiting.add("a", 10);
    nowMs = 9.5;
    timers[0]?.();
    expect([due, timers.length]).toEqual([[], 2]);
    nowMs = 10;
    timers[1]?.();
    expect(due).toEqual(["a"]);
  });

  it("keeps what waits after close, without a timer, also what is added then", () => {
    const { clock, due, delays: waiting } = delays();
    waiting.add("a", 10);
    waiting.close();
    waiting.add("b", 5);
    clock.advanceNow(100);
    expect([due, clock.timers, [...waiting.items()].sort()]).toEqual([[], 0, ["a", "b"]]);
  });
});
