import { setTimeout as after } from "node:timers/promises";
import { parseArgs } from "node:util";
import { HelixClient } from "@helix/client";
import { CLUSTERS, type ClusterId, type ReplayQueue } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { connectNatsReplayer } from "@helix/replayer-nats";
import {
  nothingMoreOpen,
  openHandles,
  socketsTo,
  startCassandraPair,
  startFaultProxy,
  waitFor,
} from "@helix/testkit";
import { startNatsServer } from "@helix/testkit/nats";
import { ReplayWorker } from "@helix/worker";
import { mebibytesInUse } from "../measure/timing.ts";
import { circumstances } from "../report/record.ts";
import { Application } from "./application.ts";
import { Outages } from "./outages.ts";
import { compareTables, createTables } from "./tables.ts";

const USAGE = `Two Cassandra clusters, an outage a minute of A, of B or of both, an application that goes on writing: at the end
every cell must be equal on both, and memory, sockets and timers what they were.

  npx -y pnpm@12 soak [--minutes N] [--rate WRITES_PER_SECOND] [--queue memory|nats]`;
const MINUTE_MS = 60_000;
const OUTAGE_MS = 20_000;
const RECOVERY_MS = 120_000;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "20" },
    rate: { type: "string", default: "200" },
    queue: { type: "string", default: "memory" },
  },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
if (!(minutes >= 1 && rate >= 1) || (values.queue !== "memory" && values.queue !== "nats")) {
  console.error(USAGE);
  process.exit(2);
}

console.log(circumstances());
await using pair = await startCassandraPair({ killable: true, onProgress: console.log });
console.log(`${pair.description}; queue: ${values.queue}; ${rate} writes/s; ${minutes} minutes`);
await createTables(pair);
await using nats = values.queue === "nats" ? await startNatsServer() : undefined;
const before = openHandles();
const failures: string[] = [];
const must = (holds: boolean, what: string) => void (holds || failures.push(what));
{
  await using proxyA = await startFaultProxy({ target: pair.A });
  await using proxyB = await startFaultProxy({ target: pair.B });
  const proxies = { A: proxyA, B: proxyB };
  const cluster = (id: ClusterId) => ({
    contactPoints: [proxies[id].contactPoint],
    localDataCenter: pair[id].localDataCenter,
  });
  await using queue: ReplayQueue =
    nats === undefined
      ? new MemoryReplayer({ queueCapacity: 1_000_000 })
      : await connectNatsReplayer({ connect: { servers: nats.url } });
  await using client = new HelixClient({ clusters: { A: cluster("A"), B: cluster("B") }, replayer: queue });
  const drops: unknown[] = [];
  const worker = new ReplayWorker({
    queue,
    executor: client.replayExecutor(),
    onDrop: ({ error }) => drops.push(error),
  });
  let replayed = 0;
  worker.on("replay:applied", () => void replayed++);
  await client.attachWorker(worker);
  await client.connect({ waitFor: "all" });
  const application = new Application(client, rate);
  const running = application.run();
  const outages = new Outages(pair, proxies);
  const depth = async () => {
    const depths = await queue.depths();
    return depths.reduce((sum, { pending, inFlight }) => sum + pending + inFlight, 0);
  };
  const isWell = () =>
    CLUSTERS.every((id) => {
      const state = client.clusterStates[id];
      return state?.connected === true && state.breaker === "closed";
    });
  const settled = async () => isWell() && (await depth()) === 0;
  const samples: { heapMiB: number; sockets: number; timers: number }[] = [];
  /** Calls and replays at rest: what is left is what is kept. */
  const sample = async () => {
    await application.pause();
    await waitFor(settled, { timeoutMs: RECOVERY_MS, intervalMs: 50, describe: "all is settled" });
    // Longer than any timer of a request that is over.
    await after(3_000);
    const { timers } = openHandles();
    const sockets = socketsTo(proxyA.port, proxyB.port);
    const now = { heapMiB: mebibytesInUse(), sockets, timers };
    samples.push(now);
    application.resume();
    return now;
  };
  const report = (
    label: string,
    { heapMiB, sockets, timers }: { heapMiB: number; sockets: number; timers: number },
    more = "",
  ) =>
    console.log(
      `${label.padEnd(34)} heap ${heapMiB.toFixed(0).padStart(4)} MiB  sockets ${sockets}  timers ${timers}  ` +
        `calls ${application.calls}  replayed ${replayed}${more}`,
    );

  await after(10_000);
  report("healthy", await sample());
  for (let minute = 0; minute < minutes; minute++) {
    const beganAt = performance.now();
    const { name, clusters } = outages.at(minute);
    await outages.play(minute, OUTAGE_MS);
    const overAt = performance.now();
    await waitFor(isWell, { timeoutMs: RECOVERY_MS, describe: `both are there after ${name}` });
    const wellMs = performance.now() - overAt;
    const inQueue = await depth();
    await waitFor(settled, {
      timeoutMs: RECOVERY_MS,
      intervalMs: 50,
      describe: `the queue is empty after ${name}`,
    });
    const drainedMs = performance.now() - overAt;
    const now = await sample();
    report(
      `${minute + 1}. ${name} of ${clusters.join(" and ")}`,
      now,
      `  back ${(wellMs / 1000).toFixed(1)} s, ${inQueue} queued then, drained ${(drainedMs / 1000).toFixed(1)} s`,
    );
    await after(Math.max(0, MINUTE_MS - (performance.now() - beganAt)));
  }
  application.stop();
  await running;
  await waitFor(settled, { timeoutMs: RECOVERY_MS, describe: "all is drained" });
  const comparison = await compareTables(pair);
  console.log(`calls ${JSON.stringify(application.counts, null, 2)}`);
  console.log(`rows ${comparison.rows}, differences ${comparison.differences}, dead letters ${drops.length}`);
  for (const example of comparison.examples) console.log(`  ${example}`);
  // The first minutes fill caches and compile.
  const third = Math.max(1, Math.floor(samples.length / 3));
  const mean = (some: typeof samples, of: (one: (typeof samples)[number]) => number) =>
    some.reduce((sum, one) => sum + of(one), 0) / some.length;
  const early = samples.slice(1, 1 + third);
  const late = samples.slice(-third);
  const grown = (of: (one: (typeof samples)[number]) => number) => mean(late, of) - mean(early, of);
  console.log(
    `from the first third to the last: heap ${grown(({ heapMiB }) => heapMiB).toFixed(1)} MiB, ` +
      `sockets ${grown(({ sockets }) => sockets).toFixed(1)}, timers ${grown(({ timers }) => timers).toFixed(1)}`,
  );
  must(comparison.rows > 0 && comparison.differences === 0, "the clusters differ");
  must(drops.length === 0, "there are dead letters");
  must((application.counts.HELIX_REPLAY_NOT_QUEUED ?? 0) === 0, "a missed write was not queued");
  must(grown(({ heapMiB }) => heapMiB) < 8, "memory has grown");
  must(grown(({ sockets }) => sockets) < 1 && grown(({ timers }) => timers) < 1.5, "handles have grown");
}
await nothingMoreOpen(before, 10_000).catch((error: Error) => failures.push(error.message));
console.log(failures.length === 0 ? "As promised." : `NOT as promised: ${failures.join("; ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
