import { HelixClient } from "@helix/client";
import { createPayload, type ReplayPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { createTestKeyspace, startCassandraPair } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { Client, type ClientOptions, types } from "cassandra-driver";
import { heading, line, median, perSecond, whole } from "./figures.ts";

const WRITES = 10_000;
const ROUNDS = 7;
const CONCURRENCY = 128;
const KEYSPACE = "bench_replay";
const QUERY = `INSERT INTO ${KEYSPACE}.t (id, a, b, c) VALUES (?, ?, ?, ?)`;

/** What a round came to. */
interface Round {
  readonly rate: number;
  /** Processor time of this process, by message. Microseconds. */
  readonly micros: number;
}

/** What is queued for a real cluster is replayed, against the driver alone with the same statements, round by round in turn. */
export async function benchReplay(): Promise<void> {
  await using pair = await startCassandraPair({ onProgress: console.log });
  console.log(`\n${pair.description}`);
  await createTestKeyspace(pair, KEYSPACE);
  const optionsOf = (cluster: "A" | "B") => ({
    contactPoints: [pair[cluster].contactPoint],
    localDataCenter: pair[cluster].localDataCenter,
    protocolOptions: { maxVersion: 4 },
  });
  const clusters = { A: optionsOf("A"), B: optionsOf("B") };
  await using raw = await connected(clusters.B);
  await raw.client.execute(`CREATE TABLE ${KEYSPACE}.t (id int PRIMARY KEY, a text, b bigint, c timestamp)`);
  await compare(clusters, raw.client);
}

/** Of the clusters B has the table. */
async function compare(
  clusters: { readonly A: ClientOptions; readonly B: ClientOptions },
  raw: Client,
): Promise<void> {
  heading(
    `Replay of ${whole(WRITES)} four-column inserts into one cluster, ${CONCURRENCY} in flight, median of ${ROUNDS} rounds in turn`,
  );
  await using client = new HelixClient({ clusters, replayer: new MemoryReplayer() });
  await client.connect({ waitFor: "all" });
  const executor = client.replayExecutor();
  const signal = new AbortController().signal;
  // The executor alone tells what of the difference is the worker's and the queue's.
  const ways = {
    raw: (writes: readonly ReplayPayload[]) => inFlight(writes, (write) => rawly(raw, write)),
    executor: (writes: readonly ReplayPayload[]) =>
      inFlight(writes, (write) => executor.execute(write, { signal })),
    worker: (writes: readonly ReplayPayload[]) => drained(writes, client),
  };
  const names = ["raw", "executor", "worker"] as const;
  const found: Record<keyof typeof ways, Round[]> = { raw: [], executor: [], worker: [] };
  for (let round = -2; round < ROUNDS; round++) {
    // The first two warm up.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const result = await ways[name](writesOf(WRITES));
      if (round >= 0) found[name].push(result);
    }
  }
  for (const name of names) {
    const rates = found[name].map(({ rate }) => rate);
    const micros = found[name].map(({ micros }) => micros);
    const byRaw = found[name].map(({ rate }, at) => rate / (found.raw[at]?.rate ?? Number.NaN));
    const costs = found[name].map(({ micros }, at) => micros / (found.raw[at]?.micros ?? Number.NaN));
    line(
      name,
      `${whole(median(rates))} per second, ${median(micros).toFixed(1)} µs of processor each; ` +
        `by raw: rate ${median(byRaw).toFixed(2)}, processor ${median(costs).toFixed(2)}`,
    );
  }
}

function writesOf(count: number): ReplayPayload[] {
  return Array.from({ length: count }, (_, id) =>
    createPayload({
      targetCluster: "B",
      timestampMicros: 1_764_000_000_000_000n + BigInt(id),
      consistency: types.consistencies.localOne,
      tables: [`${KEYSPACE}.t`],
      operation: {
        kind: "statement",
        query: QUERY,
        params: [
          id,
          "about a hundred bytes of text, as rows have them",
          types.Long.fromNumber(id),
          new Date(),
        ],
      },
    }),
  );
}

function rawly(client: Client, { operation, timestampMicros, consistency }: ReplayPayload): Promise<unknown> {
  if (operation.kind !== "statement") throw new TypeError("There are no batches here");
  return client.execute(operation.query, operation.params as unknown[], {
    prepare: true,
    timestamp: types.Long.fromNumber(Number(timestampMicros)),
    ...(consistency !== undefined && { consistency }),
    isIdempotent: true,
  });
}

async function drained(writes: readonly ReplayPayload[], client: HelixClient): Promise<Round> {
  const queue = new MemoryReplayer({ queueCapacity: writes.length });
  for (const write of writes) await queue.enqueue(write);
  let left = writes.length;
  let done = () => {};
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const worker = new ReplayWorker({
    queue,
    concurrency: CONCURRENCY,
    batchSize: 1000,
    executor: client.replayExecutor(),
    onSuccess: () => {
      if (--left === 0) done();
    },
  });
  const result = await measured(writes.length, async () => {
    await worker.start();
    await all;
  });
  await worker.stop();
  await queue.close();
  return result;
}

function inFlight(
  writes: readonly ReplayPayload[],
  send: (write: ReplayPayload) => Promise<unknown>,
): Promise<Round> {
  let next = 0;
  const one = async () => {
    for (let write = writes[next++]; write !== undefined; write = writes[next++]) await send(write);
  };
  return measured(writes.length, async () => {
    await Promise.all(Array.from({ length: CONCURRENCY }, one));
  });
}

async function measured(count: number, run: () => Promise<void>): Promise<Round> {
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await run();
  const rate = perSecond(count, performance.now() - startedAt);
  const { user, system } = process.cpuUsage(cpu);
  return { rate, micros: (user + system) / count };
}

async function connected(options: ClientOptions) {
  const client = new Client(options);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.shutdown() };
}
