import type { ReplayPayload } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import type { ReplayFailure } from "../src/index.ts";
import { failure, hang, payload, payloads, reading, startRig } from "./rig.ts";

const uncertain = () => Promise.reject(failure("uncertain"));

/**
 * A batch that always times out comes again every ten seconds, or `retryMs`. Three seconds after each failure, which is too
 * late for a proof, others of its table are applied.
 */
async function startOverdue({
  maxDeliver = 5,
  others = () => payloads(1),
  probe,
  retryMs = 10_000,
}: {
  retryMs?: number;
  maxDeliver?: number;
  others?: () => ReplayPayload[];
  probe?: (() => Promise<void>) | undefined;
}) {
  const probes: number[] = [];
  const rig = await startRig({
    patienceMs: 60_000,
    retryDelayMs: retryMs,
    maxRetryDelayMs: retryMs,
    maxDeliver,
    execute: async ({ id }) => {
      if (!id.startsWith("batch")) return;
      rig.clock.setTimer(() => rig.queue.put(...others()), 3000);
      await uncertain();
    },
    ...(probe && {
      executor: {
        probe: () => {
          probes.push(rig.clock.monotonicMs());
          return probe();
        },
      },
    }),
  });
  const failed = rig.record("replay:attempt:failed");
  rig.queue.put(payload({ name: "batch" }));
  return { ...rig, failed, probes, counted: () => failed.filter(({ counted }) => counted).length };
}

const answered = async () => {};

describe("which failures count", () => {
  it("gives a message up after maxDeliver failures while others of its table are applied", async () => {
    const errors: ReplayFailure[] = [];
    const { queue, clock, record } = await startRig({
      maxDeliver: 3,
      onError: (one) => errors.push(one),
      execute: async ({ id }) => {
        if (id.startsWith("bad")) await uncertain();
      },
    });
    const failed = record("replay:attempt:failed");
    queue.put(payload({ name: "bad" }));
    for (let step = 0; step < 40; step++) {
      await clock.advance(50);
      queue.put(payload());
    }
    await clock.advance(0);
    expect(queue.dead).toMatchObject([
      {
        id: "bad-A",
        cause: { reason: "attempts", outcome: "uncertain", error: errors[4]?.error, attempts: 3 },
      },
    ]);
    // The first proves nothing, since nothing of the table was applied before it. Each of the others is proved by
    // what starts after it, so the queue hears of it with the next one.
    expect(errors.map(({ attempts, delayMs }) => ({ attempts, delayMs }))).toEqual([
      { attempts: 0, delayMs: 100 },
      { attempts: 0, delayMs: 200 },
      { attempts: 1, delayMs: 400 },
      { attempts: 2, delayMs: 800 },
      { attempts: 3, delayMs: 0 },
    ]);
    const settled = queue.settlements.filter(({ id }) => id === "bad-A");
    expect(settled.map(({ attempts, error }) => [attempts, error])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      [1, errors[2]?.error],
      [2, errors[3]?.error],
      [undefined, undefined],
    ]);
    expect(failed).toHaveLength(5);
    expect(queue.count("ack")).toBe(40);
  });

  it("counts at once what others have proved while it was executing", async () => {
    const { queue, clock, record } = await startRig({
      execute: async ({ id }) => {
        if (!id.startsWith("bad")) return;
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 1000));
        await uncertain();
      },
    });
    const failed = record("replay:attempt:failed");
    queue.put(payload({ name: "bad" }));
    await clock.advance(500);
    queue.put(payload());
    await clock.advance(500);
    expect(failed).toMatchObject([{ attempts: 1, counted: true }]);
  });

  it("counts no timeout until its message has failed for twice as long as an execution may take", async () => {
    const { queue, clock, record } = await startRig({
      executeTimeoutMs: 1000,
      execute: ({ id }) => (id.startsWith("bad") ? hang() : Promise.resolve()),
    });
    const failed = record("replay:attempt:failed");
    queue.put(payload({ name: "bad" }));
    for (let step = 0; step < 50; step++) {
      queue.put(payload());
      await clock.advance(100);
    }
    // They fail 1, 2.1, 3.3 and 4.7 s after the start.
    expect(failed.map(({ attempts }) => attempts)).toEqual([0, 0, 1, 2]);
  });

  it("counts nothing of what was under way when its cluster became a black hole, though later ones were applied", async () => {
    const { queue, clock, record } = await startRig({
      execute: ({ id }) => (id.startsWith("lost") ? hang() : Promise.resolve()),
    });
    const failed = record("replay:attempt:failed");
    // So few that no run of failures opens the breaker.
    for (let n = 0; n < 7; n++) queue.put(payload({ name: `lost${n}` }));
    queue.put(...payloads(20));
    await clock.advance(30_000);
    expect(queue.count("ack")).toBe(20);
    expect(failed.map(({ counted, attempts }) => [counted, attempts])).toEqual(failed.map(() => [false, 0]));
    expect(failed).toHaveLength(7);
  });

  it("counts nothing of a message each of whose failures is followed by the end of an outage", async () => {
    const delays = { retryDelayMs: 3000, maxRetryDelayMs: 3000 };
    const { queue, clock, record } = await startRig({
      ...delays,
      execute: async ({ id }) => {
        if (id.startsWith("unlucky")) await uncertain();
      },
    });
    const failures = record("replay:attempt:failed");
    queue.put(payload(), payload({ name: "unlucky" }));
    for (let outage = 0; outage < 25; outage++) {
      // So little traffic that no run of failures opens the breaker.
      await clock.advance(100);
      queue.put(payload());
      await clock.advance(2900);
    }
    expect(failures.length).toBeGreaterThanOrEqual(20);
    // The first may: its table was served just before.
    expect(failures.map(({ attempts }) => attempts)).toEqual([0, ...failures.slice(1).map(() => 1)]);
  });

  it("goes on from the count that the queue remembers", async () => {
    const { queue, clock } = await startRig({
      executeTimeoutMs: 1000,
      execute: ({ id }) => (id.startsWith("bad") ? new Promise(() => {}) : Promise.resolve()),
    });
    queue.putKnown(payload({ name: "bad" }), { attempts: 4 });
    await clock.advance(500);
    queue.put(payload());
    await clock.advance(500);
    expect(queue.dead).toMatchObject([{ id: "bad-A", cause: { reason: "attempts" } }]);
  });

  it.each([
    ["the replicas of its table are away, though another table is served", undefined],
    ["the replicas of its table are away, though a probe is answered", { probe: answered }],
    ["the replicas of its table do not answer in time", { probe: answered, ...reading({ load: "timeout" }) }],
    ["its table is missing, since the cluster gets the schema an hour later", { probe: answered }],
  ])("never counts while %s", async (why, executor) => {
    let isAway = false;
    const error = Object.assign(new Error(why), { outcome: "uncertain" });
    const { queue, clock, record, executions } = await startRig({
      ...(executor && { executor }),
      execute: async ({ operation }) => {
        if (isAway && "query" in operation && operation.query.includes("ks.away")) throw error;
      },
    });
    const failed = record("replay:attempt:failed");
    const opened = record("cluster:breaker:opened");
    // What was applied before proves nothing of what comes.
    queue.put(payload({ table: "away" }));
    await clock.advance(0);
    isAway = true;
    queue.put(...payloads(50, { table: "away" }));
    for (let minute = 0; minute < 60; minute++) {
      for (let tenth = 0; tenth < 600; tenth++) {
        queue.put(payload({ table: "served" }));
        await clock.advance(100);
      }
    }
    expect(failed.length).toBeGreaterThan(1500);
    expect(failed.filter(({ counted, attempts }) => counted || attempts > 0)).toEqual([]);
    expect([queue.dead.length, queue.count("ack")]).toEqual([0, 36_001]);
    // The run of failures of the first moment may look like an outage, until the other table is applied.
    expect(opened.length).toBeLessThanOrEqual(1);
    isAway = false;
    const before = executions.length;
    // A tenth of the hour.
    await clock.advance(360_000);
    expect([queue.count("ack"), executions.length - before]).toEqual([36_051, 50]);
  });

  it("never counts what a column costs that the cluster gets late, while other statements of the table are applied", async () => {
    let isThere = false;
    const { queue, clock, record } = await startRig({
      execute: async ({ operation }) => {
        if (!isThere && "query" in operation && operation.query.includes("nick")) await uncertain();
      },
    });
    const failed = record("replay:attempt:failed");
    const query = "INSERT INTO ks.t (id, nick) VALUES (?, ?)";
    const operation = { kind: "statement", query, params: [1, "a"] } as const;
    queue.put(...payloads(50, { operation }));
    for (let second = 0; second < 600; second++) {
      queue.put(payload());
      await clock.advance(1000);
    }
    expect(failed.length).toBeGreaterThan(500);
    expect(failed.filter(({ counted, attempts }) => counted || attempts > 0)).toEqual([]);
    isThere = true;
    await clock.advance(60_000);
    expect([queue.dead.length, queue.count("ack")]).toEqual([0, 650]);
  });

  it("counts nothing by what the other cluster applies", async () => {
    const { queue, clock, record } = await startRig({
      execute: async ({ targetCluster }) => {
        if (targetCluster === "A") await uncertain();
      },
    });
    const failed = record("replay:attempt:failed");
    queue.put(payload());
    for (let tenth = 0; tenth < 6000; tenth++) {
      queue.put(payload({ targetCluster: "B" }));
      await clock.advance(100);
    }
    expect([failed.length > 20, failed.some(({ counted }) => counted)]).toEqual([true, false]);
    expect([queue.count("ack", "B"), queue.dead.length]).toEqual([6000, 0]);
  });

  it.each([
    ["connection-lost", 0],
    ["timeout", 1],
    [undefined, 1],
  ] as const)(
    "counts no lost connection, whatever is applied next, and no patience ends (%s)",
    async (load, least) => {
      const { queue, clock, record } = await startRig({
        patienceMs: 1000,
        executeTimeoutMs: 1000,
        executor: { ...reading({ load }), probe: answered },
        execute: async ({ id }) => {
          if (id.startsWith("cut")) await uncertain();
        },
      });
      const failed = record("replay:attempt:failed");
      queue.put(payload({ name: "cut" }));
      for (let step = 0; step < 1200; step++) {
        queue.put(payload());
        await clock.advance(50);
      }
      expect(failed.length).toBeGreaterThan(4);
      expect(failed.filter(({ counted, attempts }) => counted || attempts > 0).length >= least).toBe(true);
      if (least === 0) expect(failed.filter(({ counted, attempts }) => counted || attempts > 0)).toEqual([]);
      // Later each time all the same.
      expect(failed.slice(0, 4).map(({ delayMs }) => delayMs)).toEqual([100, 200, 400, 800]);
    },
  );

  it.each([
    ["a probe is answered", { probe: answered }],
    ["nobody can be asked", undefined],
  ])(
    "counts nothing of a lane that is all poison, and good messages that come are applied (%s)",
    async (_, executor) => {
      const { queue, clock, record } = await startRig({
        ...(executor && { executor }),
        execute: async ({ id }) => {
          if (id.startsWith("bad")) await uncertain();
        },
      });
      const failed = record("replay:attempt:failed");
      for (let n = 0; n < 200; n++) queue.put(payload({ name: `bad${n}` }));
      await clock.advance(3_600_000);
      expect([failed.length > 200, failed.some(({ counted }) => counted), queue.dead]).toEqual([
        true,
        false,
        [],
      ]);
      queue.put(payload({ table: "good" }), payload({ table: "good", priority: "low" }));
      await clock.advance(60_000);
      expect(queue.count("ack")).toBe(2);
    },
  );

  it("counts by its table what ends without an answer, whatever its statement", async () => {
    const { queue, clock } = await startRig({
      maxDeliver: 2,
      executeTimeoutMs: 1000,
      execute: ({ id }) => (id.startsWith("batch") ? hang() : Promise.resolve()),
    });
    const statement = { query: "UPDATE ks.t SET a = 1 WHERE id = 1", params: [] };
    const operation = { kind: "batch", batchType: "logged", statements: [statement, statement] } as const;
    queue.put(payload({ name: "batch", operation }));
    for (let step = 0; step < 100; step++) {
      queue.put(payload());
      await clock.advance(100);
    }
    expect(queue.dead).toMatchObject([{ id: "batch-A", cause: { reason: "attempts", attempts: 2 } }]);
  });

  it("counts what fails for longer than patienceMs if a probe is answered and its table is served, not before", async () => {
    const { queue, clock, failed, probes, counted } = await startOverdue({ maxDeliver: 2, probe: answered });
    await clock.advance(60_000);
    expect([failed.length, counted(), probes]).toEqual([7, 0, []]);
    await clock.advance(20_000);
    expect([failed.length, counted(), probes.length]).toEqual([9, 2, 2]);
    expect(queue.dead).toMatchObject([{ id: "batch-A", cause: { reason: "attempts" } }]);
  });

  it("counts nothing by patience while nothing else of its table is applied, until it has expired", async () => {
    const { queue, clock, failed, probes, counted } = await startOverdue({
      others: () => payloads(1, { table: "other" }),
      probe: answered,
    });
    await clock.advance(3_600_000);
    expect([failed.length > 30, counted(), probes]).toEqual([true, 0, []]);
    queue.expire("batch-A");
    await clock.advance(200_000);
    expect(queue.dead).toMatchObject([{ id: "batch-A", cause: { reason: "expired" }, attempts: 0 }]);
  });

  it("counts one failure by patience for each time that its table was served meanwhile", async () => {
    let isServed = false;
    const { queue, clock, counted } = await startOverdue({
      others: () => (isServed ? payloads(20) : []),
      probe: answered,
      retryMs: 200_000,
    });
    for (let round = 0; round < 3; round++) {
      await clock.advance(400_000);
      expect(counted()).toBe(round);
      isServed = true;
      await clock.advance(200_000);
      isServed = false;
    }
    expect(queue.dead).toEqual([]);
  });

  it.each([
    ["is rejected", () => Promise.reject(new Error("away"))],
    ["hangs", hang],
    ["is not there", undefined],
  ])("counts nothing by patience when the probe %s", async (_, probe) => {
    const { queue, clock, failed, counted, timers } = await startOverdue({ probe });
    await clock.advance(3_600_000);
    expect([failed.length > 30, counted(), queue.dead.length]).toEqual([true, 0, 0]);
    queue.expire("batch-A");
    await clock.advance(230_000);
    expect([queue.dead.length, timers()]).toEqual([1, 0]);
  });
});

describe("retries", () => {
  it("wait longer after each failure of their message, up to maxRetryDelayMs", async () => {
    const { queue, clock } = await startRig({ retryDelayMs: 10, maxRetryDelayMs: 50, execute: uncertain });
    queue.put(payload());
    await clock.advance(250);
    expect(queue.settlements.map(({ delayMs }) => delayMs)).toEqual([10, 20, 40, 50, 50, 50, 50]);
  });

  it("spread by chance", async () => {
    let draws = 0;
    const { queue } = await startRig({
      retryDelayMs: 100,
      execute: uncertain,
      random: () => (draws++ % 2 === 0 ? 0 : 0.5),
    });
    queue.put(...payloads(4));
    await expect.poll(() => queue.settlements.map(({ delayMs }) => delayMs)).toEqual([50, 75, 50, 75]);
  });

  it("that hang delay others no more when an outage has just ended", async () => {
    let isAway = true;
    const { queue, clock, record } = await startRig({
      executor: { probe: () => (isAway ? Promise.reject(new Error("away")) : Promise.resolve()) },
      execute: async ({ id }) => {
        if (isAway) throw failure("unavailable");
        if (id.startsWith("bad")) await hang();
      },
    });
    const closed = record("cluster:breaker:closed");
    for (let n = 0; n < 1000; n++) queue.put(payload({ name: `bad${n}` }));
    queue.put(...payloads(100));
    await clock.advance(60_000);
    isAway = false;
    // The trial, six rounds of 2 to 64, and the first executions of them all.
    await clock.advance((1 + 6 + 1000 / 128) * 30_000);
    expect([closed.length, queue.count("ack")]).toEqual([1, 100]);
  });

  it("are held no more than may be executed, however many there are, and leave some slots to those of other tables", async () => {
    const { queue, running } = await startRig({ concurrency: 100, execute: hang });
    for (let n = 0; n < 1000; n++) queue.putKnown(payload(), { attempts: 1 });
    await settle();
    expect([running.now, queue.inHand.size]).toEqual([22, 22 + 25]);
    for (let n = 0; n < 1000; n++) queue.putKnown(payload({ table: "other" }), { attempts: 1 });
    await settle();
    expect([running.now, queue.inHand.size]).toEqual([25, 25 + 25]);
  });

  it("wait for a tenth of the time for which they have been failing, where that is longer, up to twenty times maxRetryDelayMs", async () => {
    const { queue, clock, record } = await startRig({ execute: uncertain });
    const failed = record("replay:attempt:failed");
    queue.put(payload());
    const delays = async (untilMs: number) => {
      failed.splice(0);
      await clock.advance(untilMs - clock.monotonicMs());
      return failed.map(({ delayMs }) => Math.round(delayMs / 1000));
    };
    expect(Math.max(...(await delays(300_000)))).toBe(30);
    expect(await delays(600_000)).toEqual([32, 35, 39, 43, 47, 52, 57]);
    await delays(5_900_000);
    expect(Math.max(...(await delays(6_100_000)))).toBeLessThanOrEqual(600);
    expect(new Set(await delays(15_000_000))).toEqual(new Set([600]));
  });

  it.each([
    ["an outage of the cluster", "unavailable"],
    ["the cluster comes back from one in which nothing is classified", "uncertain"],
  ] as const)("of an hour ago come within 30 s when %s is over", async (_, outcome) => {
    let isAway = false;
    const { queue, clock } = await startRig({
      execute: async ({ id }) => {
        if (isAway || id.startsWith("old")) throw failure(isAway ? outcome : "uncertain");
      },
    });
    queue.put(payload({ name: "old" }));
    await clock.advance(3_600_000);
    isAway = true;
    queue.put(...payloads(200));
    await clock.advance(600_000);
    isAway = false;
    await clock.advance(5_000);
    queue.settlements.splice(0);
    await clock.advance(60_000);
    const delays = queue.settlements.filter(({ id }) => id === "old-A").map(({ delayMs = 0 }) => delayMs);
    expect([delays.length > 0, delays.every((delayMs) => delayMs <= 30_000)]).toEqual([true, true]);
    expect(queue.size).toBe(1);
  });

  it("of a table that flaps are as soon as ever beside a thousand that hang, of one that is gone", async () => {
    const latencies = async (gone: number) => {
      const startedAtMs = new Map<string, number>();
      const took: number[] = [];
      const { queue, clock, worker } = await startRig({
        executor: { probe: answered },
        execute: async ({ id }) => {
          const nowMs = clock.monotonicMs();
          if (!startedAtMs.has(id)) startedAtMs.set(id, nowMs);
          // A node of that table is away for two seconds in five.
          if (id.startsWith("flaps") && nowMs % 5000 >= 2000) return;
          if (id.startsWith("gone")) await new Promise<void>((resolve) => void clock.setTimer(resolve, 1000));
          throw failure("uncertain");
        },
      });
      worker.on("replay:applied", ({ payload: { id } }) => {
        took.push(clock.monotonicMs() - (startedAtMs.get(id) ?? 0));
      });
      for (let n = 0; n < gone; n++) queue.put(payload({ name: `gone${n}`, table: "gone" }));
      await clock.advance(20_000);
      for (let n = 0; n < 600; n++) {
        queue.put(payload({ name: `flaps${n}`, table: "flaps" }));
        await clock.advance(50);
      }
      await clock.advance(10_000);
      took.sort((a, b) => a - b);
      return { applied: took.length, p99: took[Math.floor(took.length * 0.99)] ?? Infinity };
    };
    const alone = await latencies(0);
    const beside = await latencies(1000);
    expect([alone.applied, beside.applied]).toEqual([600, 600]);
    expect(beside.p99).toBeLessThan(1.2 * alone.p99);
  });

  it.each([
    ["of another table before one of them has two", "other", 1],
    ["of the same table before one of them has four", "t", 3],
  ])("that hang, a hundred for one slot, leave one %s its turn", async (_, table, turns) => {
    let hasFailed = false;
    const { queue, clock, countOf } = await startRig({
      concurrency: 1,
      executeTimeoutMs: 10_000,
      executor: { probe: answered },
      execute: async ({ id }) => {
        if (!id.startsWith("good")) return hang();
        if (hasFailed) return;
        hasFailed = true;
        throw failure("uncertain");
      },
    });
    const hanging = payloads(100);
    for (const one of hanging) queue.putKnown(one, { attempts: 1 });
    queue.put(payload({ name: "good", table }));
    for (let waitedMs = 0; queue.count("ack") === 0; waitedMs += 10_000) {
      expect(waitedMs).toBeLessThan(36_000_000);
      await clock.advance(10_000);
    }
    expect(Math.max(...hanging.map(countOf))).toBeLessThanOrEqual(turns);
  });

  it("take a quarter of the slots: a thousand that hang delay others by their first executions alone", async () => {
    const { queue, clock, executions, countOf } = await startRig({
      concurrency: 100,
      executor: { probe: async () => {} },
      execute: ({ id }) => (id.startsWith("bad") ? new Promise(() => {}) : Promise.resolve()),
    });
    const bad = Array.from({ length: 1000 }, (_, n) => payload({ name: `bad${n}` }));
    const behind = payloads(100);
    queue.put(...bad, ...behind);
    // A thousand first executions of 30 s in the three quarters that retries leave free, and one round with a few,
    // to see whether it is the load.
    await clock.advance((1000 / 75 + 2) * 30_000);
    expect(behind.map(countOf)).toEqual(behind.map(() => 1));
    expect(bad.every((one) => countOf(one) >= 1)).toBe(true);

    await clock.advance(600_000);
    const hanging = executions.filter(
      ({ payload: { id }, atMs }) => id.startsWith("bad") && atMs > clock.monotonicMs() - 30_000,
    );
    expect([hanging.length > 20, hanging.length <= 26]).toEqual([true, true]);
    const later = payloads(60);
    queue.put(...later);
    await clock.advance(0);
    expect(later.map(countOf)).toEqual(later.map(() => 1));
  });
});
