import { type DeadLetterReason, helixError, type Metrics, type ReplayPayload } from "@helix/core";
import { type ManualClock, settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import type { ReplayDrop, ReplayFailure } from "../src/index.ts";
import { failure, hang, payload, payloads, reading, startRig } from "./rig.ts";

function callbacks() {
  const calls: { successes: ReplayPayload[]; failures: ReplayFailure[]; drops: ReplayDrop[] } = {
    successes: [],
    failures: [],
    drops: [],
  };
  return {
    calls,
    onSuccess: ({ payload: one }: { payload: ReplayPayload }) => calls.successes.push(one),
    onError: (one: ReplayFailure) => calls.failures.push(one),
    onDrop: (one: ReplayDrop) => calls.drops.push(one),
  };
}

describe("what becomes of a message", () => {
  it("acknowledges what was applied and says so once", async () => {
    const { calls, ...options } = callbacks();
    const { queue, clock, record } = await startRig(options);
    const applied = record("replay:applied");
    const one = payload({ writtenAtMs: clock.wallMs() - 5000 });
    queue.put(one);
    await settle();
    expect(queue.settlements.map(({ kind }) => kind)).toEqual(["ack"]);
    expect(calls).toEqual({ successes: [one], failures: [], drops: [] });
    expect(applied).toMatchObject([{ payload: { id: one.id }, lagMs: 5000 }]);
  });

  it("makes what was rejected a dead letter at once, after onError and before onDrop", async () => {
    const order: string[] = [];
    const error = failure("rejected");
    const { queue, record, executions } = await startRig({
      execute: () => Promise.reject(error),
      onError: ({ attempts, delayMs }) => order.push(`error ${attempts} ${delayMs}`),
      onDrop: (drop) => order.push(`drop ${drop.cause} ${drop.error === error}`),
      onSuccess: () => order.push("success"),
    });
    const dropped = record("replay:dropped");
    queue.put(payload());
    await settle();
    expect(queue.dead).toMatchObject([
      { cause: { reason: "rejected", outcome: "rejected", error, attempts: 1 } },
    ]);
    expect(order).toEqual(["error 1 0", "drop rejected true"]);
    expect([executions.length, dropped.length]).toEqual([1, 1]);
  });

  it("makes a message that could not be decoded a dead letter with its bytes", async () => {
    const { calls, ...options } = callbacks();
    const { queue, executions } = await startRig(options);
    const error = helixError("HELIX_PAYLOAD_INVALID", "Not a payload", {});
    const raw = Uint8Array.of(1, 2, 3);
    queue.putContent("low.A", { ok: false, raw, error });
    await settle();
    expect(queue.dead).toMatchObject([{ cause: { reason: "undecodable", error } }]);
    expect(calls).toEqual({ successes: [], failures: [], drops: [{ raw, cause: "undecodable", error }] });
    expect(executions).toEqual([]);
  });

  it("makes a held message a dead letter without executing it", async () => {
    const { calls, ...options } = callbacks();
    const { queue, executions } = await startRig(options);
    const one = payload({ disposition: "hold" });
    queue.put(one);
    await settle();
    expect(queue.dead).toMatchObject([{ cause: { reason: "held" } }]);
    expect(calls.drops).toEqual([{ payload: one, cause: "held", error: undefined }]);
    expect(executions).toEqual([]);
  });

  it.each<[string, Error, DeadLetterReason]>([
    [
      "is too old",
      helixError("HELIX_REPLAY_TOO_OLD", "no", { table: "ks.t", ageMs: 5, gcGraceSeconds: 0 }),
      "too-old",
    ],
    [
      "has lost its table",
      helixError("HELIX_TABLE_GONE", "no", { table: "ks.t", change: "truncated" }),
      "table-gone",
    ],
  ])("makes a message that %s by its executor a dead letter for that, at once", async (_, error, reason) => {
    const { calls, ...options } = callbacks();
    const counts: unknown[] = [];
    const increment = (name: string, labels?: object) => {
      if (name === "helix_dead_lettered_total") counts.push(labels);
    };
    const { queue, record, executions } = await startRig({
      ...options,
      execute: () => Promise.reject(error),
      metrics: { increment, gauge() {}, observe() {} },
    });
    const dropped = record("replay:dropped");
    const one = payload();
    queue.put(one);
    await settle();
    expect(queue.dead).toMatchObject([{ cause: { reason, outcome: "rejected", error, attempts: 1 } }]);
    expect(calls.drops).toEqual([{ payload: one, cause: reason, error }]);
    expect(counts).toEqual([{ cluster: "A", priority: "high", result: reason }]);
    expect([executions.length, dropped]).toMatchObject([1, [{ reason }]]);
  });

  it.each(["replay", "unsafe", "force"] as const)(
    "executes a message that is to be replayed by %s",
    async (disposition) => {
      const { queue, executions } = await startRig();
      queue.put(payload({ disposition }));
      await settle();
      expect([executions[0]?.payload.disposition, queue.count("ack")]).toEqual([disposition, 1]);
    },
  );

  it.each([
    ["is older than the queue keeps", { expired: true }, "expired"],
    ["has used up its attempts elsewhere", { attempts: 5 }, "attempts"],
    ["is a suspect and has used them up", { attempts: 5, suspect: true }, "attempts"],
  ] as const)("makes a message that %s a dead letter without executing it", async (_, state, reason) => {
    const { calls, ...options } = callbacks();
    const { queue, executions, record } = await startRig(options);
    const dropped = record("replay:dropped");
    const one = payload({ priority: "low" });
    queue.putKnown(one, state);
    await settle();
    expect(queue.dead).toMatchObject([{ id: one.id, cause: { reason } }]);
    expect(calls).toEqual({ successes: [], failures: [], drops: [{ payload: one, cause: reason }] });
    expect(dropped).toMatchObject([{ payload: { id: one.id }, lane: "low.A", reason }]);
    expect([executions, queue.marked]).toEqual([[], []]);
  });

  it.each([
    [undefined, 4],
    [2, 1],
    [9, 8],
  ])(
    "executes a message with one attempt left, and none without (maxDeliver: %o)",
    async (maxDeliver, attempts) => {
      const { queue } = await startRig({ maxDeliver });
      queue.putKnown(payload(), { attempts });
      queue.putKnown(payload(), { attempts: attempts + 1 });
      await settle();
      expect([queue.count("ack"), queue.count("deadLetter")]).toEqual([1, 1]);
    },
  );

  it("leaves a message in its lane for 30 s, uncounted, when the dead letters are full", async () => {
    const { calls, ...options } = callbacks();
    const { queue, record, clock } = await startRig({
      ...options,
      execute: () => Promise.reject(failure("rejected")),
    });
    const alerts = record("replay:dead-letters:full");
    let isFull = true;
    queue.onSettle = ({ kind }) => {
      const full = () =>
        helixError("HELIX_DEAD_LETTERS_FULL", "Full", { lane: "high.A" as const, capacity: 1 });
      return kind === "deadLetter" && isFull ? Promise.reject(full()) : undefined;
    };
    queue.put(payload());
    await settle();
    expect(queue.settlements.at(-1)).toMatchObject({ kind: "release", delayMs: 30_000, attempts: undefined });
    expect([calls.drops.length, alerts, queue.inHand.size]).toEqual([
      0,
      [{ lane: "high.A", retryInMs: 30_000 }],
      0,
    ]);
    isFull = false;
    await clock.advance(30_000);
    expect([calls.drops.length, queue.dead.length]).toEqual([1, 1]);
  });

  it("takes every failure for uncertain that nobody reads, and so one of the reader itself", async () => {
    const executors = [
      {},
      { read: () => "applied" as never },
      { read: () => undefined as never },
      {
        read: () => {
          throw new Error("no idea");
        },
      },
    ];
    for (const executor of executors) {
      const { queue, record } = await startRig({
        executor,
        execute: () => {
          throw new Error("at once");
        },
      });
      const failed = record("replay:attempt:failed");
      queue.put(payload());
      await settle();
      expect(failed).toMatchObject([{ outcome: "uncertain", attempts: 0, counted: false, delayMs: 100 }]);
    }
  });

  it("uses the executor's own reading", async () => {
    const { queue } = await startRig({
      executor: reading({ retry: "never" }),
      execute: () => Promise.reject(new Error("syntax")),
    });
    queue.put(payload());
    await settle();
    expect(queue.dead).toHaveLength(1);
  });
});

describe("an execution that takes too long", () => {
  it("is aborted after executeTimeoutMs, is uncertain, and frees its slot", async () => {
    const failures: ReplayFailure[] = [];
    const { queue, clock, executions, timers, running } = await startRig({
      executeTimeoutMs: 5000,
      concurrency: 1,
      execute: ({ id }) => (id.startsWith("slow") ? hang() : Promise.resolve()),
      onError: (one) => failures.push(one),
    });
    queue.put(payload({ name: "slow" }), payload({ name: "next" }));
    await clock.advance(4999);
    expect([executions[0]?.signal.aborted, queue.count("ack")]).toEqual([false, 0]);
    await clock.advance(1);
    expect(executions[0]?.signal.aborted).toBe(true);
    expect(failures).toMatchObject([{ error: { code: "HELIX_EXECUTE_TIMEOUT", timeoutMs: 5000 } }]);
    expect([queue.count("ack"), running.now, timers()]).toEqual([1, 1, 0]);
  });

  it("changes nothing any more when it settles after all", async () => {
    const late: { resolve: () => void; reject: (error: Error) => void }[] = [];
    const { queue, clock, record } = await startRig({
      executeTimeoutMs: 1000,
      retryDelayMs: 60_000,
      maxRetryDelayMs: 60_000,
      execute: () => new Promise<void>((resolve, reject) => void late.push({ resolve, reject })),
    });
    const failed = record("replay:attempt:failed");
    const unsettled = record("replay:settle:failed");
    queue.put(...payloads(2));
    await clock.advance(1000);
    late[0]?.resolve();
    late[1]?.reject(new Error("late"));
    await settle();
    expect(queue.settlements.map(({ kind }) => kind)).toEqual(["release", "release"]);
    // A second end would be refused by the queue, and show here.
    expect([failed.length, unsettled]).toEqual([2, []]);
  });

  it("is given a second more when its timeout passed while the event loop was blocked", async () => {
    const ends: (() => void)[] = [];
    const { queue, clock, record } = await startRig({
      execute: () => new Promise<void>((resolve) => void ends.push(resolve)),
    });
    const failed = record("replay:attempt:failed");
    queue.put(...payloads(2));
    await settle();
    await clock.block(60_000);
    ends[0]?.();
    await clock.advance(999);
    expect([queue.count("ack"), failed.length]).toEqual([1, 0]);
    await clock.advance(1);
    expect(failed).toMatchObject([{ attempts: 0, counted: false }]);
  });

  it.each(["a driver's timeout", "the worker's timer"])(
    "costs no attempt when the event loop was blocked, whether %s is the first to notice",
    async (first) => {
      const timeoutMs = first === "a driver's timeout" ? 500 : 5000;
      const { queue, clock, record } = await startRig({
        executor: reading({ load: "timeout" }),
        execute: async ({ id }) => {
          if (!id.startsWith("sent")) return;
          await new Promise<void>(
            (_, reject) => void clock.setTimer(() => reject(failure("uncertain")), timeoutMs),
          );
        },
      });
      const failed = record("replay:attempt:failed");
      queue.put(payload());
      // Of messages that have failed before: a first timeout costs nothing anyway.
      for (const name of ["sent1", "sent2"]) queue.putKnown(payload({ name }), { attempts: 1 });
      queue.put(payload());
      await settle();
      await clock.block(20_000);
      queue.put(...payloads(10));
      await settle();
      expect([queue.count("ack"), failed.length]).toEqual([12, 2]);
      expect(failed.filter(({ attempts, counted }) => attempts > 1 || counted)).toEqual([]);
    },
  );

  it("has a deadline of its own, counted from its own start", async () => {
    const { queue, clock, executions } = await startRig({ executeTimeoutMs: 1000, execute: hang });
    queue.put(payload());
    await clock.advance(400);
    queue.put(payload());
    await clock.advance(600);
    expect(executions.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    await clock.advance(400);
    expect(executions[1]?.signal.aborted).toBe(true);
  });
});

describe("callbacks", () => {
  const misbehaviours: Record<string, () => unknown> = {
    throw: () => {
      throw new Error("callback");
    },
    reject: () => Promise.reject(new Error("callback")),
    hang: () => new Promise(() => {}),
  };

  it.each(Object.keys(misbehaviours))("change nothing when they %s", async (how) => {
    const misbehave = misbehaviours[how];
    const warnings: object[] = [];
    const logger = { debug() {}, info() {}, warn: (fields: object) => warnings.push(fields), error() {} };
    const { queue, worker, clock } = await startRig({
      onSuccess: misbehave,
      onError: misbehave,
      onDrop: misbehave,
      logger,
      execute: async ({ id }) => {
        if (id.startsWith("bad")) throw failure("rejected");
      },
    });
    worker.on("replay:applied", () => misbehave?.());
    queue.put(payload({ name: "bad" }), ...payloads(50));
    await clock.advance(0);
    expect([queue.count("ack"), queue.dead.length]).toEqual([50, 1]);
    await worker.stop();
    expect(queue.inHand.size).toBe(0);
    const reported = warnings.filter((fields) => "callback" in fields || "event" in fields);
    expect(reported).toHaveLength(how === "hang" ? 0 : 102);
  });

  it("delay nothing when they are slow: neither other messages, nor the next callback, nor a stop", async () => {
    const started: string[] = [];
    let clock: ManualClock | undefined;
    const slow = ({ payload: one }: { payload?: ReplayPayload | undefined }) => {
      started.push(one?.id ?? "");
      return new Promise<void>((resolve) => void clock?.setTimer(resolve, 3_600_000));
    };
    const rig = await startRig({
      concurrency: 1,
      onSuccess: slow,
      onError: slow,
      onDrop: slow,
      execute: async ({ id }) => {
        if (id.startsWith("bad")) throw failure("rejected");
      },
    });
    clock = rig.clock;
    rig.queue.put(payload({ name: "bad" }), ...payloads(50));
    await settle();
    expect([rig.queue.count("ack"), rig.queue.dead.length, started.length]).toEqual([50, 1, 52]);
    await rig.worker.stop();
    expect([rig.queue.inHand.size, rig.queue.openLanes]).toEqual([0, 0]);
  });

  it("may use the worker that calls them", async () => {
    const calls: Promise<void>[] = [];
    const { queue, clock, worker, record } = await startRig({
      onSuccess: () => void calls.push(worker.stop({ graceMs: 0 }), worker.start()),
      onError: () => worker.pause("A", "a callback"),
      execute: async ({ id }) => {
        if (id.startsWith("bad")) throw failure("uncertain");
      },
    });
    worker.on("cluster:paused", () => worker.resume("A"));
    const resumed = record("cluster:resumed");
    queue.put(payload({ name: "bad" }), ...payloads(30));
    await clock.advance(1000);
    await Promise.all(calls);
    expect([queue.count("ack"), worker.isRunning, worker.pausedBy("A")]).toEqual([30, true, undefined]);
    expect([resumed.length > 0, queue.inHand.size]).toEqual([true, 0]);
  });

  it("are called, and nothing else changes, when the logger and the metrics throw", async () => {
    const broken = () => {
      throw new Error("broken");
    };
    const { calls, ...options } = callbacks();
    const { queue, record } = await startRig({
      ...options,
      logger: { debug: broken, info: broken, warn: broken, error: broken },
      metrics: { increment: broken, gauge: broken, observe: broken },
      execute: async ({ id }) => {
        if (id.startsWith("bad")) throw failure("rejected");
      },
    });
    const unsettled = record("replay:settle:failed");
    queue.put(payload({ name: "bad" }), ...payloads(5));
    await settle();
    expect([calls.successes.length, calls.drops.length, unsettled, queue.inHand.size]).toEqual([5, 1, [], 0]);
  });
});

describe("log lines", () => {
  it("call the clusters by their names", async () => {
    const lines: { cluster?: string }[] = [];
    const log = (fields: object) => void lines.push(fields);
    const { queue } = await startRig({
      logger: { debug: log, info: log, warn: log, error: log },
      clusterNames: { A: "us_east" },
      execute: ({ targetCluster }) =>
        Promise.reject(failure(targetCluster === "A" ? "unavailable" : "rejected")),
    });
    queue.put(payload(), payload({ targetCluster: "B" }));
    await settle();
    expect(lines.flatMap(({ cluster = [] }) => cluster).sort()).toEqual(["B", "us_east"]);
  });

  it.each([
    ["rejected", "A message became a dead letter"],
    ["unavailable", "Replay to a cluster is suspended: it is unavailable"],
  ] as const)("of what is %s quote no value, though the error does", async (outcome, sentence) => {
    const lines: [object, string][] = [];
    const log = (fields: object, message: string) => void lines.push([fields, message]);
    const { queue } = await startRig({
      logger: { debug: log, info: log, warn: log, error: log },
      execute: async () => {
        const error = new TypeError("Not a valid value, obtained 'canary'");
        throw Object.assign(error, { outcome });
      },
    });
    queue.put(payload());
    await settle();
    expect(lines).toContainEqual([
      expect.objectContaining({ error: { name: "TypeError", text: "TypeError" } }),
      sentence,
    ]);
    expect(JSON.stringify(lines)).not.toContain("canary");
  });
});

describe("metrics", () => {
  it("count executions by outcome, what was applied and what died, and show what is in hand", async () => {
    const counts: Record<string, number> = {};
    const gauges: Record<string, number> = {};
    const durations: unknown[] = [];
    const metrics: Metrics = {
      increment: (name, { cluster, priority, result }, by = 1) => {
        const key = [name, cluster, priority, result].filter(Boolean).join(" ");
        counts[key] = (counts[key] ?? 0) + by;
      },
      gauge: (name, { cluster }, value) => {
        gauges[`${name} ${cluster}`] = value;
      },
      observe: (name, { cluster, priority, result }, value) => {
        if (name === "helix_replay_lag_seconds") gauges[`${name} ${cluster}`] = value;
        else if (value > 0) durations.push([name, cluster, priority, result, value]);
      },
    };
    const { queue, clock, worker } = await startRig({
      metrics,
      execute: async ({ id }) => {
        if (id.startsWith("hang")) await hang();
        if (id.startsWith("bad")) throw failure("rejected");
        if (id.startsWith("away")) throw failure("unavailable");
      },
    });
    queue.put(
      payload({ name: "bad" }),
      ...payloads(2, { priority: "low", writtenAtMs: clock.wallMs() - 1500 }),
    );
    queue.put(payload({ name: "hang" }), payload({ name: "away", targetCluster: "B" }));
    queue.put(payload({ disposition: "hold" }));
    await settle();
    expect(counts).toEqual({
      "helix_executions_total A high rejected": 1,
      "helix_executions_total A low applied": 2,
      "helix_executions_total B high unavailable": 1,
      "helix_dead_lettered_total A high rejected": 1,
      "helix_dead_lettered_total A high held": 1,
      "helix_applied_total A low": 2,
    });
    expect(gauges).toEqual({
      "helix_in_hand A": 1,
      "helix_in_hand B": 0,
      "helix_replay_breaker_open A": 0,
      "helix_replay_breaker_open B": 1,
      "helix_concurrency_limit A": 128,
      "helix_concurrency_limit B": 0,
      "helix_rate_limit A": Infinity,
      "helix_rate_limit B": Infinity,
      "helix_paused A": 0,
      "helix_paused B": 0,
      "helix_replay_lag_seconds A": 1.5,
    });

    await clock.advance(30_000);
    expect(durations).toEqual([["helix_execution_seconds", "A", "high", "uncertain", 30]]);
    await clock.advance(1000);
    expect(gauges).toMatchObject({ "helix_in_hand A": 1 });
    await worker.stop({ graceMs: 0 });
    expect(gauges).toMatchObject({ "helix_in_hand A": 0 });
  });
});
