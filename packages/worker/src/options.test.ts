import type { ReplayQueue } from "@helix/core";
import { describe, expect, it } from "vitest";
import { ReplayWorker, type ReplayWorkerOptions } from "./index.ts";

/** Says when it is used: refusing an option must come first. */
const queue = {
  traits: { maxDemand: 10 },
  open: () => {
    throw new Error("Nothing may be opened");
  },
} as unknown as ReplayQueue;

const make = (options: object) =>
  new ReplayWorker({ queue, executor: async () => {}, ...options } as ReplayWorkerOptions);

describe("options of a worker", () => {
  it.each([
    [{ queue: {} }, TypeError, "Expected `queue` to be a ReplayQueue (with `open`), got an object"],
    [{ executor: 1 }, TypeError, "Expected `executor` to be an executor or a function"],
    [{ executor: { execute() {}, probe: true } }, TypeError, "Expected `executor.probe` to be a function"],
    [
      { executor: { execute() {}, shortestGrace: 5 } },
      TypeError,
      "Expected `executor.shortestGrace` to be a function",
    ],
    [{ executor: { execute() {}, read: "x" } }, TypeError, "Expected `executor.read` to be a function"],
    [{ batchSize: 0 }, RangeError, "Expected `batchSize` to be an integer from 1 to 10000, got `0` (number)"],
    [{ pollIntervalMs: "1" }, TypeError, "Expected `pollIntervalMs` to be an integer"],
    [{ retryDelayMs: 0 }, RangeError, "Expected `retryDelayMs` to be"],
    [
      { maxRetryDelayMs: 2 ** 31 },
      RangeError,
      "Expected `maxRetryDelayMs` to be an integer from 1 to 2147483647",
    ],
    [
      { retryDelayMs: 200, maxRetryDelayMs: 100 },
      RangeError,
      "`maxRetryDelayMs` to be at least `retryDelayMs` (200)",
    ],
    [{ executeTimeoutMs: 1.5 }, TypeError, "Expected `executeTimeoutMs` to be"],
    [{ highPriorityRatio: -1 }, RangeError, "Expected `highPriorityRatio` to be"],
    [{ strictPriority: "yes" }, TypeError, "Expected `strictPriority` to be a boolean"],
    [{ concurrency: 0 }, RangeError, "Expected `concurrency` to be"],
    [{ maxDeliver: 0 }, RangeError, "Expected `maxDeliver` to be"],
    [{ patienceMs: -1 }, RangeError, "Expected `patienceMs` to be"],
    [{ stopGraceMs: -1 }, RangeError, "Expected `stopGraceMs` to be"],
    [{ metrics: {} }, TypeError, "Expected `metrics` to be a Metrics"],
    [{ logger: {} }, TypeError, "Expected `logger` to be a Logger"],
    [
      { clusterNames: { C: "x" } },
      TypeError,
      "Expected `clusterNames` to be an object with names for `A` and `B`",
    ],
    [{ clusterNames: { A: 1 } }, TypeError, "Expected `clusterNames` to be"],
    [{ onSuccess: 1 }, TypeError, "Expected `onSuccess` to be a function"],
    [{ onError: 1 }, TypeError, "Expected `onError` to be a function"],
    [{ onDrop: 1 }, TypeError, "Expected `onDrop` to be a function"],
    [{ clock: {} }, TypeError, "Expected `clock` to be a Clock"],
    [{ random: 0.5 }, TypeError, "Expected `random` to be a function"],
    [{ rateLimit: 0 }, RangeError, "Expected `rateLimit` to be a number from 0.001 to 1000000, got `0`"],
    [{ rateLimit: Number.NaN }, RangeError, "Expected `rateLimit` to be"],
    [{ rateLimit: "5" }, TypeError, "Expected `rateLimit` to be"],
    [{ gate: {} }, TypeError, "Expected `gate` to be a ClusterGate (with `state`, `onChange`)"],
    [{ speed: 5 }, TypeError, "Unknown option `speed` of ReplayWorker"],
  ])("refuses %o before anything happens", (options, type, message) => {
    expect(() => make(options)).toThrow(type);
    expect(() => make(options)).toThrow(message);
  });

  it("may be left out but for the queue and the executor, or be undefined", () => {
    expect(make({}).isRunning).toBe(false);
    expect(make({ batchSize: undefined, logger: undefined, clusterNames: undefined }).isRunning).toBe(false);
    expect(() => new ReplayWorker({ queue } as ReplayWorkerOptions)).toThrow("`executor`");
  });
});
