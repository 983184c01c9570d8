import { setTimeout as after } from "node:timers/promises";
import {
  createPayload,
  LANES,
  type Lane,
  type LaneSource,
  type ReplayMessage,
  type ReplayQueue,
} from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import PQueue from "p-queue";
import { sixParameters } from "./codec.ts";
import { heading, inUse, line, mebibytes, median, perSecond, whole } from "./figures.ts";

const JOBS = 200_000;
const ROUNDS = 5;
const CONCURRENCY = 128;
const EXECUTION_MS = 2;
const TIMED_JOBS = 100_000;
const MILLION = 1_000_000;
const IDLE_MS = 10_000;

export async function benchWorker(): Promise<void> {
  await against();
  await timed();
  await million();
  await idle();
}

/** A queue of payloads that are decoded already: what the worker and its scheduler cost, and nothing else. */
class DecodedQueue implements ReplayQueue {
  readonly traits = { maxDemand: 10_000 };
  readonly deadLetters = new MemoryReplayer().deadLetters;
  readonly #payload = createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.users (id) VALUES (?)", params: [1] },
    timestampMicros: 0,
  });
  #left: number;

  constructor(messages: number) {
    this.#left = messages;
  }

  open(lane: Lane, onMessage: (message: ReplayMessage) => void): LaneSource {
    let demanded = 0;
    let isDue = false;
    const deliver = () => {
      isDue = false;
      for (; demanded > 0 && this.#left > 0; demanded--, this.#left--) onMessage(this.#message(lane));
    };
    return {
      demand: (messages) => {
        demanded = lane === "high.B" ? messages : 0;
        if (isDue || demanded === 0) return;
        isDue = true;
        queueMicrotask(deliver);
      },
      stop: async () => {
        demanded = 0;
      },
    };
  }

  #message(lane: Lane): ReplayMessage {
    return {
      lane,
      content: { ok: true, payload: this.#payload },
      attempts: 0,
      ack: async () => {},
      release: async () => {},
      extend() {},
      forget() {},
      deadLetter: async () => {},
    };
  }

  async enqueue(): Promise<void> {}

  async depths() {
    return LANES.map((lane) => ({ lane, pending: 0, inFlight: 0, delayed: 0, stuck: 0 }));
  }

  async close(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function against(): Promise<void> {
  heading(
    `Worker and p-queue: ${whole(JOBS)} jobs that do nothing, ${CONCURRENCY} at once, ${ROUNDS} rounds in turn`,
  );
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await rateOfWorker(new DecodedQueue(JOBS), JOBS, async () => {}));
    theirs.push(await rateOfPQueue());
  }
  line("worker, payloads decoded beforehand", `${whole(median(ours))} jobs/s`);
  line("p-queue", `${whole(median(theirs))} jobs/s`);
  const ratio = median(ours.map((rate, at) => rate / (theirs[at] ?? Number.NaN)));
  line("worker by p-queue (goal: at least 1)", ratio.toFixed(2));
}

/** Waits by the clock, to some microseconds: Node's own timers count whole milliseconds, and fire together. */
class ExactTimer {
  readonly #durationMs: number;
  readonly #waiting: { readonly dueAtMs: number; readonly resolve: () => void }[] = [];

  constructor(durationMs: number) {
    this.#durationMs = durationMs;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => {
      // All take equally long, so they become due in the order in which they began.
      this.#waiting.push({ dueAtMs: performance.now() + this.#durationMs, resolve });
      if (this.#waiting.length === 1) setImmediate(this.#poll);
    });
  }

  readonly #poll = (): void => {
    const nowMs = performance.now();
    let due = 0;
    for (const { dueAtMs, resolve } of this.#waiting) {
      if (dueAtMs > nowMs) break;
      due++;
      resolve();
    }
    if (due > 0) this.#waiting.splice(0, due);
    if (this.#waiting.length > 0) setImmediate(this.#poll);
  };
}

async function timed(): Promise<void> {
  const theoretical = (CONCURRENCY * 1000) / EXECUTION_MS;
  heading(
    `Executions of ${EXECUTION_MS} ms, ${CONCURRENCY} at once: ${whole(TIMED_JOBS)} messages of the memory queue, ${ROUNDS} rounds`,
  );
  const timer = new ExactTimer(EXECUTION_MS);
  const rates: number[] = [];
  const loops: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rates.push(await rateOfWorker(await filled(TIMED_JOBS), TIMED_JOBS, () => timer.wait()));
    loops.push(await rateOfLoops(() => timer.wait()));
  }
  // Apart, since it takes time as well.
  let busyMs = 0;
  const watched = await rateOfWorker(await filled(TIMED_JOBS), TIMED_JOBS, async () => {
    const begunAt = performance.now();
    await timer.wait();
    busyMs += performance.now() - begunAt;
  });
  line("worker", `${whole(median(rates))} messages/s`);
  line("as many loops that wait, and nothing else", `${whole(median(loops))} per second`);
  line(`of ${whole(theoretical)} per second (goal: at least 0.9)`, (median(rates) / theoretical).toFixed(2));
  line("slots in use, on average", (busyMs / ((TIMED_JOBS * 1000) / watched)).toFixed(1));
}

async function filled(messages: number): Promise<MemoryReplayer> {
  const queue = new MemoryReplayer({ queueCapacity: messages });
  for (let i = 0; i < messages; i++) await queue.enqueue(sixParameters(i));
  return queue;
}

async function rateOfLoops(wait: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  const one = async () => {
    for (let n = 0; n < TIMED_JOBS / CONCURRENCY; n++) await wait();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
  return perSecond(TIMED_JOBS, performance.now() - startedAt);
}

async function million(): Promise<void> {
  heading(`${whole(MILLION)} messages enqueued and drained at the same time`);
  const queue = new MemoryReplayer({ queueCapacity: 10_000 });
  const samples: number[] = [];
  let done = 0;
  const worker = new ReplayWorker({
    queue,
    executor: async () => {
      if (done++ % (MILLION / 10) === 0) samples.push(inUse());
    },
  });
  await worker.start();
  for (let i = 0; i < MILLION; i++) {
    await queue.enqueue(sixParameters(i));
    if (queue.length > 5000) await new Promise((resolve) => setImmediate(resolve));
  }
  while (queue.length > 0) await after(1);
  await worker.stop();
  line("heap and buffers, from one tenth to the next", samples.map(mebibytes).join(", "));
}

async function idle(): Promise<void> {
  heading(`Idle for ${IDLE_MS / 1000} s`);
  const worker = new ReplayWorker({ queue: new MemoryReplayer(), executor: async () => {} });
  await worker.start();
  const before = process.cpuUsage();
  await after(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  line("of one core", `${((user + system) / 10 / IDLE_MS).toFixed(3)} %`);
  await worker.stop();
}

async function rateOfWorker(
  queue: ReplayQueue,
  jobs: number,
  executor: () => Promise<void>,
): Promise<number> {
  let left = jobs;
  let done = () => {};
  const finished = new Promise<void>((resolve) => {
    done = resolve;
  });
  const worker = new ReplayWorker({
    queue,
    concurrency: CONCURRENCY,
    batchSize: 1000,
    executor,
    onSuccess: () => {
      if (--left === 0) done();
    },
  });
  const startedAt = performance.now();
  await worker.start();
  await finished;
  const rate = perSecond(jobs, performance.now() - startedAt);
  await worker.stop();
  return rate;
}

async function rateOfPQueue(): Promise<number> {
  const queue = new PQueue({ concurrency: CONCURRENCY });
  let left = JOBS;
  const startedAt = performance.now();
  for (let i = 0; i < JOBS; i++) {
    void queue.add(async () => {
      left--;
    });
  }
  await queue.onIdle();
  if (left !== 0) throw new Error(`${left} jobs were not run`);
  return perSecond(JOBS, performance.now() - startedAt);
}
