import { type ErrorReading, type Outcome, type ReplayPayload, readingOf } from "@helix/core";
import { settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { executedIds, failure, hang, payload, payloads, reading, settledAlready, startRig } from "./rig.ts";

const HOUR_MS = 3_600_000;

/** A cluster that a test takes away and brings back. */
function cluster(whileAway: () => Promise<void>) {
  const state = { isAway: true, execute: async (_: ReplayPayload) => {} };
  state.execute = async () => {
    if (state.isAway) await whileAway();
  };
  return state;
}

const failures: [string, () => Promise<void>][] = [
  ["unavailable", () => Promise.reject(failure("unavailable"))],
  ["failing in a way that nothing classifies", () => Promise.reject(new Error("something"))],
  ["a black hole", hang],
];

describe("an outage", () => {
  it.each(failures)(
    "of an hour costs nothing, and few executions, when the cluster is %s",
    async (_, away) => {
      const target = cluster(away);
      const drops: unknown[] = [];
      const { queue, clock, executions, record, timers } = await startRig({
        execute: target.execute,
        onDrop: (drop) => drops.push(drop),
      });
      const failed = record("replay:attempt:failed");
      queue.put(...payloads(400), ...payloads(100, { priority: "low" }));
      await clock.advance(HOUR_MS);
      // What was started before the first failure was seen, then one trial in 2.5 to 5 s, in 40 s where each hangs.
      expect(executions.length).toBeLessThan(128 + 3600 / 2.5);
      expect(executions.length).toBeGreaterThan(128 + 3600 / 40);
      expect(queue.inHand.size).toBeLessThanOrEqual(1);

      target.isAway = false;
      await clock.advance(120_000);
      expect([queue.count("ack"), queue.size, timers()]).toEqual([500, 0, 0]);
      expect(failed.filter(({ attempts, counted }) => attempts > 0 || counted)).toEqual([]);
      expect([queue.dead, drops]).toEqual([[], []]);
      expect(queue.settlements.filter(({ attempts = 0 }) => attempts > 0)).toEqual([]);
    },
  );

  it("is over when a trial succeeds, with a different message for each", async () => {
    const target = cluster(() => Promise.reject(failure("unavailable")));
    const gauges: unknown[] = [];
    const { queue, clock, executions, running, record } = await startRig({
      concurrency: 1,
      execute: target.execute,
      metrics: {
        increment() {},
        observe() {},
        gauge: (name, { cluster }, value) => {
          if (name === "helix_replay_breaker_open" && cluster === "A") gauges.push(value);
        },
      },
    });
    const opened = record("cluster:breaker:opened");
    const halfOpened = record("cluster:breaker:half-opened");
    const closed = record("cluster:breaker:closed");
    queue.put(...payloads(20));
    await clock.advance(100 + 200 + 400 + 800 + 1600 + 100);
    const trials = executedIds(executions);
    expect([trials.length, new Set(trials).size, running.most]).toEqual([6, 6, 1]);
    expect(opened.map(({ retryInMs }) => retryInMs)).toEqual([100, 200, 400, 800, 1599, 3198]);
    expect([halfOpened.length, closed.length]).toEqual([5, 0]);
    target.isAway = false;
    await clock.advance(10_000);
    expect([closed.length, queue.count("ack")]).toEqual([1, 20]);
    // While a trial is under way it is open.
    expect([gauges[0], new Set(gauges.slice(1, -1)), gauges.at(-1)]).toEqual([0, new Set([1]), 0]);
  });

  it.each([
    ["retryDelayMs", { retryDelayMs: 400 }, [400, 800, 1599, 3198, 4998, 4998]],
    ["maxRetryDelayMs", { maxRetryDelayMs: 300 }, [100, 200, 300, 300, 300, 300]],
  ])("is tried again at intervals of the worker's %s", async (_, options, intervals) => {
    const { queue, clock, record } = await startRig({
      ...options,
      execute: () => Promise.reject(failure("unavailable")),
    });
    const opened = record("cluster:breaker:opened");
    queue.put(...payloads(20));
    await clock.advance(15_000);
    expect(opened.slice(0, 6).map(({ retryInMs }) => retryInMs)).toEqual(intervals);
  });

  it.each(failures)("is tried with a different message each time when the cluster is %s", async (_, away) => {
    const target = cluster(away);
    const { queue, clock, executions, record } = await startRig({ execute: target.execute });
    const opened = record("cluster:breaker:opened");
    queue.put(...payloads(300));
    while (opened.length === 0) await clock.advance(1000);
    const before = executions.length;
    await clock.advance(600_000);
    const trials = executedIds(executions).slice(before);
    expect(trials.length).toBeGreaterThan(600 / 40);
    // None comes again before so many others were tried.
    const first = trials.slice(0, 100);
    expect(new Set(first).size).toBe(first.length);
  });

  it.each(failures)(
    "is tried with low messages too while high ones fail and come back (%s)",
    async (how, away) => {
      const target = cluster(away);
      const { queue, clock, executions } = await startRig({
        strictPriority: true,
        maxRetryDelayMs: 5000,
        execute: target.execute,
        executor: { probe: () => Promise.reject(new Error("away")) },
      });
      // So many open the breaker.
      queue.put(...payloads(how === "unavailable" ? 1 : 8));
      await clock.advance(60_000);
      queue.put(payload({ name: "low", priority: "low" }));
      const before = executions.length;
      await clock.advance(600_000);
      const trials = executedIds(executions).slice(before);
      expect(trials.length).toBeGreaterThan(600 / 40);
      expect(trials).toContain("low-A");
    },
  );

  it("is no error of a message: onError says nothing, and the failure is an event", async () => {
    const errors: unknown[] = [];
    const { queue, clock, record } = await startRig({
      execute: () => Promise.reject(failure("unavailable")),
      onError: (one) => errors.push(one),
    });
    const failed = record("replay:attempt:failed");
    queue.put(payload());
    await clock.advance(1000);
    expect(errors).toEqual([]);
    expect(failed[0]).toMatchObject({ outcome: "unavailable", counted: false, attempts: 0 });
  });

  it("hands back at no cost what was waiting, demands nothing, and lets the others finish", async () => {
    const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const { queue } = await startRig({
      concurrency: 2,
      execute: () => new Promise<void>((resolve, reject) => void ends.push({ resolve, reject })),
    });
    queue.put(...payloads(30));
    await settle();
    expect(queue.inHand.size).toBe(10);
    ends[0]?.reject(failure("unavailable"));
    await settle();
    expect([queue.inHand.size, queue.demands["high.A"], queue.demands["low.A"]]).toEqual([1, 0, 0]);
    const released = queue.settlements.filter(({ kind }) => kind === "release");
    expect(released.map(({ attempts }) => attempts)).toEqual(released.map(() => undefined));
    ends[1]?.resolve();
    await settle();
    expect([queue.count("ack"), ends.length]).toEqual([1, 2]);
  });

  it("has one breaker for both lanes of a cluster, and one trial at a time", async () => {
    const { queue, clock, executions, running } = await startRig({
      execute: () => (executions.length === 1 ? Promise.reject(failure("unavailable")) : hang()),
    });
    queue.put(payload());
    await settle();
    queue.put(...payloads(5), ...payloads(5, { priority: "low" }));
    await clock.advance(20_000);
    expect([executions.length, running.now, queue.inHand.size]).toEqual([2, 1, 1]);
  });

  it.each(["applied", "rejected"] as const)("is over when the server answers a trial: %s", async (answer) => {
    const target = cluster(() => Promise.reject(failure("unavailable")));
    const { queue, clock, record } = await startRig({
      execute: async (one) => {
        await target.execute(one);
        if (answer === "rejected") throw failure("rejected");
      },
    });
    const closed = record("cluster:breaker:closed");
    queue.put(...payloads(2));
    await settle();
    target.isAway = false;
    await clock.advance(300);
    expect([closed.length, queue.size, queue.dead.length]).toEqual([1, 0, answer === "rejected" ? 2 : 0]);
  });

  it.each([
    ["is over when the probe answers after an uncertain trial", "uncertain", true],
    ["goes on when the probe does not answer after an uncertain trial", "uncertain", false],
    ["is over when the probe answers after a trial that was refused unsent", "rejected", true],
    ["goes on when the probe does not answer after a trial that was refused unsent", "rejected", false],
  ] as const)("%s", async (_, trial, isThere) => {
    let outcome: "unavailable" | "uncertain" | "rejected" = "unavailable";
    const { queue, clock, record } = await startRig({
      execute: () => Promise.reject(failure(outcome)),
      executor: {
        read: (error) => ({ ...readingOf(error), answered: false }),
        probe: () => (isThere ? Promise.resolve() : Promise.reject(new Error("away"))),
      },
    });
    const closed = record("cluster:breaker:closed");
    const opened = record("cluster:breaker:opened");
    queue.put(...payloads(2));
    await settle();
    outcome = trial;
    await clock.advance(250);
    expect([closed.length, opened.length]).toEqual(isThere ? [1, 1] : [0, 2]);
  });

  it("is followed by 2, 4, 8 … executions at once instead of a stampede", async () => {
    const target = cluster(() => Promise.reject(failure("unavailable")));
    let finish: (() => void)[] = [];
    const { queue, clock, running } = await startRig({
      execute: async (one) => {
        await target.execute(one);
        await new Promise<void>((resolve) => void finish.push(resolve));
      },
    });
    queue.put(...payloads(300));
    await settle();
    target.isAway = false;
    await clock.advance(300);
    const atOnce: number[] = [];
    for (let round = 0; round < 9; round++) {
      atOnce.push(running.now);
      const round = finish;
      finish = [];
      for (const resolve of round) resolve();
      await settle();
    }
    expect(atOnce).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 45]);
    expect(queue.size).toBe(0);
  });

  it("is not started again by what was under way before it ended", async () => {
    const late: ((error: Error) => void)[] = [];
    const { queue, clock, record, executions } = await startRig({
      execute: ({ id }) => {
        if (id.startsWith("late")) return new Promise((_, reject) => void late.push(reject));
        return executions.length === 3 ? Promise.reject(failure("unavailable")) : Promise.resolve();
      },
    });
    const opened = record("cluster:breaker:opened");
    const closed = record("cluster:breaker:closed");
    queue.put(payload({ name: "late1" }), payload({ name: "late2" }), payload());
    await clock.advance(100);
    queue.put(payload());
    await clock.advance(300);
    expect([opened.length, closed.length]).toEqual([1, 1]);
    late[0]?.(failure("unavailable"));
    await clock.advance(50);
    expect([opened.length, queue.count("release")]).toEqual([1, 2]);
  });

  it("leaves slots to others while executions from before it still hang", async () => {
    const { queue, clock, executions } = await startRig({
      concurrency: 10,
      execute: ({ id }) => {
        if (id.startsWith("hang")) return hang();
        return executions.length === 9 ? Promise.reject(failure("unavailable")) : Promise.resolve();
      },
    });
    queue.put(...Array.from({ length: 8 }, (_, n) => payload({ name: `hang${n}` })), payload());
    await clock.advance(100);
    queue.put(...payloads(20));
    await clock.advance(500);
    expect(queue.count("ack")).toBe(21);
  });

  it("waits for a message without a timer when a trial is due and the lanes are empty", async () => {
    let isAway = true;
    const { queue, clock, timers } = await startRig({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    queue.onSettle = ({ kind }) => (kind === "release" ? Promise.reject(settledAlready()) : undefined);
    queue.put(payload());
    await settle();
    expect(timers()).toBe(1);
    await clock.advance(1000);
    expect([timers(), queue.demands["high.A"], queue.demands["low.A"]]).toEqual([0, 1, 1]);
    isAway = false;
    queue.put(payload({ priority: "low" }));
    await settle();
    expect(queue.count("ack")).toBe(1);
  });

  it("is tried with the high one of two that arrive together by a strict worker", async () => {
    const { queue, clock, executions } = await startRig({
      strictPriority: true,
      execute: () => Promise.reject(failure("unavailable")),
    });
    queue.onSettle = () => Promise.reject(settledAlready());
    queue.put(payload());
    await clock.advance(1000);
    queue.put(payload({ priority: "low" }), payload());
    await settle();
    expect(executions.map(({ payload: one }) => one.priority)).toEqual(["high", "high"]);
  });
});

describe("a cluster that flaps once a second", () => {
  it("opens the breaker at growing intervals, and is a new outage after a while of calm", async () => {
    let isAway = false;
    const { queue, clock, record } = await startRig({
      execute: async () => {
        if (isAway) throw failure("unavailable");
      },
    });
    const opened = record("cluster:breaker:opened");
    const closed = record("cluster:breaker:closed");
    for (let tenth = 0; tenth < 6000; tenth++) {
      isAway = Math.floor(tenth / 10) % 2 === 0;
      queue.put(payload());
      await clock.advance(100);
    }
    // The interval is 2.5 to 5 s by then.
    expect(opened.length).toBeLessThan(10 + 600 / 4);
    expect(closed.length).toBeGreaterThan(20);
    expect(opened.slice(6).every(({ retryInMs }) => retryInMs >= 2500)).toBe(true);

    isAway = false;
    await clock.advance(20_000);
    isAway = true;
    queue.put(payload());
    await settle();
    expect(opened.at(-1)?.retryInMs).toBe(100);
  });
});

describe("a run of uncertain failures", () => {
  const uncertain = () => Promise.reject(failure("uncertain"));

  it("of seven messages is no outage, and of eight is one", async () => {
    for (const [messages, openings] of [
      [7, 0],
      [8, 1],
    ] as const) {
      const { queue, record } = await startRig({ execute: uncertain });
      const opened = record("cluster:breaker:opened");
      queue.put(...payloads(messages));
      await settle();
      expect(opened).toHaveLength(openings);
    }
  });

  it("of one message again and again is no outage", async () => {
    const { queue, clock, record } = await startRig({ execute: uncertain });
    const opened = record("cluster:breaker:opened");
    queue.put(payload());
    await clock.advance(HOUR_MS);
    expect(opened).toEqual([]);
  });

  it("is no outage when an answer lies between", async () => {
    const { queue, record, executions } = await startRig({
      concurrency: 1,
      execute: async () => {
        if (executions.length % 8 !== 0) await uncertain();
      },
    });
    const opened = record("cluster:breaker:opened");
    queue.put(...payloads(64));
    await settle();
    expect([opened.length, queue.count("ack") >= 8]).toEqual([0, true]);
  });

  it("is no outage while the probe answers, which is asked at most once a second", async () => {
    const probes: number[] = [];
    const { queue, clock, record } = await startRig({
      execute: uncertain,
      executor: { probe: async () => void probes.push(clock.monotonicMs()) },
    });
    const opened = record("cluster:breaker:opened");
    queue.put(...payloads(500));
    await clock.advance(20_000);
    expect(opened).toEqual([]);
    expect(probes.length).toBeGreaterThan(1);
    expect(probes.slice(1).every((atMs, index) => atMs - (probes[index] ?? 0) >= 1000)).toBe(true);
  });

  it.each([
    [5000, {}],
    [700, { executeTimeoutMs: 700 }],
  ])("is an outage when the probe does not answer for %i ms, given %j", async (afterMs, options) => {
    const { queue, clock, record } = await startRig({
      ...options,
      execute: uncertain,
      executor: { probe: hang },
    });
    const opened = record("cluster:breaker:opened");
    queue.put(...payloads(8));
    await clock.advance(afterMs - 1);
    expect(opened).toHaveLength(0);
    await clock.advance(1);
    expect(opened.length).toBeGreaterThan(0);
  });

  it("that failed together before is no outage while others are answered, and is one in silence", async () => {
    let isServed = true;
    const { queue, clock, record } = await startRig({
      execute: ({ id }) => (id.startsWith("known") || !isServed ? uncertain() : Promise.resolve()),
    });
    const opened = record("cluster:breaker:opened");
    for (let n = 0; n < 20; n++) {
      queue.put(payload({ name: `known${n}`, table: "away" }), payload());
      await clock.advance(10);
    }
    for (let tenth = 0; tenth < 600; tenth++) {
      queue.put(payload());
      await clock.advance(100);
    }
    expect(opened).toHaveLength(0);
    isServed = false;
    await clock.advance(60_000);
    expect(opened.length).toBeGreaterThan(0);
  });
});

describe("an outage of some data, of which the cluster tells", () => {
  const partial = reading({ scope: "replicas", answered: true });
  const away = () => Promise.reject(failure("unavailable"));

  it("holds up nothing else, and costs nothing", async () => {
    let isAway = true;
    const { queue, clock, record, executions } = await startRig({
      execute: async ({ id }) => {
        if (isAway && id.startsWith("away")) await away();
      },
      executor: partial,
    });
    const opened = record("cluster:breaker:opened");
    for (let n = 0; n < 300; n++) queue.put(payload({ name: `away${n}` }), payload());
    await clock.advance(100);
    expect(queue.count("ack")).toBe(300);
    // What is served is served often enough that the others are no silence.
    for (let tenth = 0; tenth < 1800; tenth++) {
      queue.put(payload());
      await clock.advance(100);
    }
    expect([opened.length, queue.count("ack")]).toEqual([0, 2100]);
    // Each is tried at once and then after 0.1 to 30 s.
    const tries = executions.filter(({ payload: { id } }) => id.startsWith("away")).length;
    expect(tries / 300).toBeGreaterThan(180 / 30);
    expect(tries / 300).toBeLessThan(10 + 180 / 15);
    isAway = false;
    await clock.advance(60_000);
    expect([queue.size, queue.dead]).toEqual([0, []]);
    expect(queue.settlements.filter(({ attempts = 0 }) => attempts > 0)).toEqual([]);
  });

  it("opens the breaker when eight in a row and a second of silence show that nothing else is served", async () => {
    const { queue, clock, record, executions } = await startRig({
      execute: async ({ id }) => {
        if (id.startsWith("away")) await away();
      },
      executor: partial,
    });
    const opened = record("cluster:breaker:opened");
    for (let n = 0; n < 500; n++) queue.put(payload({ name: `away${n}` }));
    await clock.advance(999);
    expect(opened).toEqual([]);
    await clock.advance(600);
    expect(opened).toHaveLength(1);
    await clock.advance(60_000);
    const before = { opened: opened.length, executions: executions.length };
    await clock.advance(600_000);
    // Open for 2.5 to 5 s at a time, for at least one of silence between, and each message waits for 15 to 30 s.
    expect(opened.length - before.opened).toBeGreaterThan(600 / 35);
    expect(opened.length - before.opened).toBeLessThan(600 / 3.5);
    expect(executions.length - before.executions).toBeLessThan((500 * 600) / 15);
  });

  it("that outlasts one of the whole cluster lets the rest go on within a probe interval", async () => {
    let isAllAway = true;
    const { queue, clock } = await startRig({
      execute: async ({ id }) => {
        if (isAllAway) throw Object.assign(failure("unavailable"), { isWhole: true });
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 2));
        if (id.startsWith("away")) await away();
      },
      executor: {
        read: (error) => ({
          ...readingOf(error),
          scope: (error as { isWhole?: true }).isWhole === true ? "cluster" : "replicas",
          answered: (error as { isWhole?: true }).isWhole !== true,
        }),
      },
    });
    for (let n = 0; n < 500; n++) queue.put(payload({ name: `away${n}` }));
    queue.put(...payloads(500));
    await clock.advance(HOUR_MS);
    isAllAway = false;
    // Up to 5 s until the trial, then two at a time until one of the good ones has been reached.
    await clock.advance(5000 + 500 + 1500);
    expect(queue.count("ack")).toBe(500);
  });
});

describe("a failure that is about something less than the cluster", () => {
  it.each<[string, Exclude<Outcome, "applied">, Partial<ErrorReading>]>([
    ["a session that is not there", "unavailable", { scope: "session" }],
    ["too many requests at once", "unavailable", { scope: "caller", load: "overload" }],
    ["a schema that is not there yet", "uncertain", { applied: "no", scope: "statement", answered: true }],
    ["a field that a type lacks", "uncertain", { applied: "no", scope: "value" }],
  ])("opens no breaker and holds up nothing else, however many there are: %s", async (_, outcome, more) => {
    const { queue, clock, record, executions } = await startRig({
      execute: async ({ id }) => {
        if (id.startsWith("lacking")) throw failure(outcome);
      },
      executor: reading(more),
    });
    const opened = record("cluster:breaker:opened");
    for (let n = 0; n < 200; n++) queue.put(payload({ name: `lacking${n}` }));
    await clock.advance(2000);
    for (let tenth = 0; tenth < 600; tenth++) {
      queue.put(payload());
      await clock.advance(100);
      expect(queue.count("ack")).toBe(tenth + 1);
    }
    expect([opened, queue.dead]).toEqual([[], []]);
    // Each at once, and then after 0.1 to 30 s.
    expect(executions.length).toBeLessThan(600 + 200 * 15);
  });

  it.each([true, false])(
    "is judged by a probe where it was the trial of the cluster: %s",
    async (isThere) => {
      let isAway = true;
      let scope: ErrorReading["scope"] = "cluster";
      const { queue, clock, record } = await startRig({
        execute: async () => {
          if (isAway) throw failure("unavailable");
        },
        executor: {
          read: (error) => ({ ...readingOf(error), scope }),
          probe: () => (isThere ? Promise.resolve() : Promise.reject(new Error("away"))),
        },
      });
      const opened = record("cluster:breaker:opened");
      const closed = record("cluster:breaker:closed");
      queue.put(payload());
      await settle();
      expect(opened).toHaveLength(1);
      scope = "session";
      await clock.advance(200);
      expect([closed.length, opened.length]).toEqual(isThere ? [1, 1] : [0, 2]);
      isAway = false;
      await clock.advance(60_000);
      expect(queue.count("ack")).toBe(1);
    },
  );
});

describe("clusters", () => {
  it.each([
    ["hangs", hang],
    ["is unavailable", () => Promise.reject(failure("unavailable"))],
  ])("are independent: A goes on at full speed while B %s", async (_, onB) => {
    const { queue, clock } = await startRig({
      execute: ({ targetCluster }) => (targetCluster === "B" ? onB() : Promise.resolve()),
    });
    queue.put(...payloads(500, { targetCluster: "B" }));
    await clock.advance(1000);
    queue.put(...payloads(1000));
    await settle();
    expect([queue.count("ack", "A"), queue.count("ack", "B")]).toEqual([1000, 0]);
  });
});
