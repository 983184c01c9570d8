import { type DeadLetterReason, isHelixError, type ReplayPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
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
