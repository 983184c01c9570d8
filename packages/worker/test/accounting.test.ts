import {
  CLUSTERS,
  type ClusterId,
  countDrained,
  countedDeadLetters,
  METRICS,
  type MetricDescription,
  type MetricLabels,
  type Metrics,
  reportDepths,
} from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, it } from "vitest";
import { ReplayWorker } from "../src/index.ts";
import { failure, payload } from "./rig.ts";

/** Sums over everything but the cluster, and refuses labels that the description does not have. */
class Books implements Metrics {
  readonly #sums = new Map<string, number>();
  readonly #gauges = new Map<string, number>();
  readonly used = new Set<string>();

  increment(name: keyof typeof METRICS, labels: MetricLabels, by = 1): void {
    const key = `${name} ${labels.cluster}`;
    this.#check(name, labels);
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + by);
  }

  gauge(name: keyof typeof METRICS, labels: MetricLabels, value: number): void {
    this.#check(name, labels);
    this.#gauges.set([name, labels.cluster, labels.priority, labels.result].join(" "), value);
  }

  observe(name: keyof typeof METRICS, labels: MetricLabels): void {
    this.#check(name, labels);
  }

  of(name: keyof typeof METRICS, cluster: ClusterId): number {
    let sum = this.#sums.get(`${name} ${cluster}`) ?? 0;
    for (const [key, value] of this.#gauges) if (key.startsWith(`${name} ${cluster}`)) sum += value;
    return sum;
  }

  #check(name: keyof typeof METRICS, labels: MetricLabels): void {
    this.used.add(name);
    const { labels: names, results }: MetricDescription = METRICS[name];
    expect(Object.keys(labels).sort(), name).toEqual([...names].sort());
    if (results !== undefined) expect(results, name).toContain(labels.result);
  }
}

it("the books of every cluster balance by the metrics alone, and agree with the queue's own", async () => {
  const clock = new ManualClock();
  const queue = new MemoryReplayer({ clock });
  const metrics = new Books();
  const deadLetters = countedDeadLetters(queue.deadLetters, metrics);
  const worker = new ReplayWorker({
    queue,
    clock,
    metrics,
    executor: async ({ id }) => {
      if (id.startsWith("bad")) throw failure("rejected");
      if (id.startsWith("away")) throw failure("unavailable");
      if (id.startsWith("slow")) await new Promise<void>((resolve) => void clock.setTimer(resolve, 1000));
    },
  });
  const enqueue = async (name: string, count: number, targetCluster: ClusterId) => {
    for (let n = 0; n < count; n++) {
      const priority = n % 3 === 0 ? "low" : "high";
      const one = payload({ name: `${name}${n}`, targetCluster, priority, writtenAtMs: clock.wallMs() });
      await queue.enqueue(one);
      // As the client does.
      metrics.increment("helix_enqueued_total", { cluster: targetCluster, priority: one.priority });
    }
  };
  const balance = async () => {
    await reportDepths(queue, metrics);
    for (const cluster of CLUSTERS) {
      const [enqueued, redriven, applied, dead, drained, pending] = [
        metrics.of("helix_enqueued_total", cluster),
        metrics.of("helix_redriven_total", cluster),
        metrics.of("helix_applied_total", cluster),
        metrics.of("helix_dead_lettered_total", cluster),
        metrics.of("helix_drained_total", cluster),
        metrics.of("helix_queue_messages", cluster),
      ];
      expect(enqueued + redriven).toBe(applied + dead + drained + pending);
      const kept = (await deadLetters.list({ cluster })).length;
      const restored = metrics.of("helix_restored_total", cluster);
      expect(dead + restored).toBe(kept + redriven + metrics.of("helix_discarded_total", cluster));
      expect(queue.counts()[cluster]).toMatchObject({ enqueued, redriven, applied, drained, pending });
    }
  };

  await worker.start();
  await enqueue("good", 30, "A");
  await enqueue("bad", 7, "A");
  await enqueue("slow", 9, "A");
  await enqueue("away", 12, "B");
  await clock.advance(500);
  await balance();
  expect(metrics.of("helix_queue_messages", "A")).toBe(9);
  expect(metrics.of("helix_oldest_age_seconds", "A")).toBe(2 * 0.5);

  const [first, second, third] = await deadLetters.list();
  await deadLetters.redrive(first?.id ?? "");
  await deadLetters.discard(second?.id ?? "", { by: "an operator", why: "a test" });
  await deadLetters.discard(third?.id ?? "");
  await expect(deadLetters.discard("no such")).rejects.toThrow();
  await deadLetters.trash.restore(third?.id ?? "");
  await balance();
  await clock.advance(5000);
  await balance();
  countDrained(queue.drainAll(), metrics);
  await balance();
  await worker.stop();
  await balance();
  for (const cluster of CLUSTERS) expect(metrics.of("helix_queue_messages", cluster)).toBe(0);
  // All that the worker and the queue can say was said; the client's, those of a pod's status and the rare ones are not part of it.
  const unused = Object.keys(METRICS).filter((name) => !metrics.used.has(name));
  expect(unused).toEqual([
    "helix_write_total",
    "helix_enqueue_failed_total",
    "helix_stuck_recovered_total",
    "helix_lane_reopened_total",
    "helix_lease_lost_total",
    "helix_stray_messages",
    "helix_capacity_used_ratio",
    "helix_dead_letters",
    "helix_retention_seconds",
    "helix_gc_grace_seconds",
    "helix_breaker_open",
    "helix_warning",
    "helix_queue_clock_offset_seconds",
    "helix_cluster_clock_offset_seconds",
  ]);
});
