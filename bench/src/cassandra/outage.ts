import { setTimeout as after } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import type { ReplayQueue } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { connectNatsReplayer } from "@helix/replayer-nats";
import { type CassandraPair, type FaultMode, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { type Bench, sized } from "../bench.ts";
import { Child } from "../measure/child.ts";
import type { Findings, Row, Sample, Series } from "../report/row.ts";
import { createTable, driverOptions, fourColumns, INSERT } from "./drivers.ts";
import { Timeline } from "./timeline.ts";

const PER_SECOND = 500;
const HEALTHY_MS = 4_000;
/** From then on the client knows that B is gone. */
const NOTICED_MS = 2_000;
const GONE_MS = 3_000;
/** A server that has just been started compiles what it runs. */
const RESTARTED_MS = 5_000;
const BACK_MS = 60_000;

interface Outage {
  readonly name: string;
  readonly what: string;
  readonly rounds: number;
  begin(): Promise<unknown>;
  end(): Promise<unknown>;
}

/** What callers wait for a write while B is gone, against what they wait before. */
export const outage: Bench = {
  name: "outage",
  async run(run) {
    const pair = await run.pair();
    await createTable(pair);
    await using proxies = new Child(new URL("./proxies-process.ts", import.meta.url));
    const [a = "", b = ""] = await proxies.ask<string[]>({
      targets: [pair.A, pair.B].map(({ host, port }) => ({ host, port })),
    });
    const clusters = {
      A: driverOptions({ ...pair.A, contactPoint: a }),
      B: driverOptions({ ...pair.B, contactPoint: b }),
    };
    const outages = outagesOf(pair, (mode) => proxies.ask({ proxy: 1, mode }), sized(run, 1, 3));
    await using memory = new MemoryReplayer({ queueCapacity: 1_000_000 });
    const inMemory = await through("memory queue", memory, clusters, outages);
    await using nats = await connectNatsReplayer({
      connect: { servers: (await run.nats()).url },
      streamName: "bench-outage",
      subjectPrefix: "bench-outage.replay",
    });
    const onNats = await through("NATS", nats, clusters, outages.slice(1, 2));
    return { rows: [...inMemory.rows, ...onNats.rows], series: onNats.series };
  },
};

function outagesOf(
  pair: CassandraPair,
  toB: (mode: FaultMode) => Promise<unknown>,
  rounds: number,
): Outage[] {
  const network = (name: string, what: string, mode: FaultMode): Outage => ({
    name,
    what,
    rounds,
    begin: () => toB(mode),
    end: () => toB("pass"),
  });
  return [
    network("refused", "refuses connections", "refuse"),
    network("black-hole", "answers nothing", "blackhole"),
    {
      name: "stopped",
      what: "is a process that was killed",
      rounds: pair.source === "environment" ? 0 : rounds,
      begin: () => pair.B.kill(),
      end: async () => {
        await pair.B.start();
        await after(RESTARTED_MS);
      },
    },
  ].filter(({ rounds }) => rounds > 0);
}

/** One client over all of them, so that it is warm. */
async function through(
  name: string,
  queue: ReplayQueue,
  clusters: ConstructorParameters<typeof HelixClient>[0]["clusters"],
  outages: readonly Outage[],
): Promise<Required<Findings>> {
  await using client = new HelixClient({ clusters, replayer: queue });
  await client.attachWorker(new ReplayWorker({ queue, executor: client.replayExecutor() }));
  await client.connect({ waitFor: "all" });
  const write = (i: number) => client.execute(INSERT, fourColumns(i));
  const isOver = async () =>
    client.clusterStates.B?.breaker === "closed" &&
    client.clusterStates.B.connected &&
    (await queue.depths()).every(({ pending, inFlight, delayed }) => pending + inFlight + delayed === 0);
  // To compile what is measured.
  const warmUp = new Timeline(PER_SECOND, write);
  await after(HEALTHY_MS);
  await warmUp.stop();
  const rows: Row[] = [];
  const series: Series[] = [];
  for (const { name: outageName, what, rounds, begin, end } of outages) {
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      await using timeline = new Timeline(PER_SECOND, write);
      await after(HEALTHY_MS);
      const beganAtMs = timeline.nowMs;
      await begin();
      await after(NOTICED_MS + GONE_MS);
      const endedAtMs = timeline.nowMs;
      await end();
      await waitFor(isOver, { timeoutMs: BACK_MS, intervalMs: 20, describe: `B is back, ${outageName}` });
      const caughtUpAtMs = timeline.nowMs;
      await after(1_000);
      await timeline.stop();
      samples.push({
        ours: timeline.quantile(0.99, beganAtMs + NOTICED_MS, endedAtMs),
        theirs: timeline.quantile(0.99, HEALTHY_MS / 4, beganAtMs),
      });
      if (round === rounds - 1)
        series.push(picture(what, name, timeline, { beganAtMs, endedAtMs, caughtUpAtMs }));
    }
    rows.push({
      id: `outage.${outageName}.${name === "NATS" ? "nats" : "memory"}`,
      what: `p99 of a write while B ${what}, from ${NOTICED_MS / 1000} s after, ${PER_SECOND} writes a second, missed ones into the ${name}`,
      against: "the same before the outage",
      unit: "ms",
      goal: { atMost: 1.1 },
      samples,
    });
  }
  return { rows, series };
}

function picture(
  what: string,
  queueName: string,
  timeline: Timeline,
  {
    beganAtMs,
    endedAtMs,
    caughtUpAtMs,
  }: Readonly<Record<"beganAtMs" | "endedAtMs" | "caughtUpAtMs", number>>,
): Series {
  return {
    id: "outage",
    title: `${PER_SECOND} writes a second while B ${what}, missed ones into ${queueName}`,
    x: "time, s",
    y: "p99 of each quarter of a second, ms",
    logarithmic: { y: true },
    lines: [{ name: "p99", points: timeline.p99s() }],
    marks: [
      { x: beganAtMs / 1000, label: "B goes" },
      { x: endedAtMs / 1000, label: "B is back" },
      { x: caughtUpAtMs / 1000, label: "caught up" },
    ],
  };
}
