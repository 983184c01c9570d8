import {
  CLUSTERS,
  type ClusterId,
  countDrained,
  countedDeadLetters,
  createPayload,
  helixError,
  type ReplayPayload,
} from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { ReplayWorker } from "@helix/worker";
import { Registry } from "prom-client";
import { expect, it, onTestFinished } from "vitest";
import { prometheusMetrics } from "../src/index.ts";

const OLD = { table: "ks.t", ageMs: 2000, gcGraceSeconds: 1 };

/** The sum of a metric over one cluster, from nothing but what is exposed. */
function sum(text: string, name: string, cluster: ClusterId): number {
  let total = 0;
  for (const [, labels = "", value] of text.matchAll(new RegExp(`^${name}\\{(.*)\\} (.+)$`, "gm"))) {
    if (labels.split(",").includes(`cluster="${cluster}"`)) total += Number(value);
  }
  return total;
}

it("the books balance by the text that is exposed, whatever became of the messages", async () => {
  const clock = new ManualClock();
  const registry = new Registry();
  const queue = new MemoryReplayer({ clock });
  const metrics = prometheusMetrics({ registry, queue });
  const deadLetters = countedDeadLetters(queue.deadLetters, metrics);
  const worker = new ReplayWorker({
    queue,
    clock,
    metrics,
    executor: async ({ id, disposition }) => {
      const [outcome] = id.split("-");
      if (outcome === "old" && disposition === "force") return;
      if (outcome === "old") throw helixError("HELIX_REPLAY_TOO_OLD", "no", OLD);
      if (outcome === "hang") await new Promise(() => {});
      if (outcome !== "applied") throw Object.assign(new Error(outcome), { outcome });
    },
  });
  onTestFinished(() => worker.stop({ graceMs: 0 }));
  let made = 0;
  const enqueue = async (count: number, outcome: string, input: Partial<ReplayPayload> = {}) => {
    for (let n = 0; n < count; n++) {
      const payload = createPayload({
        id: `${outcome}-${made++}`,
        targetCluster: "A",
        operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (1)", params: [] },
        timestampMicros: 1n,
        priority: n % 2 === 0 ? "high" : "low",
        ...input,
      });
      await queue.enqueue(payload);
      // As the client does.
      const { targetCluster: cluster, priority } = payload;
      metrics.increment("helix_enqueued_total", { cluster, priority });
    }
  };
  const books = async (cluster: ClusterId) => {
    const text = await registry.metrics();
    const of = (name: string) => sum(text, `helix_${name}`, cluster);
    const [enqueued, redriven, applied, dead] = [
      of("enqueued_total"),
      of("redriven_total"),
      of("applied_total"),
      of("dead_lettered_total"),
    ];
    const [drained, discarded, pending] = [of("drained_total"), of("discarded_total"), of("queue_messages")];
    const restored = of("restored_total");
    expect(enqueued + redriven, text).toBe(applied + dead + drained + pending);
    expect(dead + restored - redriven - discarded).toBe((await deadLetters.list({ cluster })).length);
    return { enqueued, redriven, applied, dead, discarded, restored, drained, pending };
  };

  await worker.start();
  await enqueue(20, "applied");
  await enqueue(5, "rejected");
  await enqueue(2, "applied", { disposition: "hold" });
  await enqueue(3, "hang");
  await enqueue(4, "uncertain");
  await enqueue(6, "unavailable", { targetCluster: "B" });
  await clock.advance(50);
  expect(await books("A")).toEqual({
    enqueued: 34,
    redriven: 0,
    applied: 20,
    dead: 7,
    discarded: 0,
    restored: 0,
    drained: 0,
    pending: 7,
  });
  expect(await books("B")).toMatchObject({ enqueued: 6, applied: 0, dead: 0, pending: 6 });

  const [first, second, third] = await deadLetters.list();
  for (const one of [first, second]) await deadLetters.redrive(one?.id ?? "");
  await deadLetters.discard(third?.id ?? "");
  await clock.advance(50);
  expect(await books("A")).toMatchObject({ redriven: 2, dead: 9, discarded: 1, pending: 7 });
  await deadLetters.trash.restore(third?.id ?? "");
  expect(await books("A")).toMatchObject({ discarded: 1, restored: 1 });
  await deadLetters.discard(third?.id ?? "");

  await enqueue(2, "old");
  await clock.advance(50);
  const old = await deadLetters.list({ reason: "too-old" });
  expect(old).toHaveLength(2);
  for (const { id } of old) await expect(deadLetters.redrive(id)).rejects.toThrow("needs `force`");
  await books("A");
  await deadLetters.redrive(old[0]?.id ?? "", { force: true });
  await clock.advance(50);
  expect(await books("A")).toMatchObject({ redriven: 3, applied: 21, dead: 11, pending: 7 });

  countDrained(queue.drainAll(), metrics);
  await clock.advance(60_000);
  expect(await books("A")).toMatchObject({ applied: 21, drained: 7, pending: 0 });
  for (const cluster of CLUSTERS) await books(cluster);
  expect(await books("B")).toMatchObject({ enqueued: 6, drained: 6, pending: 0 });
});
