import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import { type Bench, sized } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { quantile } from "../measure/spread.ts";
import { mebibytesInUse, rate } from "../measure/timing.ts";
import { sixParameters, twoParameters } from "../payloads.ts";
import { alone } from "../report/row.ts";

const LATENCIES = 2_000;
const MILLION = 1_000_000;

/** The queue in memory, and a worker over it. */
export const memoryQueue: Bench = {
  name: "memory-queue",
  async run(run) {
    const messages = sized(run, 20_000, 100_000);
    const enqueued: number[] = [];
    const drainedRates: number[] = [];
    for (let round = 0; round < 5; round++) {
      const payloads = Array.from({ length: messages }, (_, i) => sixParameters(i));
      await using queue = new MemoryReplayer({ queueCapacity: messages });
      enqueued.push(
        await rate(messages, async () => {
          for (const payload of payloads) await queue.enqueue(payload);
        }),
      );
      drainedRates.push((await drained(queue, messages)).perSecond);
    }
    const lags = [await idleLag(), await idleLag(), await idleLag()];
    const share = (q: number) => alone(lags.map((lag) => quantile(lag, q)));
    const lag = `from enqueue to the start of the execution, worker waiting, ${LATENCIES} messages one at a time`;
    return {
      rows: [
        {
          id: "memory.enqueue",
          what: `${messages} six-parameter inserts, encoding included`,
          unit: "messages/s",
          samples: alone(enqueued),
        },
        {
          id: "memory.drain",
          what: "a worker's drain of them, decoding included",
          unit: "messages/s",
          goal: { atLeast: 100_000 },
          samples: alone(drainedRates),
        },
        { id: "memory.lag.p50", what: `${lag}, p50`, unit: "ms", samples: share(0.5) },
        {
          id: "memory.lag.p99",
          what: `${lag}, p99`,
          unit: "ms",
          goal: { atMost: 0.1 },
          samples: share(0.99),
        },
        { id: "memory.lag.max", what: `${lag}, maximum`, unit: "ms", samples: share(1) },
        ...(await bound()),
        ...(await throughput()),
      ],
    };
  },
};

async function idleLag(): Promise<number[]> {
  await using queue = new MemoryReplayer();
  const samples: number[] = [];
  let enqueuedAt = 0;
  let started = () => {};
  await using worker = new ReplayWorker({
    queue,
    executor: async () => {
      samples.push(performance.now() - enqueuedAt);
      started();
    },
  });
  await worker.start();
  for (let i = 0; i < LATENCIES; i++) {
    const execution = Promise.withResolvers<void>();
    started = execution.resolve;
    const payload = twoParameters(i);
    enqueuedAt = performance.now();
    await queue.enqueue(payload);
    await execution.promise;
    // The worker is waiting again only after the turn in which the message was settled.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return samples;
}

/** What its bound in bytes counts, against what the process takes for it. */
async function bound() {
  const before = mebibytesInUse();
  await using queue = new MemoryReplayer({ queueCapacity: MILLION, maxBytes: 256 * 2 ** 20 });
  for (let i = 0; i < MILLION; i++) await queue.enqueue(twoParameters(i));
  const grown = mebibytesInUse() - before;
  return [
    {
      id: "memory.size",
      what: `heap and buffers of ${queue.length} queued two-parameter inserts`,
      against: "what `maxBytes` counts of them",
      unit: "MiB",
      samples: [{ ours: grown, theirs: queue.byteLength / 2 ** 20 }],
    },
  ];
}

/** A million through a queue of 10,000: what is in use of memory may not grow with what has been done. */
async function throughput() {
  await using queue = new MemoryReplayer({ queueCapacity: 10_000 });
  const inUse: number[] = [];
  let done = 0;
  const finished = drained(queue, MILLION, {
    executor: async () => {
      if (done++ % (MILLION / 10) === 0) inUse.push(mebibytesInUse());
    },
  });
  for (let i = 0; i < MILLION; i++) {
    await queue.enqueue(sixParameters(i));
    if (queue.length > 5000) await new Promise((resolve) => setImmediate(resolve));
  }
  const [first = Number.NaN] = inUse.slice(1);
  return [
    {
      id: "memory.million",
      what: "1,000,000 enqueued and drained at the same time",
      unit: "messages/s",
      samples: alone([(await finished).perSecond]),
    },
    {
      id: "memory.million.memory",
      what: "heap and buffers in use, in each tenth of that million",
      against: "in the second tenth",
      unit: "MiB",
      goal: { atMost: 1.2 },
      samples: inUse.slice(2).map((ours) => ({ ours, theirs: first })),
    },
  ];
}
