import { MemoryReplayer } from "@helix/replayer-memory";
import fastq from "fastq";
import PQueue from "p-queue";
import { type Bench, sized } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { ExactTimer } from "../measure/exact-timer.ts";
import { interleaved } from "../measure/interleaved.ts";
import { inFlight, rate } from "../measure/timing.ts";
import { sixParameters } from "../payloads.ts";
import { pairs, type Row } from "../report/row.ts";
import { DecodedQueue } from "./decoded-queue.ts";

const CONCURRENCY = 128;
const EXECUTION_MS = 2;

/** The worker against what people take for running jobs at a limited concurrency, and against time itself. */
export const worker: Bench = {
  name: "worker",
  short: true,
  async run(run) {
    return {
      rows: [
        ...(await peers(sized(run, 50_000, 100_000), sized(run, 3, 5))),
        // Of a machine that does other things the slots cannot come to what they could.
        ...(await timed(sized(run, 10_000, 50_000), sized(run, 3, 5))).slice(run.isShort ? 1 : 0),
      ],
    };
  },
};

async function peers(jobs: number, rounds: number): Promise<Row[]> {
  const options = { concurrency: CONCURRENCY, batchSize: 1000 };
  const rates = await interleaved(rounds, {
    worker: async () => (await drained(new DecodedQueue(jobs), jobs, options)).perSecond,
    memory: async () => {
      await using queue = await filled(jobs);
      return (await drained(queue, jobs, options)).perSecond;
    },
    pQueue: () => ofPQueue(jobs),
    fastq: () => ofFastq(jobs),
  });
  const what = (which: string) => `${which}, ${jobs} jobs that do nothing, ${CONCURRENCY} at once`;
  const alone = what("worker over payloads that are decoded already");
  const both = what("worker over the memory queue, decoding included");
  const unit = "jobs/s";
  return [
    {
      id: "worker.p-queue",
      what: alone,
      against: "p-queue",
      unit,
      goal: { atLeast: 3 },
      samples: pairs(rates.worker, rates.pQueue),
    },
    {
      id: "worker.fastq",
      what: alone,
      against: "fastq",
      unit,
      goal: { atLeast: 1 },
      samples: pairs(rates.worker, rates.fastq),
    },
    {
      id: "memory.p-queue",
      what: both,
      against: "p-queue",
      unit,
      samples: pairs(rates.memory, rates.pQueue),
    },
    { id: "memory.fastq", what: both, against: "fastq", unit, samples: pairs(rates.memory, rates.fastq) },
  ];
}

async function timed(messages: number, rounds: number): Promise<Row[]> {
  const possible = (CONCURRENCY * 1000) / EXECUTION_MS;
  const timer = new ExactTimer(EXECUTION_MS);
  const rates = await interleaved(rounds, {
    worker: async () => {
      await using queue = await filled(messages);
      const { perSecond } = await drained(queue, messages, {
        concurrency: CONCURRENCY,
        batchSize: 1000,
        executor: () => timer.wait(),
      });
      return perSecond;
    },
    loops: () => rate(messages, () => inFlight(messages, CONCURRENCY, () => timer.wait())),
  });
  const what = `executions of ${EXECUTION_MS} ms, ${CONCURRENCY} at once, ${messages} messages of the memory queue`;
  const unit = "messages/s";
  return [
    {
      id: "worker.timed",
      what,
      against: `${possible} a second, which is what ${CONCURRENCY} slots come to`,
      unit,
      goal: { atLeast: 0.95 },
      samples: rates.worker.map((ours) => ({ ours, theirs: possible })),
    },
    {
      id: "worker.timed.loops",
      what,
      against: "as many loops that wait, and nothing else",
      unit,
      samples: pairs(rates.worker, rates.loops),
    },
  ];
}

async function filled(messages: number): Promise<MemoryReplayer> {
  const queue = new MemoryReplayer({ queueCapacity: messages });
  for (let i = 0; i < messages; i++) await queue.enqueue(sixParameters(i));
  return queue;
}

async function ofPQueue(jobs: number): Promise<number> {
  const queue = new PQueue({ concurrency: CONCURRENCY });
  let done = 0;
  const result = await rate(jobs, async () => {
    for (let i = 0; i < jobs; i++) {
      void queue.add(async () => {
        done++;
      });
    }
    await queue.onIdle();
  });
  if (done !== jobs) throw new Error(`p-queue has run ${done} of ${jobs}`);
  return result;
}

async function ofFastq(jobs: number): Promise<number> {
  let done = 0;
  const queue = fastq.promise(async () => {
    done++;
  }, CONCURRENCY);
  const result = await rate(jobs, async () => {
    for (let i = 0; i < jobs; i++) void queue.push(i);
    await queue.drained();
  });
  if (done !== jobs) throw new Error(`fastq has run ${done} of ${jobs}`);
  return result;
}
