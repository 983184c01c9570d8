import { type ErrorReading, readingOf } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { failure, hang, payload, payloads, startRig } from "./rig.ts";

const read = (error: unknown): ErrorReading => ({
  ...readingOf(error),
  load: (error as Partial<ErrorReading>).load,
});
const overload = () => Object.assign(failure("unavailable"), { load: "overload" as const });
const timeout = () => Object.assign(failure("uncertain"), { load: "timeout" as const });

describe("concurrency", () => {
  it("settles where a cluster bears it: more at once than that are refused, and nothing is lost", async () => {
    const bears = 40;
    const { queue, clock, running, record } = await startRig({
      executor: { read },
      execute: async () => {
        if (running.now > bears) throw overload();
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 10));
      },
    });
    const opened = record("cluster:breaker:opened");
    const failed = record("replay:attempt:failed");
    queue.put(...payloads(8000));
    // The first burst of 128 is refused for the most part, in a row, and so is taken for an outage.
    await clock.advance(1000);
    const [openedBefore, failedBefore] = [opened.length, failed.length];
    expect(openedBefore).toBe(1);
    for (let window = 0; window < 20; window++) {
      running.most = 0;
      await clock.advance(100);
      expect(running.most).toBeLessThanOrEqual(bears + 12);
    }
    expect(opened.length).toBe(openedBefore);
    expect(failed.length).toBeGreaterThan(failedBefore);
    await clock.advance(60_000);
    expect([queue.count("ack"), queue.dead.length]).toEqual([8000, 0]);
    expect(failed.every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it("is halved once when a few of those under way are refused, and grows again with each answer", async () => {
    const limits: number[] = [];
    const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const { queue } = await startRig({
      executor: { read },
      metrics: {
        increment() {},
        observe() {},
        gauge: (name, { cluster }, value) => {
          if (name === "helix_concurrency_limit" && cluster === "A") limits.push(value);
        },
      },
      execute: () => new Promise<void>((resolve, reject) => void ends.push({ resolve, reject })),
    });
    queue.put(...payloads(128));
    await settle();
    for (const { reject } of ends.slice(0, 7)) reject(overload());
    await settle();
    expect(limits).toEqual([128, 64]);
    for (const { resolve } of ends.slice(7, 17)) resolve();
    await settle();
    expect(limits.at(-1)).toBe(74);
    for (const { resolve } of ends.slice(17)) resolve();
    await settle();
    expect(limits.at(-1)).toBe(128);
  });

  it("does not open the breaker for an overload among answers, and opens it for nothing but overloads", async () => {
    let refused = 0;
    const { queue, clock, record, executions } = await startRig({
      concurrency: 4,
      executor: { read },
      execute: async () => {
        if (refused > 0 && executions.length % refused === 0) throw overload();
      },
    });
    const opened = record("cluster:breaker:opened");
    refused = 2;
    queue.put(...payloads(200));
    await clock.advance(10_000);
    expect([queue.count("ack"), opened.length]).toEqual([200, 0]);
    refused = 1;
    queue.put(...payloads(200));
    await settle();
    expect(opened).toHaveLength(1);
  });

  it("falls where the cluster is stifled by what is under way, so that it is served again", async () => {
    const { queue, clock, running } = await startRig({
      executor: { read, probe: async () => {} },
      execute: async () => {
        const isTooMuch = running.now > 60;
        await new Promise<void>((resolve) => void clock.setTimer(resolve, isTooMuch ? 500 : 10));
        if (isTooMuch) throw timeout();
      },
    });
    queue.put(...payloads(1000));
    await clock.advance(120_000);
    expect([queue.count("ack"), queue.dead.length]).toEqual([1000, 0]);
  });

  it("falls for one round for bad messages that hang, and then no more", async () => {
    const { queue, clock, executions } = await startRig({
      executeTimeoutMs: 1000,
      executor: { probe: async () => {} },
      execute: hang,
    });
    queue.put(...payloads(2000));
    await clock.advance(5000);
    // Eight in the second round, then all slots but the quarter of the retries.
    expect(executions.length).toBeGreaterThan(128 + 8 + 3 * 96 - 10);
  });
});

it("an executor whose `read` throws is one that has none", async () => {
  const { queue, record } = await startRig({
    executor: {
      read: () => {
        throw new Error("read");
      },
    },
    execute: () => Promise.reject(failure("unavailable")),
  });
  const opened = record("cluster:breaker:opened");
  queue.put(payload());
  await settle();
  expect(opened).toHaveLength(1);
});
