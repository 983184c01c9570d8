import { type ClusterId, type ReplayExecutor, silentMetrics, type TableGrace } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { payload, type startRig as Start, startRig } from "./rig.ts";

const DAY_MS = 86_400_000;
const CARTS: TableGrace = { table: "shop.carts", gcGraceSeconds: 3600 };

type Grace = NonNullable<ReplayExecutor["shortestGrace"]>;

/** A worker over a queue with a retention, and what it warns of. */
async function warned(shortestGrace: Grace | undefined, options: Parameters<typeof Start>[0] = {}) {
  const lines: [string, object][] = [];
  const line = () => {};
  const gauges: unknown[] = [];
  let available: (cluster: ClusterId) => void = () => {};
  const rig = await startRig({
    traits: { retentionMs: DAY_MS },
    executor: {
      ...(shortestGrace && { shortestGrace }),
      onAvailable(listener) {
        available = listener;
        return () => {};
      },
    },
    logger: {
      debug: line,
      info: line,
      error: line,
      warn: (fields, text) => void lines.push([text, fields]),
    },
    metrics: {
      ...silentMetrics,
      gauge: (name, { cluster }, value) => {
        if (name === "helix_gc_grace_seconds") gauges.push([cluster, value]);
      },
    },
    clusterNames: { A: "us_east" },
    ...options,
  });
  return { ...rig, lines, gauges, available: (cluster: ClusterId) => available(cluster) };
}

describe("a queue that keeps messages for longer than a table remembers its deletes", () => {
  it("is warned of once per cluster, with the table, both figures and what follows", async () => {
    const { lines, worker, available } = await warned(async () => CARTS);
    const fields = { table: "shop.carts", gcGraceSeconds: 3600, retentionMs: DAY_MS };
    expect(lines).toEqual([
      [expect.stringContaining("86400 s, and shop.carts"), { cluster: "us_east", ...fields }],
      [expect.stringContaining("(too-old)"), { cluster: "B", ...fields }],
    ]);
    available("A");
    await worker.stop();
    await worker.start();
    await settle();
    expect(lines).toHaveLength(2);
  });

  it("is told by the metrics for how long deletes are remembered, where that is long enough as well", async () => {
    const graces = { A: 3600, B: 864_000 };
    const { gauges, lines } = await warned(async (cluster) => ({
      ...CARTS,
      gcGraceSeconds: graces[cluster],
    }));
    expect(gauges).toEqual([
      ["A", 3600],
      ["B", 864_000],
    ]);
    expect(lines).toHaveLength(1);
  });

  it.each<[string, Grace | undefined, Parameters<typeof Start>[0]]>([
    ["the shortest is as long", async () => ({ ...CARTS, gcGraceSeconds: DAY_MS / 1000 }), {}],
    ["there are no tables", async () => undefined, {}],
    ["the queue keeps messages for ever", async () => CARTS, { traits: {} }],
    ["the executor cannot be asked", undefined, {}],
    ["the answer is none", async () => null as never, {}],
  ])("is not warned of where %s", async (_why, shortestGrace, options) => {
    const { lines, queue } = await warned(shortestGrace, options);
    queue.put(payload());
    await settle();
    expect([lines, queue.count("ack")]).toEqual([[], 1]);
  });

  it("is warned of when a cluster is there that was away at the start", async () => {
    let isThere = false;
    let asked = 0;
    const { lines, available } = await warned(async (cluster) => {
      asked++;
      if (!isThere && cluster === "B") throw new Error("away");
      return CARTS;
    });
    expect(lines).toHaveLength(1);
    available("B");
    await settle();
    expect([lines.length, asked]).toEqual([1, 3]);
    isThere = true;
    available("B");
    available("B");
    await settle();
    expect([lines.length, asked]).toEqual([2, 4]);
  });

  it.each<[string, Grace]>([
    ["hangs", () => new Promise(() => {})],
    ["rejects", () => Promise.reject(new Error("no"))],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
  ])(
    "delays neither start, replay nor stop where the executor %s, and leaves no timer",
    async (_how, grace) => {
      const { lines, queue, worker, timers } = await warned(grace);
      queue.put(payload());
      await settle();
      // One of the progress.
      expect([lines, queue.count("ack"), timers()]).toEqual([[], 1, 1]);
      await worker.stop();
      expect(timers()).toBe(0);
    },
  );

  it("is asked about by a signal that a stop aborts, and what comes then is not told", async () => {
    const signals: AbortSignal[] = [];
    let answer = (_: TableGrace) => {};
    const { lines, worker } = await warned((_, { signal }) => {
      signals.push(signal);
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    await worker.stop();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    answer(CARTS);
    await settle();
    expect(lines).toEqual([]);
  });
});
