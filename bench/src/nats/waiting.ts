import { setTimeout as after } from "node:timers/promises";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Bench, sized } from "../bench.ts";
import { quantile } from "../measure/spread.ts";
import { alone, type Row } from "../report/row.ts";
import { highForB } from "./enqueue.ts";
import { BenchStream, connected } from "./stream.ts";

const IDLE_MS = 10_000;

/** A system in which nothing is queued: how soon a message is executed, and what waiting for it costs. */
export const waiting: Bench = {
  name: "waiting",
  async run(run) {
    const { url } = await run.nats();
    await using connection = await connected(url);
    return { rows: [...(await lag(connection, sized(run, 500, 2_000))), ...(await idle(url))] };
  },
};

async function lag(connection: NatsConnection, messages: number): Promise<Row[]> {
  const lags: number[][] = [];
  for (let round = 0; round < 3; round++) lags.push(await lagsOf(connection, messages));
  const what = `from enqueue resolved to the start of the execution, NATS, worker waiting, ${messages} messages one at a time`;
  const share = (q: number) => alone(lags.map((values) => quantile(values, q)));
  return [
    { id: "lag.p50", what: `${what}, p50`, unit: "ms", samples: share(0.5) },
    { id: "lag.p99", what: `${what}, p99`, unit: "ms", goal: { atMost: 1 }, samples: share(0.99) },
    { id: "lag.max", what: `${what}, maximum`, unit: "ms", samples: share(1) },
  ];
}

/** The message may be executed before the answer to its enqueue is here: that is no lag. */
export async function lagsOf(connection: NatsConnection, messages: number): Promise<number[]> {
  await using stream = await BenchStream.open(connection);
  let started: (atMs: number) => void = () => {};
  await using worker = new ReplayWorker({
    queue: stream.queue,
    executor: async () => started(performance.now()),
  });
  await worker.start();
  const lags: number[] = [];
  for (let i = 0; i < messages; i++) {
    const execution = Promise.withResolvers<number>();
    started = execution.resolve;
    const enqueued = stream.queue.enqueue(highForB(i)).then(() => performance.now());
    const [enqueuedAtMs, startedAtMs] = await Promise.all([enqueued, execution.promise]);
    // Not the first ones: they compile the code.
    if (i >= messages / 10) lags.push(Math.max(0, startedAtMs - enqueuedAtMs));
  }
  return lags;
}

async function idle(url: string): Promise<Row[]> {
  await using connection = await connected(url);
  await using stream = await BenchStream.open(connection);
  const onNats = await idleWorker(
    new ReplayWorker({ queue: stream.queue, executor: async () => {} }),
    () => connection.stats().outMsgs,
  );
  const inMemory = await idleWorker(
    new ReplayWorker({ queue: new MemoryReplayer(), executor: async () => {} }),
    () => 0,
  );
  const what = `an idle worker with four lanes, ${IDLE_MS / 1000} s`;
  const goal = { atMost: 0.1 };
  return [
    {
      id: "idle.processor",
      what: `${what}, NATS`,
      unit: "% of a core",
      goal,
      samples: alone([onNats.percent]),
    },
    {
      id: "idle.requests",
      what: `${what}, NATS`,
      unit: "messages to the server/s",
      goal: { atMost: 1 },
      samples: alone([onNats.perSecond]),
    },
    {
      id: "idle.memory.processor",
      what: `${what}, memory queue`,
      unit: "% of a core",
      goal,
      samples: alone([inMemory.percent]),
    },
  ];
}

async function idleWorker(worker: ReplayWorker, sent: () => number) {
  await worker.start();
  // What it does at the start is not what waiting costs.
  await after(1000);
  const before = { cpu: process.cpuUsage(), sent: sent() };
  await after(IDLE_MS);
  const { user, system } = process.cpuUsage(before.cpu);
  const perSecond = ((sent() - before.sent) * 1000) / IDLE_MS;
  await worker.stop();
  return { percent: (user + system) / 10 / IDLE_MS, perSecond };
}
