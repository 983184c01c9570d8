import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test } from "vitest";
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

test("debug lines are not limited", () => {
  const { lines, limited } = setUp();
  for (let n = 0; n < 3; n++) limited.debug({}, "again");
  expect(lines).toHaveLength(3);
});
