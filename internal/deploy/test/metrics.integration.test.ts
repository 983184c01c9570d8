import { HelixClient } from "@helix/client";
import { helixError, METRICS, type MetricDescription, type Replayer } from "@helix/core";
import { prometheusMetrics } from "@helix/prometheus";
import { connectNatsEnqueuer } from "@helix/replayer-nats";
import { waitFor } from "@helix/testkit";
import { startNatsServer } from "@helix/testkit/nats";
import { Registry } from "prom-client";
import { beforeAll, expect, test } from "vitest";
import { insert, startServers } from "../../../apps/replay-service/test/pod.ts";
import { MAIN, ServiceProcess } from "../../../apps/replay-service/test/service-process.ts";
import { environmentOf } from "../../../apps/replay-service/test/valid-environment.ts";
import { type Exposed, readExposition } from "./exposition.ts";
import { readQuery } from "./promql.ts";
import { panelQueries, rulesOf, scalerQuery } from "./queries.ts";

/** Put on by whoever scrapes. */
const OF_THE_TARGET = new Set(["namespace", "job", "instance"]);

let exposed: Exposed;

beforeAll(async () => {
  const servers = await startServers();
  const nats = await startNatsServer();
  await using service = new ServiceProcess(MAIN, environmentOf(servers, { HELIX_NATS_SERVERS: nats.url }));
  await service.ready();
  // It hears a cluster's clock with what it replays.
  const application = await connectNatsEnqueuer({ connect: { servers: nats.url } });
  await application.enqueue(insert("B", ["1", "Alice"]));
  await application.close();
  const known = [
    "helix_gc_grace_seconds{",
    "helix_cluster_clock_offset_seconds{",
    "helix_replay_lag_seconds_bucket{",
  ];
  let pod = "";
  await waitFor(
    async () => {
      pod = (await service.get("/metrics")).text;
      return known.every((name) => pod.includes(name));
    },
    { timeoutMs: 20_000, describe: () => `the pod knows its clusters; it told ${pod}` },
  );
  exposed = readExposition([pod, await figuresOfClient(servers)]);
  await service[Symbol.asyncDispose]();
  await Promise.all([nats.stop(), servers.A.close(), servers.B.close()]);
});

/** Of one that has applied a write, and then one that a cluster missed and no queue took. */
async function figuresOfClient(servers: Awaited<ReturnType<typeof startServers>>): Promise<string> {
  const registry = new Registry();
  const full = helixError("HELIX_QUEUE_FULL", "full", { lane: "high.B", limit: "messages", capacity: 1 });
  const replayer: Replayer = {
    enqueue: () => Promise.reject(full),
    close: async () => {},
    async [Symbol.asyncDispose]() {},
  };
  const to = (cluster: "A" | "B") => ({
    contactPoints: [servers[cluster].contactPoint],
    localDataCenter: servers[cluster].localDataCenter,
  });
  const client = new HelixClient({
    clusters: { A: to("A"), B: to("B") },
    replayer,
    metrics: prometheusMetrics({ registry }),
  });
  await client.connect({ waitFor: "all" });
  const write = () => client.execute("INSERT INTO shop.users (id, name) VALUES (?, ?)", ["1", "Alice"]);
  await write();
  await servers.B.setDown();
  await expect(write()).rejects.toMatchObject({ code: "HELIX_REPLAY_NOT_QUEUED" });
  await waitFor(async () => (await registry.metrics()).includes('helix_breaker_open{cluster="B"} 1'), {
    timeoutMs: 20_000,
    describe: "its breaker is open",
  });
  await client.close();
  return registry.metrics();
}

/** By what is declared of those that are told only when something is wrong. */
function seriesOf(metric: string): readonly Readonly<Record<string, string>>[] {
  if (metric !== "helix_stray_messages" && metric !== "helix_warning") return exposed.get(metric) ?? [];
  const { labels, results = [] }: MetricDescription = METRICS[metric];
  const others = { ...(labels.includes("cluster") && { cluster: "A", priority: "high" }) };
  return results.map((result) => ({ ...others, result }));
}

/** What a query asks for and nobody tells; recorded ones are asked for where they are made. */
function missingIn(query: string, recorded: readonly string[]): string[] {
  const { selectors, groupedBy } = readQuery(query);
  const own = selectors.filter(({ metric }) => !recorded.includes(metric));
  const missing: string[] = [];
  for (const { metric, labels } of own) {
    const series = seriesOf(metric);
    if (series.length === 0) missing.push(metric);
    for (const { name, operator, value } of labels.filter((label) => !OF_THE_TARGET.has(label.name))) {
      const isMet = (labels: Readonly<Record<string, string>>) => {
        const has = labels[name] ?? "";
        return operator.includes("~") ? new RegExp(`^(?:${value})$`).test(has) : has === value;
      };
      if (!series.some((one) => name in one && isMet(one)))
        missing.push(`${metric}{${name}${operator}"${value}"}`);
    }
  }
  const ofRecorded = selectors.length > own.length ? ["cluster"] : [];
  const grouping = new Set([
    ...ofRecorded,
    ...own.flatMap(({ metric }) => seriesOf(metric).flatMap(Object.keys)),
  ]);
  const strange = groupedBy.filter((label) => !OF_THE_TARGET.has(label) && !grouping.has(label));
  return [...missing, ...strange];
}

const rules = rulesOf();
const recorded = rules.flatMap(({ record }) => record ?? []);

test.each([
  ...rules.map(({ alert, record, expr }) => [`the rule ${alert ?? record}`, expr]),
  ...panelQueries().map(([title, query]) => [`the panel "${title}"`, query]),
  ["the scaler", scalerQuery()],
])("%s asks for metrics and labels that a pod or a client tells", (_, expr = "") => {
  expect(missingIn(expr, recorded)).toEqual([]);
});

test.each([
  ["sum by (cluster) (rate(helix_replayed_total[5m]))", ["helix_replayed_total", "cluster"]],
  ['helix_queue_messages{result="waiting"} > 0', ['helix_queue_messages{result="waiting"}']],
  ['helix_paused{priority="high"} > 0', ['helix_paused{priority="high"}']],
  ["max by (priority) (helix_paused)", ["priority"]],
])("what nobody tells is found in %s", (query, missing) => {
  expect(missingIn(query, recorded)).toEqual(missing);
});
