import { encodePayload } from "@helix/codec";
import { LANES, type ReplayPayload } from "@helix/core";
import { type connectNatsEnqueuer, connectNatsReplayer, type NatsReplayer } from "@helix/replayer-nats";
import { startNatsServer } from "@helix/testkit/nats";
import { ReplayWorker } from "@helix/worker";
import { type Consumer, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import { sixParameters } from "./codec.ts";
import { heading, inUse, line, mebibytes, median, perSecond, quantile, whole } from "./figures.ts";

const MESSAGES = 50_000;
const IN_FLIGHT = 256;
const ROUNDS = 5;
const LATENCIES = 2000;
const IDLE_MS = 20_000;
const MILLION = 1_000_000;
/** What a consumer of the library fetches at once: its own default. */
const LIBRARY_FETCH = 100;

let streams = 0;

/** All into one lane. */
function insert(i: number): ReplayPayload {
  return { ...sixParameters(i), targetCluster: "B", priority: "high" };
}

export async function benchNatsQueue(): Promise<void> {
  await using server = await startNatsServer();
  line("server", server.description);
  const connection = await connect({ servers: server.url, noAsyncTraces: true });
  try {
    await throughput(connection);
    await latency(connection);
    await idle(server.url);
    await million(connection);
  } finally {
    await connection.close();
  }
}

/** Ours and the library's, in turn, each on a fresh stream of the same kind. */
async function throughput(connection: NatsConnection): Promise<void> {
  heading(
    `JetStream: ${whole(MESSAGES)} six-parameter inserts, ${IN_FLIGHT} in flight, ${ROUNDS} rounds in turn`,
  );
  const rates: Record<"enqueue" | "publish" | "drain" | "worker" | "consume", number[]> = {
    enqueue: [],
    publish: [],
    drain: [],
    worker: [],
    consume: [],
  };
  for (let round = 0; round < ROUNDS; round++) {
    const payloads = Array.from({ length: MESSAGES }, (_, i) => insert(i));
    const first = await freshQueue(connection);
    rates.enqueue.push(await timed(() => enqueueAll(first.queue, payloads)));
    rates.drain.push(await timed(() => drain(first.queue)));
    await enqueueAll(
      first.queue,
      payloads.map((payload) => ({ ...payload, life: 1 })),
    );
    rates.worker.push(await timed(() => work(first.queue)));
    await first.remove();
    const second = await freshQueue(connection);
    rates.publish.push(await timed(() => publishAll(connection, second.subject, payloads)));
    const consumer = await jetstream(connection).consumers.get(second.streamName, "helix-worker-high-B");
    rates.consume.push(await timed(() => consume(consumer)));
    await second.remove();
  }
  const ratio = (ours: number[], theirs: number[]) =>
    median(ours.map((rate, at) => rate / (theirs[at] ?? Number.NaN))).toFixed(2);
  line("enqueue, encoding included", `${whole(median(rates.enqueue))} messages/s`);
  line("js.publish of the same bytes and message ids", `${whole(median(rates.publish))} messages/s`);
  line("enqueue by js.publish (goal: at least 1.2)", ratio(rates.enqueue, rates.publish));
  line("drain of the lane, decoding included", `${whole(median(rates.drain))} messages/s`);
  line("drain by a worker whose execution does nothing", `${whole(median(rates.worker))} messages/s`);
  line("consume() with ack", `${whole(median(rates.consume))} messages/s`);
  line("drain by consume() (goal: at least 0.9)", ratio(rates.drain, rates.consume));
  line("drain by a worker by consume()", ratio(rates.worker, rates.consume));
}

async function latency(connection: NatsConnection): Promise<void> {
  heading(`From enqueue to receipt, the lane waiting: ${whole(LATENCIES)} messages, one at a time`);
  const { queue, remove } = await freshQueue(connection);
  const samples: number[] = [];
  let received = () => {};
  const source = queue.open(
    "high.B",
    (message) => {
      void message.ack();
      received();
    },
    { pollIntervalMs: 100 },
  );
  for (let i = 0; i < LATENCIES; i++) {
    source.demand(1);
    const receipt = new Promise<void>((resolve) => {
      received = resolve;
    });
    const startedAt = performance.now();
    await Promise.all([queue.enqueue(insert(i)), receipt]);
    samples.push(performance.now() - startedAt);
  }
  line("median", `${median(samples).toFixed(2)} ms`);
  line("p99 (goal: at most 10 ms)", `${quantile(samples, 0.99).toFixed(2)} ms`);
  await remove();
}

async function idle(url: string): Promise<void> {
  heading(`Idle: four lanes wait for ${IDLE_MS / 1000} s`);
  const connection = await connect({ servers: url, noAsyncTraces: true });
  const { queue, remove } = await freshQueue(connection);
  for (const lane of LANES) queue.open(lane, () => {}, { pollIntervalMs: 100 }).demand(100);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = { cpu: process.cpuUsage(), sent: connection.stats().outMsgs };
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const { user, system } = process.cpuUsage(before.cpu);
  const sent = connection.stats().outMsgs - before.sent;
  line("of one core (goal: under 0.1 %)", `${((user + system) / 10 / IDLE_MS).toFixed(3)} %`);
  line(
    "requests to the server (goal: under 1 per second)",
    `${((sent * 1000) / IDLE_MS).toFixed(2)} per second`,
  );
  await remove();
  await connection.close();
}

async function million(connection: NatsConnection): Promise<void> {
  heading(`${whole(MILLION)} messages written and drained at the same time`);
  const { queue, remove } = await freshQueue(connection);
  const drained = drain(queue, MILLION);
  let next = 0;
  const samples: number[] = [];
  const startedAt = performance.now();
  const writer = async () => {
    while (next < MILLION) {
      const i = next++;
      if (i % (MILLION / 10) === 0) samples.push(inUse());
      await queue.enqueue(insert(i));
    }
  };
  await Promise.all([drained, ...Array.from({ length: IN_FLIGHT }, writer)]);
  samples.push(inUse());
  line("written and drained", `${whole(perSecond(MILLION, performance.now() - startedAt))} messages/s`);
  line("heap and buffers, from one tenth to the next", samples.map(mebibytes).join(", "));
  await remove();
}

interface Fresh {
  readonly queue: NatsReplayer;
  readonly streamName: string;
  readonly subject: string;
  remove(): Promise<void>;
}

async function freshQueue(connection: NatsConnection): Promise<Fresh> {
  const number = ++streams;
  const streamName = `bench-${number}`;
  const subjectPrefix = `bench${number}.replay`;
  const queue = await connectNatsReplayer({
    connection,
    streamName,
    subjectPrefix,
    maxMsgs: 4 * MILLION,
    maxBytes: 2 ** 31,
    maxInFlight: IN_FLIGHT,
  });
  return {
    queue,
    streamName,
    subject: `${subjectPrefix}.high.B`,
    async remove() {
      await queue.close();
      const api = await jetstreamManager(connection);
      const buckets = [`KV_${streamName}-state`, `KV_${streamName}-clusters`];
      for (const name of [streamName, `${streamName}-dead-letters`, ...buckets]) {
        await api.streams.delete(name);
      }
    },
  };
}

async function enqueueAll(
  queue: Awaited<ReturnType<typeof connectNatsEnqueuer>>,
  payloads: readonly ReplayPayload[],
): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let i = next++; i < payloads.length; i = next++) await queue.enqueue(payloads[i] as ReplayPayload);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

/** The library's best: its own message ids, no stack traces, bytes that are encoded beforehand. */
async function publishAll(
  connection: NatsConnection,
  subject: string,
  payloads: readonly ReplayPayload[],
): Promise<void> {
  const client = jetstream(connection);
  const bodies = payloads.map((payload) => encodePayload(payload));
  let next = 0;
  const one = async () => {
    for (let i = next++; i < bodies.length; i = next++) {
      await client.publish(subject, bodies[i], { msgID: `${payloads[i]?.id}.0` });
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
  published = performance.now() - startedAt;
}

/** How long the last `publishAll` took without encoding. */
let published = 0;

function drain(queue: NatsReplayer, count = MESSAGES): Promise<void> {
  let left = count;
  let demanded = 0;
  return new Promise((resolve) => {
    const more = () => {
      if (demanded > LIBRARY_FETCH / 2) return;
      demanded = LIBRARY_FETCH;
      source.demand(demanded);
    };
    const source = queue.open(
      "high.B",
      (message) => {
        demanded--;
        void message.ack();
        if (--left === 0) resolve(source.stop());
        else more();
      },
      { pollIntervalMs: 100 },
    );
    more();
  });
}

async function work(queue: NatsReplayer): Promise<void> {
  let left = MESSAGES;
  let done = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const worker = new ReplayWorker({
    queue,
    executor: async () => {},
    onSuccess: () => {
      if (--left === 0) done();
    },
  });
  await worker.start();
  await finished;
  await worker.stop();
}

async function consume(consumer: Consumer): Promise<void> {
  let left = MESSAGES;
  const messages = await consumer.consume({ max_messages: LIBRARY_FETCH });
  for await (const message of messages) {
    message.ack();
    if (--left === 0) break;
  }
  await messages.close();
}

async function timed(run: () => Promise<void>): Promise<number> {
  published = 0;
  const startedAt = performance.now();
  await run();
  return perSecond(MESSAGES, published || performance.now() - startedAt);
}
