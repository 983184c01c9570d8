import { HelixClient } from "@helix/client";
import { MemoryReplayer } from "@helix/replayer-memory";
import { waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { announceClient, announceWorker } from "./announce.ts";
import { Ledger } from "./ledger.ts";
import { type Backlog, ProgressMeter, progressLine } from "./progress.ts";
import {
  compareClusters,
  DRAIN_TIMEOUT_MS,
  durationMs,
  keepRunning,
  OUTAGE_BEGINS_AT,
  playOutage,
  type Stage,
} from "./stage.ts";
import { Tally } from "./tally.ts";
import { callFigures, comparisonFigures, pronounce, replayFigures } from "./verdict.ts";
import type { Write } from "./workload.ts";
import { countWrites, makeCalls, pendingOf, send, writesOf } from "./writer.ts";

/** Pattern 1: client, memory queue and worker in this process. Resolves with whether the promises held. */
export async function playMemory(stage: Stage): Promise<boolean> {
  const tally = new Tally();
  const ledger = new Ledger();
  await writeThroughOutage(stage, tally, ledger);
  const comparison = await compareClusters(stage, ledger);
  const figures = [...callFigures(tally), ...replayFigures(tally), ...comparisonFigures(comparison)];
  const isGood = pronounce(stage.screen, figures, tally, comparison);
  await keepRunning(stage);
  return isGood;
}

/** The application as a user would write it, and an outage in the middle of it. */
async function writeThroughOutage(stage: Stage, tally: Tally, ledger: Ledger): Promise<void> {
  const { options, pair, outage, screen, signal } = stage;
  const { A, B } = { A: pair.A, B: outage.address };
  const replayer = new MemoryReplayer({ queueCapacity: Math.max(10_000, options.rows * 3) });
  await using client = new HelixClient({
    clusters: {
      A: { contactPoints: [A.contactPoint], localDataCenter: A.localDataCenter },
      B: { contactPoints: [B.contactPoint], localDataCenter: B.localDataCenter },
    },
    replayer,
  });
  const worker = new ReplayWorker({
    queue: replayer,
    executor: client.replayExecutor(),
    onSuccess: ({ payload }) => tally.applied(Date.now() - payload.writtenAtMs),
    onDrop: () => void tally.deadLettered++,
  });
  announceClient(client, (text) => screen.say(text));
  announceWorker(worker, (text) => screen.say(text));
  await client.attachWorker(worker);
  await client.connect({ waitFor: "all", signal });

  let over: Promise<unknown> | undefined;
  const problem = new AbortController();
  const both = AbortSignal.any([signal, problem.signal]);
  const total = countWrites(options.rows);
  const meter = new ProgressMeter(total);
  let started = 0;
  const call = async (write: Write) => {
    started++;
    const progress = meter.update(started);
    if (progress !== undefined) screen.status(progressLine(progress, tally, await backlogOf(replayer)));
    if (started >= total * OUTAGE_BEGINS_AT) {
      over ??= playOutage(stage, both).catch((error) => problem.abort(error));
    }
    await makeOne(client, write, tally, ledger);
  };
  await makeCalls(writesOf(options.rows), call, { intervalMs: durationMs(options) / total, signal: both });
  await over;
  both.throwIfAborted();
  await drain(stage, tally, replayer);
}

async function makeOne(client: HelixClient, write: Write, tally: Tally, ledger: Ledger): Promise<void> {
  const startedAt = performance.now();
  try {
    const { timestampMicros, writes } = await send(client, write);
    if (timestampMicros === undefined) throw new Error("A write without a timestamp");
    ledger.record(write, timestampMicros);
    tally.returned(performance.now() - startedAt, Object.values(writes).includes("queued"));
  } catch (error) {
    const pending = pendingOf(error);
    if (pending !== undefined) ledger.record(write, pending.timestampMicros);
    tally.failed(error, pending?.queued.length);
  }
}

async function backlogOf(replayer: MemoryReplayer): Promise<Backlog> {
  const depths = await replayer.depths();
  return { oldestMs: Math.max(...depths.map(({ oldestAgeMs = 0 }) => oldestAgeMs)) };
}

async function drain({ screen, signal }: Stage, tally: Tally, replayer: MemoryReplayer): Promise<void> {
  const drained = async () => {
    screen.status(progressLine({ share: 1, perSecond: 0 }, tally, await backlogOf(replayer)));
    return tally.replayed + tally.deadLettered >= tally.queued && replayer.length === 0;
  };
  const options = { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 50, describe: "the queue is empty", signal };
  await waitFor(drained, options).catch((error: unknown) => {
    signal.throwIfAborted();
    screen.say(error instanceof Error ? error.message : String(error));
  });
}
