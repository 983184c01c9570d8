import { ReplayWorker } from "@helix/worker";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Bench, sized } from "../bench.ts";
import { Child } from "../measure/child.ts";
import { quantile } from "../measure/spread.ts";
import { alone, type Row } from "../report/row.ts";
import { highForB } from "./enqueue.ts";
import type { IdleQuestion, IdleReport } from "./idle-process.ts";
import { BenchStream, connected } from "./stream.ts";

const IDLE_MS = 10_000;
const LOOKS = 3;

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

/** In a process of its own: what others have done before, such as what is compiled and collected afterwards, is no idle cost. */
async function idle(url: string): Promise<Row[]> {
  await using child = new Child(new URL("./idle-process.ts", import.meta.url));
  const ask = (question: IdleQuestion) => child.ask<IdleReport>(question);
  const looking = { forMs: IDLE_MS, looks: LOOKS };
  const nothing = await ask({ ...looking, worker: "none" });
  const inMemory = await ask({ ...looking, worker: "memory" });
  const onNats = await ask({ ...looking, worker: { url } });
  const what = `an idle worker with four lanes, ${IDLE_MS / 1000} s`;
  const goal = { atMost: 0.1 };
  return [
    {
      id: "idle.processor",
      what: `${what}, NATS`,
      unit: "% of a core",
      goal,
      samples: alone(onNats.percent),
    },
    {
      id: "idle.requests",
      what: `${what}, NATS`,
      unit: "messages to the server/s",
      goal: { atMost: 1 },
      samples: alone(onNats.perSecond),
    },
    {
      id: "idle.memory.processor",
      what: `${what}, memory queue`,
      unit: "% of a core",
      goal,
      samples: alone(inMemory.percent),
    },
    {
      id: "idle.none.processor",
      what: `a process in which there is nothing, ${IDLE_MS / 1000} s`,
      unit: "% of a core",
      samples: alone(nothing.percent),
    },
  ];
}
