import { describe, expect, test, vi } from "vitest";
import type { Clock } from "../policy/clock.ts";
import { nextTimestampMicros, TimestampGenerator, timestampLeadMs } from "./timestamp.ts";

class HandClock implements Clock {
  wall = 1_764_000_000_000;
  monotonic = 5_000.25;
  wallMs() {
    return Math.floor(this.wall);
  }
  monotonicMs() {
    return this.monotonic;
  }
  setTimer(): () => void {
    throw new Error("not needed");
  }
  pass(ms: number) {
    this.wall += ms;
    this.monotonic += ms;
  }
}

describe("TimestampGenerator", () => {
  test("has the resolution of the monotonic clock and the value of the wall clock", () => {
    const clock = new HandClock();
    const generator = new TimestampGenerator(clock);
    const first = generator.next();
    clock.pass(0.25);
    expect(generator.next() - first).toBe(250n);
    clock.pass(1000);
    expect(generator.next() - first).toBe(1_000_250n);
    expect(Number(first)).toBe(clock.wall * 1000 - 1_000_250);
  });

  test("is unique and increasing while the clock stands still", () => {
    const generator = new TimestampGenerator(new HandClock());
    const first = generator.next();
    for (let i = 1n; i <= 1000n; i++) expect(generator.next()).toBe(first + i);
  });

  test("never goes back when the wall clock is set back, and follows when it is set forward", () => {
    const clock = new HandClock();
    const generator = new TimestampGenerator(clock);
    const before = generator.next();
    clock.wall -= 3_600_000;
    expect(generator.next()).toBe(before + 1n);
    clock.wall += 7_200_000;
    expect(generator.next()).toBe(BigInt(clock.wall) * 1000n);
  });

  test("follows a wall clock that runs a little faster than the monotonic one", () => {
    const clock = new HandClock();
    const generator = new TimestampGenerator(clock);
    for (let i = 0; i < 1000; i++) {
      clock.wall += 10.01;
      clock.monotonic += 10;
      expect(Math.abs(timestampLeadMs(generator.next(), clock.wall))).toBeLessThanOrEqual(2);
    }
  });
});

describe("nextTimestampMicros", () => {
  test("is unique over a burst of a hundred thousand", () => {
    const seen = new Set<bigint>();
    for (let i = 0; i < 100_000; i++) seen.add(nextTimestampMicros());
    expect(seen.size).toBe(100_000);
  });

  test("shares one sequence between two copies of the package", async () => {
    vi.resetModules();
    const copy = await import("./timestamp.ts");
    expect(copy.nextTimestampMicros).not.toBe(nextTimestampMicros);
    let last = 0n;
    for (let i = 0; i < 1000; i++) {
      const next = i % 2 === 0 ? nextTimestampMicros() : copy.nextTimestampMicros();
      expect(next).toBeGreaterThan(last);
      last = next;
    }
  });

  test("lies within a second of the wall clock when it is not pressed", () => {
    expect(Math.abs(timestampLeadMs(nextTimestampMicros()))).toBeLessThan(1000);
  });
});

test("timestampLeadMs is positive ahead of the clock and negative behind it", () => {
  expect(timestampLeadMs(2_500_000n, 1000)).toBe(1500);
  expect(timestampLeadMs(500n, 1000)).toBe(-999.5);
});
