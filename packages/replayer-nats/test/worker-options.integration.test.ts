import { LocalClusterGate, type ReplayQueue, readingOf, type SchedulingOptions } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { payloadOf, Rig } from "./rig.ts";
import { until, type Work, work } from "./worker-rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

type MakeQueue = (options?: SchedulingOptions) => Promise<ReplayQueue>;

async function memory(options?: SchedulingOptions): Promise<ReplayQueue> {
  const queue = new MemoryReplayer(options);
  onTestFinished(() => queue.close());
  return queue;
}

async function nats(options?: SchedulingOptions): Promise<ReplayQueue> {
  const rig = new Rig(server);
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig.replayer(options);
}

const uncertain = () => Object.assign(new Error("uncertain"), { outcome: "uncertain" });
const hang = () => new Promise<never>(() => {});
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const payloads = (count: number, name = "p", priority: "high" | "low" = "high") =>
  Array.from({ length: count }, (_, n) => payloadOf(`${name}${n}`, { priority }));

/** The order in which six high and six low messages start that have all arrived before the first of them. */
async function orderOf(queue: ReplayQueue, scheduling: SchedulingOptions): Promise<string> {
  let go = () => {};
  const first = new Promise<void>((resolve) => {
    go = resolve;
  });
  const { starts, applied, put } = await work(queue, {
    ...scheduling,
    concurrency: 1,
    execute: ({ id }) => (id === "first" ? first : Promise.resolve()),
  });
  await put(payloadOf("first"));
  await until("the slot is taken", () => starts.length === 1);
  await put(...payloads(6, "l", "low"), ...payloads(6, "H"));
  await until("all of them are in hand", async () => {
    const depths = await queue.depths();
    return depths.reduce((sum, { inFlight }) => sum + inFlight, 0) === 13;
  });
  go();
  await until("they are applied", () => applied.length === 13);
  return starts
    .slice(1)
    .map(({ id }) => id[0])
    .join("");
}

/** One that fails for as long as it is tried. */
async function failing(queue: ReplayQueue, times: number, options: Work) {
  const rig = await work(queue, { execute: () => Promise.reject(uncertain()), ...options });
  await rig.put(payloadOf("bad"));
  await until(`it has failed ${times} times`, () => rig.failures.length >= times);
  const gaps = rig.starts.map(({ atMs }, n) => atMs - (rig.starts[n - 1]?.atMs ?? atMs)).slice(1, times);
  return { gaps, delays: rig.failures.slice(0, times).map(({ delayMs }) => delayMs) };
}

/** Each option, alone, with what shows that it was heard. */
const cases: [string, (make: MakeQueue) => Promise<void>][] = [
  [
    "batchSize",
    async (make) => {
      const queue = await make();
      const demands: number[] = [];
      const open = queue.open.bind(queue);
      vi.spyOn(queue, "open").mockImplementation((...lane) => {
        const source = open(...lane);
        const demand = (messages: number) => {
          demands.push(messages);
          source.demand(messages);
        };
        return { demand, stop: () => source.stop() };
      });
      const { applied, put } = await work(queue, { batchSize: 3 });
      await put(...payloads(30));
      await until("all is applied", () => applied.length === 30);
      expect(Math.max(...demands)).toBe(3);
    },
  ],
  [
    "pollIntervalMs, which is not for a queue that notifies",
    async (make) => {
      const { applied, put } = await work(await make(), { pollIntervalMs: 3_600_000 });
      await put(payloadOf("first"));
      await until("it is applied", () => applied.length === 1);
      await put(payloadOf("second"));
      await until("it is applied as well", () => applied.length === 2);
    },
  ],
  [
    "retryDelayMs",
    async (make) => {
      const { gaps, delays } = await failing(await make(), 2, { retryDelayMs: 400 });
      expect([delays, gaps.every((gapMs) => gapMs >= 390)]).toEqual([[400, 800], true]);
    },
  ],
  [
    "maxRetryDelayMs",
    async (make) => {
      const options = { retryDelayMs: 50, maxRetryDelayMs: 60 };
      const { gaps, delays } = await failing(await make(), 4, options);
      expect([delays, gaps.every((gapMs) => gapMs >= 40)]).toEqual([[50, 60, 60, 60], true]);
    },
  ],
  [
    "executeTimeoutMs",
    async (make) => {
      const { starts, failures, put } = await work(await make(), { executeTimeoutMs: 200, execute: hang });
      await put(payloadOf("slow"));
      await until("it is given up", () => failures.length > 0);
      expect(failures[0]?.error).toMatchObject({ code: "HELIX_EXECUTE_TIMEOUT", timeoutMs: 200 });
      expect(starts[0]?.signal.aborted).toBe(true);
    },
  ],
  [
    "highPriorityRatio",
    async (make) => expect(await orderOf(await make(), { highPriorityRatio: 2 })).toBe("HHlHHlHHllll"),
  ],
  [
    "strictPriority",
    async (make) =>
      expect(await orderOf(await make(), { strictPriority: true, highPriorityRatio: 1 })).toBe(
        "HHHHHHllllll",
      ),
  ],
  [
    "highPriorityRatio of the queue",
    async (make) => expect(await orderOf(await make({ highPriorityRatio: 3 }), {})).toBe("HHHlHHHlllll"),
  ],
  [
    "strictPriority of the queue",
    async (make) =>
      expect(await orderOf(await make({ strictPriority: true, highPriorityRatio: 1 }), {})).toBe(
        "HHHHHHllllll",
      ),
  ],
  [
    "both of the worker, whatever the queue's",
    async (make) => {
      const queue = await make({ strictPriority: true, highPriorityRatio: 3 });
      const order = await orderOf(queue, { strictPriority: false, highPriorityRatio: 1 });
      expect(order).toBe("HlHlHlHlHlHl");
    },
  ],
  [
    "concurrency",
    async (make) => {
      const options = { concurrency: 3, execute: () => after(50) };
      const { running, applied, put } = await work(await make(), options);
      await put(...payloads(12));
      await until("all is applied", () => applied.length === 12);
      expect(running.most).toBe(3);
    },
  ],
  [
    "maxDeliver",
    async (make) => {
      const queue = await make();
      const { starts, failures, put } = await work(queue, {
        maxDeliver: 2,
        executeTimeoutMs: 500,
        // Each time it hangs another one proves that the table is served.
        execute: async ({ id }) => {
          if (id !== "bad") return;
          void put(payloadOf(`good${starts.length}`));
          await hang();
        },
      });
      await put(payloadOf("bad"));
      await until("it is a dead letter", async () => (await queue.deadLetters.list()).length === 1);
      expect(await queue.deadLetters.list()).toMatchObject([
        { id: "bad.0", reason: "attempts", outcome: "uncertain", attempts: 2 },
      ]);
      expect(failures.slice(-2).map(({ attempts }) => attempts)).toEqual([1, 2]);
    },
  ],
  [
    "patienceMs",
    async (make) => {
      const { starts, failures, applied, put } = await work(await make(), {
        patienceMs: 1,
        retryDelayMs: 200,
        executor: { probe: async () => {} },
        // Its table is served between the two failures, and before the first of them it was not.
        execute: async ({ id }) => {
          if (id !== "bad") return;
          if (starts.length > 1) await until("the other is applied", () => applied.length === 1);
          throw uncertain();
        },
        onError: (failure) => {
          failures.push(failure);
          if (failures.length === 1) void put(payloadOf("good"));
        },
      });
      await put(payloadOf("bad"));
      await until("it has failed twice", () => failures.length === 2);
      expect(failures.map(({ attempts }) => attempts)).toEqual([0, 1]);
    },
  ],
  [
    "executor, with a classification of its own",
    async (make) => {
      const queue = await make();
      const { put } = await work(queue, {
        executor: { read: (error) => ({ ...readingOf(error), retry: "never" }) },
        execute: () => Promise.reject(new Error("syntax")),
      });
      await put(payloadOf("bad"));
      await until("it is a dead letter", async () => (await queue.deadLetters.list()).length === 1);
      expect(await queue.deadLetters.list()).toMatchObject([{ reason: "rejected" }]);
    },
  ],
  [
    "rateLimit",
    async (make) => {
      const { starts, applied, put } = await work(await make(), { rateLimit: 10 });
      await put(...payloads(6));
      await until("all is applied", () => applied.length === 6);
      // The first at once, and one every 100 ms.
      expect((starts[5]?.atMs ?? 0) - (starts[0]?.atMs ?? 0)).toBeGreaterThan(450);
    },
  ],
  [
    "setRateLimit",
    async (make) => {
      const { worker, applied, put } = await work(await make(), { rateLimit: 0.001 });
      await put(...payloads(6));
      await until("the first is applied", () => applied.length === 1);
      worker.setRateLimit("B", 1000);
      await until("the others are applied as well", () => applied.length === 6);
    },
  ],
  [
    "pause, resume, logger, clusterNames",
    async (make) => {
      const queue = await make();
      const lines: object[] = [];
      const log = (fields: object) => void lines.push(fields);
      const { worker, applied, put } = await work(queue, {
        logger: { debug: log, info: log, warn: log, error: log },
        clusterNames: { B: "us_east" },
      });
      worker.pause("B", "repair");
      await put(payloadOf("one"), payloadOf("other", { targetCluster: "A" }));
      await until("the other cluster's is applied", () => applied.length === 1);
      expect(applied).toEqual(["other"]);
      expect(lines).toContainEqual({ cluster: "us_east", reason: "repair" });
      worker.resume("B");
      await until("it is applied", () => applied.length === 2);
    },
  ],
  [
    "gate",
    async (make) => {
      const gate = new LocalClusterGate();
      gate.set("B", "drained");
      const { applied, put } = await work(await make(), { gate });
      await put(payloadOf("one"), payloadOf("other", { targetCluster: "A" }));
      await until("the other cluster's is applied", () => applied.length === 1);
      expect(applied).toEqual(["other"]);
      gate.set("B", "open");
      await until("it is applied", () => applied.length === 2);
    },
  ],
  [
    "metrics, onSuccess, onError, onDrop",
    async (make) => {
      const counts: string[] = [];
      const heard: string[] = [];
      const { put } = await work(await make(), {
        metrics: {
          increment: (name, { result = "" }) => void counts.push(`${name} ${result}`),
          gauge() {},
          observe() {},
        },
        execute: async ({ id }) => {
          if (id === "bad") throw Object.assign(new Error("no"), { outcome: "rejected" });
        },
        onSuccess: ({ payload: { id } }) => heard.push(`applied ${id}`),
        onError: ({ payload: { id } }) => heard.push(`failed ${id}`),
        onDrop: ({ payload, cause }) => heard.push(`dropped ${payload?.id} ${cause}`),
      });
      await put(payloadOf("bad"));
      await until("it is dropped", () => heard.length === 2);
      await put(payloadOf("good"));
      await until("it is applied", () => heard.length === 3);
      expect(heard).toEqual(["failed bad", "dropped bad rejected", "applied good"]);
      expect(counts).toEqual(
        expect.arrayContaining(["helix_applied_total ", "helix_dead_lettered_total rejected"]),
      );
    },
  ],
  [
    "stopGraceMs",
    async (make) => {
      const queue = await make();
      const { worker, starts, put } = await work(queue, { stopGraceMs: 300, execute: hang });
      await put(payloadOf("one"));
      await until("it is executed", () => starts.length === 1);
      const beganAtMs = performance.now();
      await worker.stop();
      const tookMs = performance.now() - beganAtMs;
      expect([tookMs >= 290, tookMs < 8000, starts[0]?.signal.aborted]).toEqual([true, true, true]);
    },
  ],
];

describe.each<[string, MakeQueue]>([
  ["in memory", memory],
  ["on NATS", nats],
])("an option of the worker is effective with a queue %s", (_, make) => {
  it.each(cases)("%s", (_, run) => run(make));
});
