import type { ReplayQueue } from "@helix/core";
import { ReplayWorker, type ReplayWorkerOptions } from "@helix/worker";
import { type Cost, cost } from "./timing.ts";

/** What it costs a worker to drain so many messages of the queue: from its start until the queue knows the end of the last one. */
export async function drained(
  queue: ReplayQueue,
  messages: number,
  options: Partial<ReplayWorkerOptions> = {},
): Promise<Cost> {
  let left = messages;
  const finished = Promise.withResolvers<void>();
  const worker = new ReplayWorker({
    queue,
    executor: async () => {},
    ...options,
    onSuccess: () => {
      if (--left === 0) finished.resolve();
    },
    onDrop: ({ cause }) => finished.reject(new Error(`A message became a dead letter: ${cause}`)),
  });
  try {
    return await cost(messages, async () => {
      await worker.start();
      await finished.promise;
    });
  } finally {
    await worker.stop();
  }
}
