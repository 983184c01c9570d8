import type { ReplayExecutor, Startable } from "@helix/core";
import type { ReplayWorkerOptions } from "./options.ts";
import { ReplayWorker } from "./replay-worker.ts";

/** What replays with its own sessions, and lives as long as they do: a `HelixClient`. */
export interface ReplayHost {
  replayExecutor(): ReplayExecutor;
  attachWorker(worker: Startable): Promise<void>;
}

/**
 * Lets a client replay what it has queued, in its own process: makes a worker that executes on the client's sessions, and
 * attaches it. `connect` starts it, or it starts now if the client is connected; `close` stops it.
 *
 * Resolves with the worker: when it runs, or at once before `connect`. Rejects with TypeError or RangeError for an option,
 * with HELIX_CLIENT_CLOSED, or with what the worker failed to start with.
 */
export async function replay(
  client: ReplayHost,
  options: Omit<ReplayWorkerOptions, "executor">,
): Promise<ReplayWorker> {
  const worker = new ReplayWorker({ ...options, executor: client.replayExecutor() });
  await client.attachWorker(worker);
  return worker;
}
