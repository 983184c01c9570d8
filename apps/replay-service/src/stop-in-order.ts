import type { Clock, Logger, Startable } from "@helix/core";

/**
 * Of the grace period, for the queue to confirm what is handed back (the worker waits 5 s for it) and to
 * close.
 */
const RESERVE_MS = 6_000;
/** Nothing depends on how sessions end, nor a queue that has not given a message yet, and may still be opening. */
const UNUSED_MS = 1_000;

export interface StopInOrderOptions {
  /** For all of it. Milliseconds. */
  readonly graceMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined if it never came to run. */
  readonly worker: Pick<Startable, "stop"> | undefined;
  readonly closeQueue: () => Promise<void>;
  readonly closeSessions: () => Promise<void>;
}

/**
 * First the worker, which finishes or hands back what it has; then the queue, which sends that; then the
 * sessions. A step that fails is logged and the others are made all the same. Resolves with whether
 * everything that was in hand is settled, at the end of the grace period at the latest.
 */
export async function stopInOrder(options: StopInOrderOptions): Promise<boolean> {
  const { graceMs, clock, logger, worker, closeQueue, closeSessions } = options;
  const step = async (part: string, run: () => Promise<void>): Promise<boolean> => {
    try {
      await run();
      return true;
    } catch (error) {
      logger.error({ part, error }, "a part did not stop in order");
      return false;
    }
  };
  const handBack = async (): Promise<boolean> => {
    if (worker === undefined) return true;
    const workerGraceMs = Math.max(Math.floor(graceMs / 2), graceMs - RESERVE_MS);
    const stopped = await step("worker", () => worker.stop({ graceMs: workerGraceMs }));
    const closed = await step("queue", closeQueue);
    return stopped && closed;
  };
  const inOrder = await within(clock, graceMs, handBack());
  if (inOrder === undefined) {
    logger.error({ graceMs }, "the grace period is over; what was in hand will be delivered again");
  }
  const unused = [step("sessions", closeSessions)];
  if (worker === undefined) unused.push(step("queue", closeQueue));
  await within(clock, UNUSED_MS, Promise.all(unused));
  return inOrder ?? false;
}

/** What the promise resolves with; undefined if that takes longer. */
async function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T | undefined> {
  let cancel = () => {};
  const over = new Promise<undefined>((resolve) => {
    cancel = clock.setTimer(() => resolve(undefined), limitMs);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    cancel();
  }
}
