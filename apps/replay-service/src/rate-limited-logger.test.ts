import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, test } from "vitest";
import { RateLimitedLogger } from "./rate-limited-logger.ts";

function setUp() {
  const clock = new ManualClock();
  const lines: [string, object, string][] = [];
  const to = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  const logger = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  const limited = new RateLimitedLogger({ logger, clock, windowMs: 10_000 });
  return { clock, lines, limited };
}

const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });

test("a cause that repeats is one line at once and one per window, with a count", () => {
  const { clock, lines, limited } = setUp();
  for (let n = 1; n <= 5; n++) limited.warn({ cluster: "B", n, error: refused }, "no session");
  expect(lines).toEqual([["warn", { cluster: "B", n: 1, error: refused }, "no session"]]);
  clock.advanceNow(10_000);
  const late = { error: refused, lastAgoMs: 10_000 };
  expect(lines[1]).toEqual(["warn", { cluster: "B", n: 5, ...late, repeated: 4 }, "no session"]);
  limited.warn({ cluster: "B", n: 6, error: refused }, "no session");
  clock.advanceNow(10_000);
  expect(lines.slice(2)).toEqual([["warn", { cluster: "B", n: 6, ...late, repeated: 1 }, "no session"]]);
});

test("another cluster, error, level or sentence is another cause", () => {
  const { lines, limited } = setUp();
  limited.warn({ cluster: "B", error: refused }, "no session");
  limited.warn({ cluster: "A", error: refused }, "no session");
  limited.warn({ cluster: "B", error: new RangeError("another") }, "no session");
  limited.error({ cluster: "B", error: refused }, "no session");
  limited.warn({ cluster: "B", error: refused }, "breaker opened");
  expect(lines).toHaveLength(5);
});

test("a cause that was quiet for a window is told at once again, and leaves no timer", () => {
  const { clock, lines, limited } = setUp();
  limited.info({}, "connected");
  clock.advanceNow(10_000);
  expect(clock.timers).toBe(0);
  limited.info({}, "connected");
  expect(lines).toEqual([
    ["info", {}, "connected"],
    ["info", {}, "connected"],
  ]);
});

test("a flush tells what is still counted and leaves no timer", () => {
  const { clock, lines, limited } = setUp();
  limited.error({}, "full");
  limited.error({}, "full");
  limited.error({}, "other");
  limited.flush();
  expect(lines.slice(2)).toEqual([["error", { repeated: 1, lastAgoMs: 0 }, "full"]]);
  expect(clock.timers).toBe(0);
});

test("100,000 causes are a hundred lines and one of others, one timer, and a hundred and one lines a window later", () => {
  const { clock, lines, limited } = setUp();
  const tell = () => {
    for (let n = 0; n < 100_000; n++) limited.warn({ cluster: "B", tables: [`ks.t${n}`] }, "a dead letter");
  };
  tell();
  expect(lines).toHaveLength(101);
  expect(clock.timers).toBe(1);
  expect(lines[100]).toEqual([
    "warn",
    { cluster: "B", tables: ["ks.t100"], line: "a dead letter" },
    expect.stringContaining("too many different lines"),
  ]);
  tell();
  limited.info({ cluster: "B" }, "connected");
  expect(lines.slice(101).filter(([level]) => level === "info")).toHaveLength(1);
  expect(lines.at(-1)?.[2]).toContain("too many different lines");
  clock.advanceNow(10_000);
  expect(lines.filter(([, fields]) => "repeated" in fields)).toHaveLength(101);
  expect(lines.at(-1)?.[0]).toBe("info");
  clock.advanceNow(10_000);
  expect(clock.timers).toBe(0);
});

test("100,000 subjects leave one timer, and each level is told", () => {
  const { clock, lines, limited } = setUp();
  for (let n = 0; n < 100_000; n++) limited.warn({ cluster: `c${n}`, tables: [n] }, "no session");
  expect(clock.timers).toBe(1);
  expect(lines).toHaveLength(20 + 101);
  limited.flush();
  expect(clock.timers).toBe(0);
});

test("debug lines are not limited", () => {
  const { lines, limited } = setUp();
  for (let n = 0; n < 3; n++) limited.debug({}, "again");
  expect(lines).toHaveLength(3);
});

describe("the last line about a cluster is true", () => {
  const away = (limited: RateLimitedLogger) => limited.warn({ cluster: "B", error: refused }, "no session");
  const back = (limited: RateLimitedLogger) => limited.info({ cluster: "B" }, "connected");
  const told = (lines: readonly [string, object, string][]) =>
    lines.map(([, fields, message]) => ("repeated" in fields ? `${message} x${fields.repeated}` : message));

  test("after an outage: what was held back is told before the good news, and nothing after it", () => {
    const { clock, lines, limited } = setUp();
    for (let n = 0; n < 4; n++) away(limited);
    limited.warn({ cluster: "B" }, "suspended");
    clock.advanceNow(3_000);
    back(limited);
    expect(told(lines)).toEqual(["no session", "suspended", "no session x3", "connected"]);
    clock.advanceNow(60_000);
    expect(lines).toHaveLength(4);
    expect(clock.timers).toBe(0);
  });

  test("after a second outage within the window of the first", () => {
    const { clock, lines, limited } = setUp();
    for (let outage = 0; outage < 2; outage++) {
      away(limited);
      clock.advanceNow(1_500);
      back(limited);
      clock.advanceNow(1_500);
    }
    expect(told(lines)).toEqual(["no session", "connected", "no session", "connected"]);
  });

  test("whatever of another cluster is told meanwhile", () => {
    const { clock, lines, limited } = setUp();
    limited.warn({ cluster: "A" }, "no session");
    limited.warn({ cluster: "A" }, "no session");
    back(limited);
    expect(told(lines)).toEqual(["no session", "connected"]);
    clock.advanceNow(10_000);
    expect(told(lines).at(-1)).toBe("no session x1");
  });

  test("after an outage that begins long after the last good news, with several causes", () => {
    const { clock, lines, limited } = setUp();
    back(limited);
    clock.advanceNow(3_000);
    away(limited);
    for (let n = 0; n < 15; n++) {
      clock.advanceNow(700);
      limited.warn({ cluster: "B" }, "suspended");
      limited.warn({ cluster: "B" }, "an execution failed");
    }
    back(limited);
    const atTheEnd = lines.length;
    clock.advanceNow(60_000);
    expect(told(lines).slice(1)).toEqual([
      "no session",
      "suspended",
      "an execution failed",
      "suspended x14",
      "an execution failed x14",
      "connected",
    ]);
    expect(lines).toHaveLength(atTheEnd);
  });

  test("a second after each turn at the latest, and what flaps for an hour costs a few lines a second", () => {
    const { clock, lines, limited } = setUp();
    let state = 7;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const seconds = 3_600;
    const good = ["connected", "breaker closed", "goes on"];
    const bad = ["no session", "breaker opened", "suspended"];
    for (let atMs = 0; atMs < seconds * 1_000; ) {
      const isGood = random(2) === 0;
      const message = (isGood ? good : bad)[random(3)] ?? "";
      limited[isGood ? "info" : "warn"]({ cluster: "B" }, message);
      const quietMs = random(4) === 0 ? 1_000 + random(30_000) : random(400);
      clock.advanceNow(quietMs);
      atMs += quietMs;
      if (quietMs >= 1_000) expect(lines.at(-1)?.[0]).toBe(isGood ? "info" : "warn");
    }
    const before = lines.length;
    for (let n = 0; n < 10 * seconds; n++) {
      away(limited);
      clock.advanceNow(50);
      back(limited);
      clock.advanceNow(50);
    }
    expect(lines.length - before).toBeLessThan(5 * seconds);
  });
});

test("records of orders are all told, however many there are", () => {
  const { lines, limited } = setUp();
  for (const verb of ["pause", "resume", "pause"]) limited.info({ audit: { verb } }, "an operator's order");
  expect(lines.map(([, fields]) => fields)).toEqual([
    { audit: { verb: "pause" } },
    { audit: { verb: "resume" } },
    { audit: { verb: "pause" } },
  ]);
});
