import { setTimeout as sleep } from "node:timers/promises";
import { HelixClient } from "@helix/client";
import type { ClusterId } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type CassandraPair, demoStatements, onBoth, startCassandraPair, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import type { DemoOptions } from "./args.ts";
import { type Comparison, compare, readAll } from "./compare.ts";
import { Ledger } from "./ledger.ts";
import { type Outage, prepareOutage } from "./outage.ts";
import type { Screen } from "./screen.ts";
import { Tally } from "./tally.ts";
import { conclusion, isGood, verdictTable } from "./verdict.ts";
import { writeAll } from "./writer.ts";

/** How long the replay may take once cluster B is back and the last write has returned. */
const DRAIN_TIMEOUT_MS = 300_000;

const SIMULATED = `  All of this on a SIMULATION. To see it on real Cassandra, install Docker, or a JDK 17 with Maven.`;

/** Runs the whole story. Resolves with whether the promise held; leaves nothing behind, also when aborted. */
export async function runDemo(options: DemoOptions, screen: Screen, signal: AbortSignal): Promise<boolean> {
  screen.say("starting two Cassandra clusters …");
  await using pair = await startCassandraPair({
    killable: true,
    allowSimulation: true,
    signal,
    onProgress: (line) => screen.say(line),
  });
  screen.say(pair.description);
  await onBoth(pair, async (client) => {
    await client.execute(demoStatements.CREATE_KEYSPACE);
    await client.execute(demoStatements.CREATE_TABLE);
  });
  const outage = await prepareOutage(options.outage, pair);
  const tally = new Tally();
  const ledger = new Ledger();
  try {
    await writeThroughOutage({ options, pair, outage, tally, ledger, screen, signal });
  } finally {
    screen.endStatus();
    await outage.close();
  }
  screen.say("comparing every row of both clusters with each other and with what was written …");
  const comparison = await compareClusters(pair, ledger, signal);
  report(tally, comparison, screen);
  if (pair.source === "simulation") screen.print(SIMULATED);
  if (options.keep) await keepRunning(pair, screen, signal);
  return isGood(tally, comparison);
}

interface Act {
  readonly options: DemoOptions;
  readonly pair: CassandraPair;
  readonly outage: Outage;
  readonly tally: Tally;
  readonly ledger: Ledger;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** The application as a user would write it, and an outage in the middle of it. */
async function writeThroughOutage(act: Act): Promise<void> {
  const { options, pair, outage, tally, ledger, screen, signal } = act;
  const replayer = new MemoryReplayer({ queueCapacity: Math.max(10_000, options.rows * 3) });
  await using client = new HelixClient({
    clusters: {
      A: { contactPoints: [pair.A.contactPoint], localDataCenter: pair.A.localDataCenter },
      B: { contactPoints: [outage.contactPoint], localDataCenter: pair.B.localDataCenter },
    },
    replayer,
  });
  const worker = new ReplayWorker({
    queue: replayer,
    executor: client.replayExecutor(),
    onSuccess: ({ payload }) => tally.applied(payload.writtenAtMs),
    onDrop: () => void tally.deadLettered++,
  });
  announce(client, worker, screen);
  await client.attachWorker(worker);
  await client.connect({ waitFor: "all", signal });

  let over: Promise<void> | undefined;
  const problem = new AbortController();
  const both = AbortSignal.any([signal, problem.signal]);
  await writeAll({
    client,
    tally,
    ledger,
    rows: options.rows,
    // A quarter is written before the outage, and something is left to be written after it.
    durationMs: options.outageSeconds * 2200,
    signal: both,
    onProgress: ({ share, perSecond }) => {
      if (share >= 0.25) over ??= outageOf(act, both).catch((error) => problem.abort(error));
      screen.status(progressLine(share, perSecond, replayer.length, tally));
    },
  });
  await over;
  both.throwIfAborted();
  await drain(act, replayer);
}

/** Says when writes begin and cease to be queued, and when the replay begins; a failed trial in between is no news. */
function announce(client: HelixClient, worker: ReplayWorker, screen: Screen): void {
  const away = new Set<ClusterId>();
  client.on("cluster:breaker:opened", ({ cluster }) => {
    if (!away.has(cluster)) screen.say(`client: breaker of ${cluster} opened, writes to it are queued`);
    away.add(cluster);
  });
  client.on("cluster:breaker:closed", ({ cluster }) => {
    away.delete(cluster);
    screen.say(`client: breaker of ${cluster} closed, writes go to it again`);
  });
  worker.on("cluster:breaker:closed", ({ cluster }) =>
    screen.say(`worker: cluster ${cluster} answers, replaying`),
  );
}

async function outageOf({ options, pair, outage, screen }: Act, signal: AbortSignal): Promise<void> {
  const how = pair.source === "simulation" ? " (simulated)" : "";
  screen.say(`${outage.announcement}${how} for ${options.outageSeconds} s`);
  await outage.begin();
  await sleep(options.outageSeconds * 1000, undefined, { signal });
  screen.say("cluster B comes back …");
  await outage.end();
  screen.say("cluster B is back");
}

async function drain({ tally, screen, signal }: Act, replayer: MemoryReplayer): Promise<void> {
  const drained = () => {
    screen.status(progressLine(1, 0, replayer.length, tally));
    return tally.replayed + tally.deadLettered >= tally.queued && replayer.length === 0;
  };
  const options = { timeoutMs: DRAIN_TIMEOUT_MS, intervalMs: 50, describe: "the queue is empty", signal };
  await waitFor(drained, options).catch((error: unknown) => {
    signal.throwIfAborted();
    screen.say(error instanceof Error ? error.message : String(error));
  });
}

/** Fits into 80 columns. */
function progressLine(share: number, perSecond: number, depth: number, tally: Tally): string {
  const lag = (tally.longestLagMs / 1000).toFixed(1);
  return [
    `written ${(share * 100).toFixed(0).padStart(3)} %`,
    `${Math.round(perSecond)}/s`,
    `errors ${tally.errors}`,
    `queue ${depth}`,
    `replayed ${tally.replayed}`,
    `lag ${lag} s`,
  ].join(" · ");
}

async function compareClusters(
  pair: CassandraPair,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Comparison> {
  signal.throwIfAborted();
  const views = await onBoth(pair, readAll);
  return compare(views.A, views.B, ledger.rows());
}

function report(tally: Tally, comparison: Comparison, screen: Screen): void {
  screen.print(verdictTable(tally, comparison));
  for (const example of comparison.examples) screen.print(`  ${example}`);
  if (tally.firstError !== undefined) screen.print(`  first error of a caller: ${String(tally.firstError)}`);
  screen.print(`  ${conclusion(tally, comparison)}`);
}

async function keepRunning({ A, B }: CassandraPair, screen: Screen, signal: AbortSignal): Promise<void> {
  screen.print(`  Still running: A at ${A.contactPoint}, B at ${B.contactPoint}. Ctrl-C ends them.`);
  // A pending timer, since a pending promise alone does not keep a process alive.
  await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => {});
}
