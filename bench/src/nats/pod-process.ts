import type { ReplayQueue } from "@helix/core";
import { connectNatsReplayer, type NatsReplayer } from "@helix/replayer-nats";
import { ReplayWorker } from "@helix/worker";
import { answering } from "../measure/child.ts";
import type { BenchStream } from "./stream.ts";

/** What a pod is told, in this order; the last two as often as one likes. */
export type PodQuestion =
  | { readonly connect: string; readonly options: BenchStream["options"] }
  /** Answered when the worker runs. */
  | "start"
  /** Answered with a `PodReport` of what was executed since the start. */
  | "stop";

export interface PodReport {
  readonly executed: number;
  /** When the first execution was, and when the last; milliseconds since 1970. */
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  /** Since the start, all threads. Microseconds. */
  readonly processorMicros: number;
  /** Resident memory in MiB: when it waited, and the most of it since. */
  readonly idleMiB: number;
  readonly mostMiB: number;
}

const SAMPLE_EVERY = 1_000;

let queue: NatsReplayer | undefined;
let stop: () => Promise<PodReport>;

answering(async (question: PodQuestion) => {
  if (question === "stop") return await stop();
  if (question === "start") {
    if (queue === undefined) throw new Error("The pod is not connected");
    stop = await start(queue);
    return;
  }
  queue = await connectNatsReplayer({ connect: { servers: question.connect }, ...question.options });
});

async function start(from: ReplayQueue): Promise<typeof stop> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const idleMiB = residentMiB();
  let [executed, firstAtMs, lastAtMs, mostMiB] = [0, 0, 0, idleMiB];
  const worker = new ReplayWorker({
    queue: from,
    executor: async () => {
      lastAtMs = Date.now();
      if (executed === 0) firstAtMs = lastAtMs;
      if (executed++ % SAMPLE_EVERY === 0) mostMiB = Math.max(mostMiB, residentMiB());
    },
  });
  await worker.start();
  return async () => {
    await worker.stop();
    const { user, system } = process.cpuUsage(before);
    return { executed, firstAtMs, lastAtMs, processorMicros: user + system, idleMiB, mostMiB };
  };
}

function residentMiB(): number {
  return process.memoryUsage.rss() / 2 ** 20;
}
