import { MemoryReplayer } from "@helix/replayer-memory";
import fastq from "fastq";
import PQueue from "p-queue";
import { type Bench, type Run, sized } from "../bench.ts";
import { drained } from "../measure/drained.ts";
import { ExactTimer } from "../measure/exact-timer.ts";
import { interleaved } from "../measure/interleaved.ts";
import { type Cost, cost, inFlight, rate } from "../measure/timing.ts";
import { sixParameters } from "../payloads.ts";
import { pairs, type Row } from "../report/row.ts";
import { DecodedQueue } from "./decoded-queue.ts";

const CONCURRENCY = 128;
const EXECUTION_MS = 2;
const TIMED = 50_000;
const ROUNDS = 5;

/** The worker against what people take for running jobs at a limited concurrency, and against time itself. */
export const worker: Bench = {
  name: "worker",
  short: true,
  async run(run) {
    return {
      rows: [
        ...(await peers(run)).filter(({ id }) => !run.isShort || id === "worker.p-queue"),
        // Of a machine that does other things the slots cannot come to what they could.
        ...(run.isShort ? [] : await timed()),
      ],
    };
  },
};

async function peers(run: Run): Promise<Row[]> {
  const jobs = sized(run, 50_000, 100_000);
  const options = { concurrency: CONCURRENCY, batchSize: 1000 };
  // By the processor's time: none of them waits for anything, and so what else the machine does counts less.
  const perSecond = ({ processorMicros }: Cost) => 1e6 / processorMicros;
  const rates = await interleaved(sized(run, 3, ROUNDS), {
    worker: async () => perSecond(await drained(new DecodedQueue(jobs), jobs, options)),
    memory: async () => {
      await using queue = await filled(jobs);
      return perSecond(await drained(queue, jobs, options));
    },
    "p-queue": async () => perSecond(await ofPQueue(jobs)),
    fastq: async () => perSecond(await ofFastq(jobs)),
  });
  const rows = (id: string, what: string, ours: readonly number[]): Row[] =>
    (["p-queue", "fastq"] as const).map((peer) => ({
      id: `${id}.${peer}`,
      what: `${what}, ${jobs} jobs that do nothing, ${CONCURRENCY} at once`,
      against: peer,
      unit: "jobs/s of processor",
      goal: { atLeast: peer === "fastq" ? 1 : 3 },
      outOfReach: "A peer hands on jobs, and neither judges failures nor chooses between lanes",
      samples: pairs(ours, rates[peer]),
    }));
  return [
    ...rows("worker", "a worker over payloads that are decoded already", rates.worker),
    ...rows("memory", "a worker's drain of the memory queue, decoding included", rates.memory),
  ];
}

async function timed(): Promise<Row[]> {
  const possible = (CONCURRENCY * 1000) / EXECUTION_MS;
  const timer = new ExactTimer(EXECUTION_MS);
  const rates = await interleaved(ROUNDS, {
    worker: async () => {
      await using queue = await filled(TIMED);
      const { perSecond } = await drained(queue, TIMED, {
        concurrency: CONCURRENCY,
        batchSize: 1000,
        executor: () => timer.wait(),
      });
      return perSecond;
    },
    loops: () => rate(TIMED, () => inFlight(TIMED, CONCURRENCY, () => timer.wait())),
  });
  const what = `executions of ${EXECUTION_MS} ms, ${CONCURRENCY} at once, ${TIMED} messages of the memory queue`;
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
      goal: { atLeast: 0.95 },
      samples: pairs(rates.worker, rates.loops),
    },
  ];
}

async function filled(messages: number): Promise<MemoryReplayer> {
  const queue = new MemoryReplayer({ queueCapacity: messages });
  for (let i = 0; i < messages; i++) await queue.enqueue(sixParameters(i));
  return queue;
}

async function ofPQueue(jobs: number): Promise<Cost> {
  const queue = new PQueue({ concurrency: CONCURRENCY });
  let done = 0;
  const result = await cost(jobs, async () => {
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

async function ofFastq(jobs: number): Promise<Cost> {
  let done = 0;
  const queue = fastq.promise(async () => {
    done++;
  }, CONCURRENCY);
  const result = await cost(jobs, async () => {
    for (let i = 0; i < jobs; i++) void queue.push(i);
    await queue.drained();
  });
  if (done !== jobs) throw new Error(`fastq has run ${done} of ${jobs}`);
  return result;
}
