import { availableParallelism, cpus } from "node:os";
import type { NatsConnection } from "@nats-io/nats-core";
import { type Bench, sized } from "../bench.ts";
import { interleaved } from "../measure/interleaved.ts";
import { judge } from "../report/judge.ts";
import { alone, pairs, type Row, type Series } from "../report/row.ts";
import { highForB } from "./enqueue.ts";
import { type Drained, POD_FLAGS, Pods } from "./pods.ts";
import { BenchStream, connected } from "./stream.ts";

const WARM_UP = 20_000;
const PODS = [1, 2, 4];
const FOR_PODS = 60_000;
const POD_ROUNDS = 3;
/** How many are queued, and how often: the fewer, the shorter, and the more often. */
const BACKLOGS: readonly (readonly [number, number])[] = [
  [1_000, 9],
  [10_000, 7],
  [100_000, 3],
  [1_000_000, 1],
];
const HUGE = [10_000_000, 1] as const;
/** What the others are compared with: a thousand take no longer than a pause of the collector. */
const USUAL = 10_000;
const MILLION = 1_000_000;

interface Part {
  readonly rows: readonly Row[];
  readonly series: Series;
}

/** A drain in processes of their own: by how much is queued, and by how many processes there are. */
export const scale: Bench = {
  name: "scale",
  async run(run) {
    const { url } = await run.nats();
    await using connection = await connected(url);
    const backlogs = await byBacklog(
      connection,
      url,
      sized(run, BACKLOGS.slice(0, 2), run.isHuge ? [...BACKLOGS, HUGE] : BACKLOGS),
    );
    const pods = await byPods(connection, url);
    return { rows: [...backlogs.rows, ...pods.rows], series: [backlogs.series, pods.series] };
  },
};

async function byBacklog(
  connection: NatsConnection,
  url: string,
  sizes: readonly (readonly [number, number])[],
): Promise<Part> {
  await using stream = await BenchStream.open(connection);
  await using pod = await Pods.open(1, url, stream);
  const drain = async (messages: number) => {
    await stream.fill(messages, highForB);
    return await pod.drain();
  };
  await drain(WARM_UP);
  const rows: Row[] = [];
  const points: [number, number][] = [];
  for (const [messages, rounds] of sizes) {
    const found: { readonly usual: Drained; readonly this: Drained }[] = [];
    for (let round = 0; round < rounds; round++) {
      const usual = await drain(USUAL);
      found.push({ usual, this: await drain(messages) });
    }
    const row: Row = {
      id: `backlog.${messages}`,
      what: `a worker's drain of JetStream, execution without work, ${messages} queued when it starts`,
      against: `the same with ${USUAL} queued`,
      unit: "messages/s",
      goal: { atLeast: 0.9 },
      samples: found.map((one) => ({ ours: one.this.perSecond, theirs: one.usual.perSecond })),
    };
    rows.push(row);
    points.push([messages, judge(row).ours.median]);
    if (messages !== MILLION) continue;
    const what = "1,000,000 queued messages drained from NATS by one process";
    rows.push(
      {
        id: "backlog.million.memory",
        what: `${what} with ${POD_FLAGS.join(" ")}, growth of its resident memory`,
        unit: "MiB",
        goal: { atMost: 30 },
        samples: alone(found.map((one) => one.this.memoryGrownMiB)),
      },
      {
        id: "backlog.million.time",
        what,
        unit: "s",
        goal: { atMost: 30 },
        samples: alone(found.map((one) => one.this.tookMs / 1000)),
      },
    );
  }
  return {
    rows,
    series: {
      id: "backlog",
      title: "Drain of JetStream by one process, by what was queued when it started",
      x: "queued messages",
      y: "messages/s",
      logarithmic: { x: true },
      lines: [{ name: "worker, execution without work", points }],
    },
  };
}

async function byPods(connection: NatsConnection, url: string): Promise<Part> {
  await using stream = await BenchStream.open(connection);
  const busy = new Map<string, string>();
  const drain = async (count: number) => {
    await using pods = await Pods.open(count, url, stream);
    await stream.fill(WARM_UP, highForB);
    await pods.drain();
    await stream.fill(FOR_PODS, highForB);
    const before = processors();
    const { perSecond, coresBusy } = await pods.drain();
    busy.set(
      String(count),
      `the pods kept ${coresBusy.toFixed(1)} cores busy, the machine was ${busySince(before)} % busy`,
    );
    return perSecond;
  };
  const rates = await interleaved(
    POD_ROUNDS,
    Object.fromEntries(PODS.map((count) => [String(count), () => drain(count)])),
  );
  const one = rates["1"] ?? [];
  const rows = PODS.map((count): Row => {
    const ours = rates[String(count)] ?? [];
    return {
      id: `pods.${count}`,
      what: `${count} processes drain one stream of ${FOR_PODS} messages, execution without work`,
      against: "one process",
      unit: "messages/s",
      goal: count === 1 ? undefined : { atLeast: 1 },
      samples: pairs(ours, one),
      note: `Limited by the ${availableParallelism()} cores, which the server shares: ${busy.get(String(count))}`,
    };
  });
  return {
    rows,
    series: {
      id: "pods",
      title: "Drain of one stream by the number of processes",
      x: "processes",
      y: "messages/s",
      lines: [
        {
          name: "workers, execution without work",
          points: rows.map((row, i) => [PODS[i] ?? 0, judge(row).ours.median]),
        },
      ],
    },
  };
}

/** Of all processors, in milliseconds. */
function processors() {
  const times = cpus().map((one) => one.times);
  const idle = times.reduce((sum, one) => sum + one.idle, 0);
  return {
    idle,
    all: times.reduce((sum, one) => sum + one.idle + one.user + one.sys + one.nice + one.irq, 0),
  };
}

/** In percent. */
function busySince(before: ReturnType<typeof processors>): number {
  const now = processors();
  return Math.round(100 * (1 - (now.idle - before.idle) / (now.all - before.all)));
}
