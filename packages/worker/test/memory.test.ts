import { type DeadLetterReason, isHelixError, type ReplayPayload, silentLogger } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { ReplayWorker } from "../src/index.ts";
import { failure, payload, payloads } from "./rig.ts";

/** The worker over the queue that is shipped, in manual time. */
async function startOverMemory(
  execute: (payload: ReplayPayload) => Promise<void>,
  queueOptions: object = {},
  workerOptions: object = {},
) {
  const clock = new ManualClock();
  const queue = new MemoryReplayer({ clock, queueCapacity: 100_000, ...queueOptions });
  const started: string[] = [];
  const ended: [string, "applied" | DeadLetterReason][] = [];
  const worker = new ReplayWorker({
    queue,
    clock,
    random: () => 0.5,
    executor: {
      execute: (one) => {
        started.push(one.id);
        return execute(one);
      },
      probe: async () => {},
    },
    ...workerOptions,
    onSuccess: ({ payload: one }) => ended.push([one.id, "applied"]),
    onDrop: ({ payload: one, cause }) => ended.push([one?.id ?? "", cause]),
  });
  return { queue, worker, clock, started, ended };
}

it("applies everything exactly once, and the books balance", async () => {
  const { queue, worker, ended } = await startOverMemory(async () => {});
  const all = [...payloads(500), ...payloads(500, { priority: "low", targetCluster: "B" })];
  for (const one of all) await queue.enqueue(one);
  await worker.start();
  await settle();
  expect(new Set(ended.map(([id]) => id))).toEqual(new Set(all.map(({ id }) => id)));
  expect(ended).toHaveLength(1000);
  expect(queue.counts()).toMatchObject({
    A: { enqueued: 500, applied: 500 },
    B: { enqueued: 500, applied: 500 },
  });
  await worker.stop();
});

it("says at its stop what waits, which ends with the process, and nothing of what is applied", async () => {
  const warnings: unknown[][] = [];
  const logger = { ...silentLogger, warn: (...line: unknown[]) => void warnings.push(line) };
  const away = failure("unavailable");
  const execute = ({ targetCluster }: ReplayPayload) =>
    targetCluster === "B" ? Promise.reject(away) : Promise.resolve();
  const { queue, worker } = await startOverMemory(execute, {}, { logger });
  for (const one of [...payloads(20), ...payloads(50, { targetCluster: "B" })]) await queue.enqueue(one);
  await worker.start();
  await settle();
  warnings.length = 0;
  await worker.stop();
  await settle();
  expect(warnings).toEqual([
    [{ cluster: "B", waiting: 50 }, expect.stringMatching(/no other process drains/)],
  ]);
});

it("takes the ratio from the options of the queue", async () => {
  const { queue, worker, started } = await startOverMemory(async () => {}, { highPriorityRatio: 2 });
  for (const one of payloads(40)) await queue.enqueue(one);
  for (let i = 0; i < 40; i++) await queue.enqueue(payload({ priority: "low", name: `low${i}` }));
  await worker.start();
  await settle();
  const firstThirty = started
    .slice(0, 30)
    .map((id) => (id.startsWith("low") ? "L" : "H"))
    .join("");
  expect(firstThirty).toBe("HHL".repeat(10));
  expect(started).toHaveLength(80);
  await worker.stop();
});

it.each([
  ["is strict where the queue is", {}, `${"H".repeat(20)}${"L".repeat(20)}`],
  [
    "is what its own options say, whatever the queue's",
    { strictPriority: false, highPriorityRatio: 1 },
    "HL".repeat(20),
  ],
])("%s", async (_, options, order) => {
  const { queue, worker, started } = await startOverMemory(async () => {}, { strictPriority: true }, options);
  for (let i = 0; i < 20; i++) await queue.enqueue(payload({ priority: "low", name: `low${i}` }));
  for (const one of payloads(20)) await queue.enqueue(one);
  await worker.start();
  await settle();
  expect(started.map((id) => (id.startsWith("low") ? "L" : "H")).join("")).toBe(order);
  await worker.stop();
});

it("gives a message up after five failures that others prove to be its own, and keeps the count", async () => {
  const { queue, worker, clock, ended } = await startOverMemory(async ({ id }) => {
    if (id.startsWith("poison")) throw failure("uncertain");
  });
  await worker.start();
  await queue.enqueue(payload({ name: "poison" }));
  for (let i = 0; i < 200; i++) {
    await queue.enqueue(payload());
    await clock.advance(50);
  }
  expect(ended.filter(([id]) => id.startsWith("poison"))).toEqual([["poison-A", "attempts"]]);
  const [letter] = await queue.deadLetters.list();
  expect(letter).toMatchObject({ reason: "attempts", attempts: 5, lane: "high.A" });
  expect(queue.counts().A).toMatchObject({ enqueued: 201, applied: 200, deadLettered: 1, pending: 0 });
  await worker.stop();
});

it("keeps a message in its lane while the dead letters are full, and lets it go when there is room", async () => {
  const { queue, worker, clock, ended } = await startOverMemory(
    async () => {
      throw failure("rejected");
    },
    { deadLetterCapacity: 1 },
  );
  await worker.start();
  await queue.enqueue(payload({ name: "first" }));
  await settle();
  await queue.enqueue(payload({ name: "second" }));
  await clock.advance(45_000);
  expect(ended).toEqual([["first-A", "rejected"]]);
  expect(queue.length).toBe(1);
  await queue.deadLetters.discard("first-A.0");
  await clock.advance(45_000);
  expect(ended.at(-1)).toEqual(["second-A", "rejected"]);
  expect(queue.length).toBe(0);
  await worker.stop();
});

it("hands back what it holds when it stops, and takes it up again, oldest first", async () => {
  const { queue, worker, started } = await startOverMemory(() => new Promise(() => {}));
  const all = payloads(200);
  for (const one of all) await queue.enqueue(one);
  await worker.start();
  await settle();
  expect(started).toEqual(all.slice(0, 128).map(({ id }) => id));
  await worker.stop({ graceMs: 0 });
  expect(await queue.depths()).toContainEqual(
    expect.objectContaining({ lane: "high.A", pending: 200, inFlight: 0 }),
  );
  await worker.start();
  await settle();
  expect(started.slice(128)).toEqual(all.slice(0, 128).map(({ id }) => id));
  await worker.stop({ graceMs: 0 });
});

it("settles in vain what has been drained under its hands, and nothing is counted twice", async () => {
  let finish = () => {};
  const { queue, worker, ended } = await startOverMemory(() => new Promise((resolve) => (finish = resolve)));
  const failed: unknown[] = [];
  worker.on("replay:settle:failed", ({ error }) => failed.push(error));
  await worker.start();
  await queue.enqueue(payload());
  await settle();
  expect(queue.drainAll()).toHaveLength(1);
  finish();
  await settle();
  expect(failed.map((error) => isHelixError(error, "HELIX_MESSAGE_SETTLED"))).toEqual([true]);
  expect(ended).toEqual([]);
  expect(queue.counts().A).toMatchObject({ enqueued: 1, applied: 0, drained: 1, pending: 0 });
  await worker.stop();
});

describe("a backlog of large rows", () => {
  const large = (name: string, input: Parameters<typeof payload>[0] = {}) =>
    payload({
      name,
      operation: {
        kind: "statement",
        query: "INSERT INTO ks.t (a) VALUES (?)",
        params: [Buffer.alloc(10_000)],
      },
      ...input,
    });
  const heldBytes = 3 * 10_000;

  it("is in hand as far as the memory goes, and all of it is applied", async () => {
    let now = 0;
    let most = 0;
    const ends: (() => void)[] = [];
    const { queue, worker, ended } = await startOverMemory(
      async () => {
        most = Math.max(most, ++now);
        await new Promise<void>((resolve) => ends.push(resolve));
        now--;
      },
      {},
      { maxBytesInHand: 4 * 4 * heldBytes },
    );
    for (let n = 0; n < 20; n++) await queue.enqueue(large(`large${n}`));
    await worker.start();
    for (let rounds = 0; rounds < 40; rounds++) {
      await settle();
      ends.shift()?.();
    }
    // The last one may exceed what there is.
    expect([ended.length, most]).toEqual([20, 3]);
    await worker.stop();
  });

  it("goes one at a time where one alone is more than there is", async () => {
    let now = 0;
    let most = 0;
    const { queue, worker, ended } = await startOverMemory(
      async () => {
        most = Math.max(most, ++now);
        await null;
        now--;
      },
      {},
      { maxBytesInHand: 1 },
    );
    for (let n = 0; n < 20; n++) await queue.enqueue(large(`large${n}`));
    await worker.start();
    await settle();
    expect([ended.length, most]).toEqual([20, 1]);
    await worker.stop();
  });

  it("that hangs again and again keeps the good ones waiting for its first executions alone", async () => {
    const { queue, worker, clock, ended } = await startOverMemory(
      ({ id }) => (id.startsWith("bad") ? new Promise(() => {}) : Promise.resolve()),
      {},
      { maxBytesInHand: 4 * 4 * heldBytes, executeTimeoutMs: 10_000 },
    );
    for (let n = 0; n < 10; n++) await queue.enqueue(large(`bad${n}`));
    await worker.start();
    for (let seconds = 0; seconds < 35; seconds++) await clock.advance(1000);
    const late: number[] = [];
    for (let n = 0; n < 100; n++) {
      await queue.enqueue(large(`good${n}`));
      await settle();
      if (!ended.some(([id]) => id.startsWith(`good${n}-`))) late.push(n);
      await clock.advance(1000);
    }
    expect(late).toEqual([]);
    await worker.stop({ graceMs: 0 });
  });

  it.each<[string, object, object]>([
    ["of one cluster keeps none of the other's messages waiting", {}, { targetCluster: "B" }],
    ["of low priority keeps no high message waiting", { priority: "low" }, { priority: "high" }],
    [
      "of low priority keeps no high message waiting that is as large, where strict is strict",
      { priority: "low" },
      { priority: "high", operation: large("high").operation },
    ],
  ])("%s", async (_, slow, quick) => {
    const { queue, worker, ended } = await startOverMemory(
      ({ id }) => (id.startsWith("slow") ? new Promise(() => {}) : Promise.resolve()),
      {},
      { maxBytesInHand: heldBytes, strictPriority: true },
    );
    for (let n = 0; n < 10; n++) await queue.enqueue(large(`slow${n}`, slow));
    await worker.start();
    await settle();
    for (let n = 0; n < 10; n++) await queue.enqueue(payload({ name: `quick${n}`, ...quick }));
    await settle();
    expect(ended.map(([id]) => id.slice(0, 5))).toEqual(Array(10).fill("quick"));
    await worker.stop({ graceMs: 0 });
  });
});
