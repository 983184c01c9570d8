import { setTimeout as sleep } from "node:timers/promises";
import type { HelixClient, Result } from "@helix/client";
import { CLUSTERS, type ClusterId, isHelixError } from "@helix/core";
import { seededRandom } from "@helix/testkit";
import { type Write, workload } from "./workload.ts";

/** Calls at once, as an application with so many requests in the air. */
const IN_FLIGHT = 64;
const SEED = 42;

/** The demo's writes, in the order in which they are made: the same in every run and every process. */
export function writesOf(rows: number): Generator<Write> {
  return workload(rows, seededRandom(SEED));
}

export function countWrites(rows: number): number {
  let total = 0;
  for (const _ of writesOf(rows)) total++;
  return total;
}

export interface PaceOptions {
  /** From one call to the next. A slow machine takes longer. Milliseconds. */
  readonly intervalMs: number;
  /** Begins no more. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes a call for each of `writes` at an even pace; `call` never rejects. Resolves when each has returned. */
export async function makeCalls<T>(
  writes: Iterable<T>,
  call: (write: T) => Promise<void>,
  { intervalMs, signal }: PaceOptions,
): Promise<void> {
  const startedAt = performance.now();
  const pending = new Set<Promise<void>>();
  let started = 0;
  for (const write of writes) {
    const dueInMs = startedAt + intervalMs * started - performance.now();
    if (dueInMs > 2) await sleep(dueInMs);
    while (pending.size >= IN_FLIGHT) await Promise.race(pending);
    if (signal?.aborted) break;
    started++;
    const one = call(write).finally(() => pending.delete(one));
    pending.add(one);
  }
  await Promise.all(pending);
}

/** As an application makes a write: a statement, or a batch of several. Rejects as the client does. */
export function send(
  client: HelixClient,
  { statements, priority }: Write,
  timestampMicros?: bigint,
): Promise<Result> {
  const [only, ...others] = statements;
  const options = { priority, timestampMicros };
  return only !== undefined && others.length === 0
    ? client.execute(only.query, only.params, options)
    : client.batch(statements, options);
}

export interface QueuedMessage {
  readonly cluster: ClusterId;
  readonly replayId: string;
}

/** What is queued of a write whose call failed since neither cluster had confirmed it: it will be applied. Undefined for any other error. */
export function pendingOf(error: unknown) {
  if (!isHelixError(error, "HELIX_OUTCOME_PENDING")) return undefined;
  const { clusters, timestampMicros } = error;
  const queued = CLUSTERS.flatMap((cluster): QueuedMessage[] => {
    const replayId = clusters[cluster]?.replayId;
    return replayId === undefined ? [] : [{ cluster, replayId }];
  });
  return { queued, timestampMicros };
}
