import type { ReplayQueue } from "@helix/core";
import { ReplayWorker, type ReplayWorkerOptions } from "@helix/worker";
import { type Cost, cost } from "./timing.ts";

/** Drains so many messages of the queue, again and again, by one worker that is stopped in between. */
export type Drain = (messages: number) => Promise<Cost>;

/** What a drain costs: from the worker's start until the queue knows the end of the last message. */
export function drainOf(queue: ReplayQueue, options: Partial<ReplayWorkerOptions> = {}): Drain {
  let left = 0;
  let finished = Promise.withResolvers<void>();
  const worker = new ReplayWorker({
    queue,
    executor: async () => {},
    ...options,
    onSuccess: () => {
      if (--left === 0) finished.resolve();
    },
    onDrop: ({ cause }) => finished.reject(new Error(`A message became a dead letter: ${cause}`)),
  });
  return async (messages) => {
    left = messages;
    finished = Promise.withResolvers();
    try {
      return await cost(messages, async () => {
        await worker.start();
        await finished.promise;
      });
    } finally {
      await worker.stop();
    }
  };
}

/** The same once, by a worker of its own. */
export function drained(
  queue: ReplayQueue,
  messages: number,
  options: Partial<ReplayWorkerOptions> = {},
): Promise<Cost> {
  return drainOf(queue, options)(messages);
}
