import type { ReplayExecutor, ReplayPayload, ReplayQueue } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type ReplayFailure, ReplayWorker, type ReplayWorkerOptions } from "@helix/worker";
import { onTestFinished } from "vitest";

export const until = (what: string, condition: () => boolean | Promise<boolean>) =>
  waitFor(condition, { timeoutMs: 15_000, describe: what });

export interface Work extends Partial<Omit<ReplayWorkerOptions, "queue" | "executor">> {
  readonly execute?: (payload: ReplayPayload, options: { signal: AbortSignal }) => Promise<void>;
  readonly executor?: Omit<ReplayExecutor, "execute">;
}

/** A worker without jitter, and what it did. Unless told otherwise everything is applied at once. */
export async function work(
  queue: ReplayQueue,
  { execute = async () => {}, executor, ...options }: Work = {},
) {
  const starts: { id: string; atMs: number; signal: AbortSignal }[] = [];
  const failures: ReplayFailure[] = [];
  const running = { now: 0, most: 0 };
  const applied: string[] = [];
  const run: ReplayExecutor["execute"] = async (payload, { signal }) => {
    starts.push({ id: payload.id, atMs: performance.now(), signal });
    running.now++;
    running.most = Math.max(running.most, running.now);
    try {
      await execute(payload, { signal });
    } finally {
      running.now--;
    }
  };
  const worker = new ReplayWorker({
    queue,
    executor: executor === undefined ? run : { ...executor, execute: run },
    random: () => 0.999,
    onError: (failure) => failures.push(failure),
    ...options,
  });
  worker.on("replay:applied", ({ payload }) => applied.push(payload.id));
  onTestFinished(() => worker.stop({ graceMs: 0 }));
  await worker.start();
  const put = async (...payloads: ReplayPayload[]) => {
    for (const one of payloads) await queue.enqueue(one);
  };
  return { worker, starts, failures, running, applied, put };
}
