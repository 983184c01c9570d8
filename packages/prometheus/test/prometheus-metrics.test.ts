import { createPayload, METRICS, type MetricDescription, type QueueRoom } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { Registry, register } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type PrometheusMetricsOptions, prometheusMetrics } from "../src/index.ts";

async function linesOf(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Without the counters that have counted nothing. */
async function samplesOf(registry: Registry): Promise<string[]> {
  return (await linesOf(registry)).filter((line) => !/_total\{[^}]*\} 0$/.test(line));
}

function setUp(options: Omit<PrometheusMetricsOptions, "registry"> = {}) {
  const registry = new Registry();
  const metrics = prometheusMetrics({ registry, ...options });
  return { registry, metrics, samples: () => samplesOf(registry) };
}

describe("prometheusMetrics", () => {
  it("registers every metric with its help, and shows no value before there is one", async () => {
    const { registry, samples } = setUp();
    const text = await registry.metrics();
    for (const [name, { kind, help }] of Object.entries(METRICS)) {
      expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}`);
    }
    expect(await samples()).toEqual([]);
  });

  it("shows every counter at zero before it counts, so that `increase()` sees the first one", async () => {
    const { registry, metrics } = setUp();
    const lines = await linesOf(registry);
    const lanes = 2 * 2;
    const shown = (name: string) => lines.filter((line) => line.startsWith(`${name}{`)).length;
    for (const [name, { kind, labels, results }] of Object.entries<MetricDescription>(METRICS)) {
      if (kind !== "counter") continue;
      const series = (labels.includes("priority") ? lanes : 2) * (results?.length ?? 1);
      // Its results are error codes, of adapters too.
      expect(shown(name), name).toBe(name === "helix_enqueue_failed_total" ? 0 : series);
    }
    expect(lines).toContain('helix_dead_lettered_total{cluster="B",priority="low",result="expired"} 0');
    metrics.increment("helix_applied_total", { cluster: "A", priority: "high" });
    prometheusMetrics({ registry });
    expect(await samplesOf(registry)).toEqual(['helix_applied_total{cluster="A",priority="high"} 1']);
  });

  it("keeps 50 results of a metric apart, and calls what comes after, or is long, other", async () => {
    const { metrics, samples } = setUp();
    const failed = (result: string) =>
      metrics.increment("helix_enqueue_failed_total", { cluster: "A", priority: "high", result });
    failed("x".repeat(1_000_000));
    for (let n = 0; n < 10_000; n++) failed(`CODE_${n}`);
    failed("CODE_7");
    const lines = await samples();
    expect(lines).toHaveLength(51);
    expect(lines).toContain('helix_enqueue_failed_total{cluster="A",priority="high",result="CODE_7"} 2');
    expect(lines).toContain('helix_enqueue_failed_total{cluster="A",priority="high",result="other"} 9951');
  });

  it("counts, sets and observes by the labels that a metric has and that are there", async () => {
    const { metrics, samples } = setUp();
    metrics.increment("helix_applied_total", { cluster: "A", priority: "high" });
    metrics.increment("helix_applied_total", { cluster: "A", priority: "high" }, 2);
    metrics.increment("helix_write_total", { cluster: "B", result: undefined });
    metrics.gauge("helix_in_hand", { cluster: "B", priority: "low" }, 7);
    metrics.gauge("helix_in_hand", { cluster: "B" }, 5);
    metrics.observe("helix_execution_seconds", { cluster: "A", priority: "low", result: "applied" }, 0.2);
    const lines = await samples();
    expect(lines).toContain('helix_applied_total{cluster="A",priority="high"} 3');
    expect(lines).toContain('helix_write_total{cluster="B"} 1');
    expect(lines.filter((line) => line.startsWith("helix_in_hand"))).toEqual([
      'helix_in_hand{cluster="B"} 5',
    ]);
    const bucket = (le: string, count: number) =>
      `helix_execution_seconds_bucket{le="${le}",cluster="A",priority="low",result="applied"} ${count}`;
    expect(lines).toEqual(expect.arrayContaining([bucket("0.1", 0), bucket("0.25", 1), bucket("30", 1)]));
  });

  it("ignores a metric of a later version", async () => {
    const { metrics, samples } = setUp();
    metrics.increment("helix_later_total" as "helix_applied_total", { cluster: "A" });
    expect(await samples()).toEqual([]);
  });

  it("puts the prefix in front, and takes other buckets", async () => {
    const { metrics, samples } = setUp({ prefix: "shop_", buckets: { helix_replay_lag_seconds: [1, 2] } });
    metrics.observe("helix_replay_lag_seconds", { cluster: "A", priority: "high" }, 1.5);
    expect((await samples()).map((line) => line.replace(/,?cluster.*}/, "}"))).toEqual([
      'shop_helix_replay_lag_seconds_bucket{le="1"} 0',
      'shop_helix_replay_lag_seconds_bucket{le="2"} 1',
      'shop_helix_replay_lag_seconds_bucket{le="+Inf"} 1',
      "shop_helix_replay_lag_seconds_sum{} 1.5",
      "shop_helix_replay_lag_seconds_count{} 1",
    ]);
  });

  it("shares the metrics of a registry between calls", async () => {
    const { registry, metrics, samples } = setUp();
    const again = prometheusMetrics({ registry });
    metrics.increment("helix_applied_total", { cluster: "A", priority: "high" });
    again.increment("helix_applied_total", { cluster: "A", priority: "high" });
    expect(await samples()).toEqual(['helix_applied_total{cluster="A",priority="high"} 2']);
  });

  it("registers with prom-client's own registry unless told otherwise", () => {
    onTestFinished(() => register.clear());
    prometheusMetrics();
    expect(register.getSingleMetric("helix_applied_total")).toBeDefined();
  });

  it("reads the depths of the queue at each scrape, once for all gauges", async () => {
    const queue = new MemoryReplayer();
    let reads = 0;
    const { samples } = setUp({
      queue: {
        depths: () => {
          reads++;
          return queue.depths();
        },
      },
    });
    const operation = { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (1)", params: [] } as const;
    const writtenAtMs = Date.now() - 5000;
    await queue.enqueue(createPayload({ targetCluster: "B", operation, timestampMicros: 1n, writtenAtMs }));
    const lines = await samples();
    expect(reads).toBe(1);
    expect(lines).toContain('helix_queue_messages{cluster="B",priority="high",result="pending"} 1');
    expect(lines).toContain('helix_queue_messages{cluster="A",priority="low",result="stuck"} 0');
    const age = lines.find((line) =>
      line.startsWith('helix_oldest_age_seconds{cluster="B",priority="high"}'),
    );
    expect(Number(age?.split(" ")[1])).toBeGreaterThanOrEqual(5);
    queue.drainAll();
    expect(await samples()).toContain('helix_queue_messages{cluster="B",priority="high",result="pending"} 0');
    expect(reads).toBe(2);
  });

  it("tells how full the queue is by the fullest of its limits, how many dead letters there are, and the retention", async () => {
    const queue = new MemoryReplayer();
    const lanes = ["high.A", "high.B", "low.A", "low.B"] as const;
    const all = { of: "lanes", lanes, messages: 9 } as const;
    const rooms: QueueRoom[] = [
      { ...all, lanes: ["low.B"], unit: "messages", used: 3, capacity: 4 },
      { ...all, unit: "messages", used: 9, capacity: 10 },
      { ...all, unit: "bytes", used: 9, capacity: 90 },
      { ...all, of: "dead-letters", unit: "bytes", used: 5, capacity: 10, messages: 2 },
    ];
    let isAway = false;
    const { samples } = setUp({
      queue: {
        depths: async () => [],
        room: async () => (isAway ? Promise.reject(new Error("away")) : rooms),
        traits: { ...queue.traits, retentionMs: 3_600_000 },
      },
    });
    expect(await samples()).toEqual([
      'helix_capacity_used_ratio{cluster="B",priority="low",result="lanes"} 0.75',
      'helix_capacity_used_ratio{result="lanes"} 0.9',
      'helix_capacity_used_ratio{result="dead-letters"} 0.5',
      'helix_dead_letters{result="kept"} 2',
      'helix_retention_seconds{cluster="A"} 3600',
      'helix_retention_seconds{cluster="B"} 3600',
    ]);
    isAway = true;
    expect((await samples()).filter((line) => !line.startsWith("helix_retention"))).toEqual([]);
  });

  it("leaves the depths out, and nothing else, when they cannot be read, even if the listener throws", async () => {
    const queue = new MemoryReplayer();
    const error = new Error("away");
    const errors: unknown[] = [];
    let isAway = false;
    const { metrics, samples } = setUp({
      queue: { depths: () => (isAway ? Promise.reject(error) : queue.depths()) },
      onError: (one) => {
        errors.push(one);
        throw one;
      },
    });
    metrics.gauge("helix_paused", { cluster: "A" }, 1);
    expect(await samples()).toHaveLength(1 + 4 * 4 + 4);
    isAway = true;
    expect(await samples()).toEqual(['helix_paused{cluster="A"} 1']);
    expect(errors).toEqual([error]);
  });

  it("leaves the depths out, and nothing else, while they are not answered, and has them when they are", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const queue = new MemoryReplayer();
    const errors: unknown[] = [];
    let answer: (() => void) | undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { metrics, samples } = setUp({
      queue: { depths: () => answered.then(() => queue.depths()) },
      onError: (error) => errors.push(String(error)),
    });
    metrics.gauge("helix_paused", { cluster: "A" }, 1);
    for (let scrape = 1; scrape <= 2; scrape++) {
      const scraped = samples();
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await scraped).toEqual(['helix_paused{cluster="A"} 1']);
      expect(errors).toHaveLength(scrape);
    }
    answer?.();
    expect(await samples()).toHaveLength(1 + 4 * 4 + 4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("asks for the depths anew a minute after a question that was never answered, and not before", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const queue = new MemoryReplayer();
    let asked = 0;
    const { samples } = setUp({
      queue: { depths: () => (++asked === 1 ? new Promise(() => {}) : queue.depths()) },
    });
    const scrape = async () => {
      const scraped = samples();
      await vi.advanceTimersByTimeAsync(5_000);
      return scraped;
    };
    for (let n = 0; n < 12; n++) expect(await scrape()).toEqual([]);
    expect(asked).toBe(1);
    expect(await scrape()).toHaveLength(4 * 4 + 4);
    expect(asked).toBe(2);
  });

  it.each([
    [{ registry: {} }, "Expected `registry` to be a Registry of prom-client"],
    [{ prefix: "1-" }, 'Expected `prefix` to be letters, digits and underscores, no digit first, got "1-"'],
    [{ buckets: { helix_applied_total: [1] } }, "Unknown option `helix_applied_total` of buckets"],
    [
      { buckets: { helix_execution_seconds: [2, 1] } },
      "`helix_execution_seconds` to be an array of ascending",
    ],
    [{ buckets: { helix_execution_seconds: [] } }, "`helix_execution_seconds` to be an array of ascending"],
    [{ queue: {} }, "Expected `queue` to be a ReplayQueue (with `depths`)"],
    [{ onError: 1 }, "Expected `onError` to be a function"],
    [{ labels: [] }, "Unknown option `labels` of prometheusMetrics"],
  ])("refuses %o", (options, message) => {
    expect(() => prometheusMetrics(options as PrometheusMetricsOptions)).toThrow(TypeError);
    expect(() => prometheusMetrics(options as PrometheusMetricsOptions)).toThrow(message);
  });
});
