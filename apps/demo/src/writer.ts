import { setTimeout as sleep } from "node:timers/promises";
import type { HelixClient } from "@helix/client";
import type { Ledger } from "./ledger.ts";
import type { Tally } from "./tally.ts";
import { seededRandom, type Write, workload } from "./workload.ts";

/** Calls at once, as an application with so many requests in the air. */
const IN_FLIGHT = 64;
const SEED = 42;
const PROGRESS_EVERY_MS = 100;

export interface WriterOptions {
  readonly client: HelixClient;
  readonly tally: Tally;
  readonly ledger: Ledger;
  readonly rows: number;
  /** The pace: how long it should take. A slow machine takes longer. Milliseconds. */
  readonly durationMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { share: number; perSecond: number }) => void;
}

/** Makes all writes at an even pace. Resolves when each call has returned, well or not. */
export async function writeAll(options: WriterOptions): Promise<void> {
  const { rows, durationMs, signal, onProgress } = options;
  let total = 0;
  for (const _ of workload(rows, seededRandom(SEED))) total++;
  const startedAt = performance.now();
  const pending = new Set<Promise<void>>();
  let started = 0;
  let reportedAt = startedAt;
  let reported = 0;
  const progress = () => {
    const now = performance.now();
    if (now - reportedAt < PROGRESS_EVERY_MS) return;
    onProgress({ share: started / total, perSecond: ((started - reported) * 1000) / (now - reportedAt) });
    reportedAt = now;
    reported = started;
  };
  for (const write of workload(rows, seededRandom(SEED))) {
    const dueInMs = startedAt + (durationMs * started) / total - performance.now();
    if (dueInMs > 2) await sleep(dueInMs);
    while (pending.size >= IN_FLIGHT) await Promise.race(pending);
    if (signal.aborted) break;
    started++;
    const call = makeOne(write, options).finally(() => pending.delete(call));
    pending.add(call);
    progress();
  }
  await Promise.all(pending);
  if (!signal.aborted) onProgress({ share: 1, perSecond: 0 });
}

async function makeOne(write: Write, { client, tally, ledger }: WriterOptions): Promise<void> {
  const startedAt = performance.now();
  const [only, ...others] = write.statements;
  if (only === undefined) return;
  const { priority } = write;
  try {
    const result =
      others.length === 0
        ? await client.execute(only.query, only.params, { priority })
        : await client.batch(write.statements, { priority });
    if (result.timestampMicros === undefined) throw new Error("A write without a timestamp");
    ledger.record(write, result.timestampMicros);
    const queued = Object.values(result.writes).includes("queued");
    tally.returned(performance.now() - startedAt, queued);
  } catch (error) {
    tally.failed(error);
  }
}
