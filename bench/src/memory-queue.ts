import { once } from "node:events";
import { createPayload, type ReplayPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { ReplayWorker } from "@helix/worker";
import { sixParameters } from "./codec.ts";
import { heading, inUse, line, mebibytes, median, perSecond, quantile, whole } from "./figures.ts";

const MESSAGES = 200_000;
const ROUNDS = 5;
const LATENCIES = 2_000;
const MILLION = 1_000_000;

function small(i: number): ReplayPayload {
  return createPayload({
    targetCluster: "B",
    timestampMicros: 1_764_000_000_000_000n + BigInt(i),
    operation: {
      kind: "statement",
      query: "INSERT INTO ks.users (id, name) VALUES (?, ?)",
      params: [i, "Alice"],
    },
  });
}

export async function benchMemoryQueue(): Promise<void> {
  const payloads = Array.from({ length: MESSAGES }, (_, i) => sixParameters(i));
  await drain(payloads);
  await latency();
  await million();
}

async function drain(payloads: readonly ReplayPayload[]): Promise<void> {
  heading(
    `Memory queue, worker and an execution that does nothing: ${whole(payloads.length)} messages, median of ${ROUNDS}`,
  );
  const enqueueRates: number[] = [];
  const drainRates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const queue = new MemoryReplayer({ queueCapacity: payloads.length });
    const enqueuedAt = performance.now();
    for (const payload of payloads) await queue.enqueue(payload);
    enqueueRates.push(perSecond(payloads.length, performance.now() - enqueuedAt));
    let left = payloads.length;
    const done = new EventTarget();
    const worker = new ReplayWorker({
      queue,
      executor: async () => {},
      onSuccess: () => {
        if (--left === 0) done.dispatchEvent(new Event("done"));
      },
    });
    const finished = once(done, "done");
    const startedAt = performance.now();
    await worker.start();
    await finished;
    drainRates.push(perSecond(payloads.length, performance.now() - startedAt));
    await worker.stop();
    await queue.close();
  }
  line("enqueue, encoding included", `${whole(median(enqueueRates))} messages/s`);
  line("drain, decoding included (goal: 100,000)", `${whole(median(drainRates))} messages/s`);
}

async function latency(): Promise<void> {
  heading(
    `From enqueue to the start of the execution, worker waiting: ${whole(LATENCIES)} messages, one at a time`,
  );
  const queue = new MemoryReplayer();
  const samples: number[] = [];
  let enqueuedAt = 0;
  let started = () => {};
  const worker = new ReplayWorker({
    queue,
    executor: async () => {
      samples.push(performance.now() - enqueuedAt);
      started();
    },
  });
  await worker.start();
  for (let i = 0; i < LATENCIES; i++) {
    const execution = new Promise<void>((resolve) => {
      started = resolve;
    });
    const payload = small(i);
    enqueuedAt = performance.now();
    await queue.enqueue(payload);
    await execution;
    // The worker is waiting again only after the turn in which the message was settled.
    await new Promise((resolve) => setImmediate(resolve));
  }
  await worker.stop();
  await queue.close();
  line("median (goal: under 1 ms)", `${median(samples).toFixed(3)} ms`);
  line("p99", `${quantile(samples, 0.99).toFixed(3)} ms`);
}

async function million(): Promise<void> {
  const maxBytes = 256 * 2 ** 20;
  heading(`${whole(MILLION)} queued one-statement payloads, \`maxBytes\` ${mebibytes(maxBytes)}`);
  const before = inUse();
  const queue = new MemoryReplayer({ queueCapacity: MILLION, maxBytes });
  for (let i = 0; i < MILLION; i++) await queue.enqueue(small(i));
  const grown = inUse() - before;
  line("accepted (goal: all)", whole(queue.length));
  line("encoded, which is what the bound counts", mebibytes(queue.byteLength));
  line("heap and buffers have grown by", mebibytes(grown));
  await queue.close();
}
