import { describe, expect, test } from "vitest";
import { logger as loggerOption, metrics as metricsOption, readOption } from "../options/index.ts";
import { harmlessCallback, harmlessLogger, harmlessMetrics } from "./harmless.ts";
import { type Logger, silentLogger } from "./logger.ts";
import { type Metrics, silentMetrics } from "./metrics.ts";

const misbehaviours: Record<string, () => unknown> = {
  throws: () => {
    throw new Error("threw");
  },
  rejects: () => Promise.reject(new Error("rejected")),
  "returns a promise of somebody else's that rejects": () => ({
    // biome-ignore lint/suspicious/noThenProperty: what a foreign promise looks like
    then: (_: unknown, no: (error: Error) => void) => no(new Error("thenable")),
  }),
  "returns what throws when it is looked at": () =>
    // biome-ignore lint/suspicious/noThenProperty: what a foreign promise looks like
    Object.defineProperty({}, "then", {
      get() {
        throw new Error("getter");
      },
    }),
  hangs: () => new Promise(() => {}),
  "returns garbage": () => Object.assign(() => 5, { inspect: 5 }),
};

function loggerOf(method: () => unknown): Logger {
  return { debug: method, info: method, warn: method, error: method } as Logger;
}

function metricsOf(method: () => unknown): Metrics {
  return { increment: method, gauge: method, observe: method } as Metrics;
}

function useAll(logger: Logger, metrics: Metrics): unknown[] {
  return [
    ...(["debug", "info", "warn", "error"] as const).map((level) => logger[level]({}, "a line")),
    metrics.increment("helix_applied_total", { cluster: "A", priority: "high" }),
    metrics.gauge("helix_in_hand", { cluster: "A" }, 1),
    metrics.observe("helix_replay_lag_seconds", { cluster: "A", priority: "high" }, 1),
  ];
}

describe("a logger, metrics and a callback that are read from options", () => {
  test.each(Object.keys(misbehaviours))("change nothing when one %s", async (how) => {
    const misbehave = misbehaviours[how] as () => unknown;
    const unhandled: unknown[] = [];
    const listener = (error: unknown) => unhandled.push(error);
    process.on("unhandledRejection", listener);
    try {
      const logger = readOption(loggerOption, loggerOf(misbehave), "logger");
      const metrics = readOption(metricsOption, metricsOf(misbehave), "metrics");
      expect(useAll(logger, metrics)).toEqual(Array(7).fill(undefined));
      expect(harmlessCallback(misbehave)()).toBeUndefined();
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("unhandledRejection", listener);
    }
    expect(unhandled).toEqual([]);
  });

  test("change nothing when their methods are gone, or are getters that throw by now", () => {
    const logger = loggerOf(() => {}) as unknown as Record<string, unknown>;
    const metrics = metricsOf(() => {}) as unknown as Record<string, unknown>;
    const [safeLogger, safeMetrics] = [harmlessLogger(logger as never), harmlessMetrics(metrics as never)];
    for (const one of [logger, metrics]) for (const name of Object.keys(one)) delete one[name];
    expect(useAll(safeLogger, safeMetrics)).toEqual(Array(7).fill(undefined));
    const get = () => {
      throw new Error("getter");
    };
    for (const name of ["debug", "info", "warn", "error"]) Object.defineProperty(logger, name, { get });
    for (const name of ["increment", "gauge", "observe"]) Object.defineProperty(metrics, name, { get });
    expect(useAll(safeLogger, safeMetrics)).toEqual(Array(7).fill(undefined));
  });

  test.each(["throws", "rejects"])("tell of what was called, when it %s", async (how) => {
    const told: unknown[] = [];
    const callback = misbehaviours[how] as (...args: string[]) => unknown;
    harmlessCallback(callback, (error, ...args) => told.push((error as Error).message, args))("one", "two");
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([how === "throws" ? "threw" : "rejected", ["one", "two"]]);
  });

  test("are told everything, as methods of what was given", () => {
    class Lines implements Logger {
      readonly lines: unknown[][] = [];
      debug(...line: unknown[]) {
        this.lines.push(["debug", ...line]);
      }
      info(...line: unknown[]) {
        this.lines.push(["info", ...line]);
      }
      warn(...line: unknown[]) {
        this.lines.push(["warn", ...line]);
      }
      error(...line: unknown[]) {
        this.lines.push(["error", ...line]);
      }
    }
    const given = new Lines();
    const logger = harmlessLogger(given);
    logger.debug({ n: 1 }, "one");
    logger.error({ n: 2 }, "two");
    expect(given.lines).toEqual([
      ["debug", { n: 1 }, "one"],
      ["error", { n: 2 }, "two"],
    ]);
    const counts: unknown[][] = [];
    const metrics = harmlessMetrics(metricsOf((...call: unknown[]) => counts.push(call)));
    metrics.increment("helix_applied_total", { cluster: "B" });
    metrics.increment("helix_applied_total", { cluster: "B" }, 3);
    metrics.gauge("helix_in_hand", { cluster: "A" }, 7);
    expect(counts).toEqual([
      ["helix_applied_total", { cluster: "B" }],
      ["helix_applied_total", { cluster: "B" }, 3],
      ["helix_in_hand", { cluster: "A" }, 7],
    ]);
  });

  test("are wrapped once, however many packages hand them on, and not at all where they are silent", () => {
    const logger = harmlessLogger(loggerOf(() => {}));
    const metrics = harmlessMetrics(metricsOf(() => {}));
    expect(harmlessLogger(logger)).toBe(logger);
    expect(harmlessMetrics(metrics)).toBe(metrics);
    expect(readOption(loggerOption, undefined, "logger")).toBe(silentLogger);
    expect(readOption(metricsOption, silentMetrics, "metrics")).toBe(silentMetrics);
  });

  test("have their failures reported, and a report that throws changes nothing either", async () => {
    const reported: unknown[] = [];
    const report = (error: unknown) => {
      reported.push((error as Error).message);
      throw new Error("of the report");
    };
    for (const misbehave of Object.values(misbehaviours)) harmlessCallback(misbehave, report)();
    await new Promise((resolve) => setImmediate(resolve));
    expect(reported).toEqual(["threw", "getter", "rejected", "thenable"]);
  });
});
