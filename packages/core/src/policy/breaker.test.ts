import { describe, expect, test } from "vitest";
import { Backoff } from "./backoff.ts";
import { Breaker, type BreakerState } from "./breaker.ts";

function setUp(calmMs?: number) {
  let now = 0;
  const changes: BreakerState[] = [];
  const clock = { wallMs: () => now, monotonicMs: () => now, setTimer: () => () => {} };
  const backoff = new Backoff({ initialMs: 100, maxMs: 400 });
  const breaker = new Breaker({
    backoff,
    clock,
    calmMs,
    random: () => 0.999999,
    onChange: (state) => changes.push(state),
  });
  return {
    breaker,
    changes,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("Breaker", () => {
  test("lets one trial through when the interval is over, and only one", () => {
    const { breaker, pass } = setUp();
    breaker.open("gone");
    expect(breaker.trialInMs).toBe(100);
    pass(99);
    expect(breaker.tryTrial()).toBe(false);
    pass(1);
    expect(breaker.tryTrial()).toBe(true);
    expect(breaker.state).toBe("half-open");
    expect(breaker.tryTrial()).toBe(false);
  });

  test("waits longer after each failed trial, up to the bound, and starts short again once closed", () => {
    const { breaker, pass } = setUp();
    const intervals: number[] = [];
    for (let i = 0; i < 4; i++) {
      breaker.open("gone");
      intervals.push(breaker.trialInMs);
      pass(breaker.trialInMs);
      breaker.tryTrial();
    }
    expect(intervals).toEqual([100, 200, 400, 400]);
    breaker.close();
    breaker.open("again");
    expect(breaker.trialInMs).toBe(100);
  });

  test("waits longer each time it opens again before it was calm for so long, and short after that", () => {
    const { breaker, pass } = setUp(1000);
    const intervals: number[] = [];
    for (const closedForMs of [0, 999, 999, 1000]) {
      pass(closedForMs);
      breaker.open("flaps");
      intervals.push(breaker.trialInMs);
      breaker.close();
    }
    expect(intervals).toEqual([100, 200, 400, 100]);
  });

  test("ignores further failures while it is open: what was under way does not lengthen the interval", () => {
    const { breaker, changes } = setUp();
    breaker.open("one");
    breaker.open("two");
    expect(breaker.trialInMs).toBe(100);
    expect(changes).toEqual(["open"]);
  });

  test("closes on a late answer while open", () => {
    const { breaker, changes } = setUp();
    breaker.open("gone");
    breaker.close();
    breaker.close();
    expect(breaker.tryTrial()).toBe(false);
    expect(changes).toEqual(["open", "closed"]);
  });

  test("tries again at once after a trial that said nothing", () => {
    const { breaker, pass } = setUp();
    breaker.open("gone");
    pass(100);
    breaker.tryTrial();
    breaker.abandonTrial();
    expect(breaker.state).toBe("open");
    expect(breaker.tryTrial()).toBe(true);
  });
});

describe("Backoff", () => {
  test("grows from half to the whole of each step, never above the bound", () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000 });
    expect([1, 2, 3, 4, 5, 50, 5000].map((n) => backoff.delayMs(n, 0))).toEqual([
      50, 100, 200, 400, 500, 500, 500,
    ]);
    expect([1, 2, 5000].map((n) => backoff.delayMs(n, 0.9999999))).toEqual([100, 200, 1000]);
    expect(backoff.delayMs(0, 0)).toBe(50);
  });

  test.each([
    [{ initialMs: 0, maxMs: 5 }, /`initialMs`/],
    [{ initialMs: 10, maxMs: 5 }, /`maxMs` to be at least `initialMs` \(10\), got `5`/],
    [{ initialMs: 1, maxMs: 5, factor: 0 }, /`factor`/],
    [{ initialMs: 1, maxMs: 5, max: 7 }, /Unknown option `max` of Backoff/],
  ])("refuses %j", (options, message) => {
    expect(() => new Backoff(options)).toThrow(message);
  });
});
