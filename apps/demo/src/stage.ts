import { setTimeout as sleep } from "node:timers/promises";
import { type CassandraPair, onBoth } from "@helix/testkit";
import type { DemoOptions } from "./args.ts";
import { type Comparison, compare, readAll } from "./compare.ts";
import type { Ledger } from "./ledger.ts";
import type { Outage } from "./outage.ts";
import type { Screen } from "./screen.ts";

/** How long the replay may take once cluster B is back and the last write has returned. */
export const DRAIN_TIMEOUT_MS = 300_000;

/** A share of the writes is made before the outage, and something is left to be written after it. */
export const OUTAGE_BEGINS_AT = 0.25;

const SIMULATED =
  "All of this on a SIMULATION. To see it on real Cassandra, install Docker, or a JDK 17 with Maven.";

/** What every deployment plays on. */
export interface Stage {
  readonly options: DemoOptions;
  readonly pair: CassandraPair;
  readonly outage: Outage;
  readonly screen: Screen;
  readonly signal: AbortSignal;
}

/** How long all writes should take. Milliseconds. */
export function durationMs({ outageSeconds }: DemoOptions): number {
  return outageSeconds * 2200;
}

/**
 * Takes cluster B away for the time that was asked for; `inTheMiddle` is done at half-time. Resolves with when it was
 * back, by `performance.now()`.
 */
export async function playOutage(
  { options, pair, outage, screen }: Stage,
  signal: AbortSignal,
  inTheMiddle?: () => Promise<void>,
): Promise<number> {
  const how = pair.source === "simulation" ? " (simulated)" : "";
  const halfMs = options.outageSeconds * 500;
  screen.say(`${outage.announcement}${how} for ${options.outageSeconds} s`);
  await outage.begin();
  const over = sleep(halfMs * 2, undefined, { signal });
  over.catch(() => {});
  await sleep(halfMs, undefined, { signal });
  await inTheMiddle?.();
  await over;
  screen.say("cluster B comes back …");
  await outage.end();
  screen.say("cluster B is back; clients and workers, who try it every few seconds, will notice");
  return performance.now();
}

/** Reads both clusters, past everything that stands between. */
export async function compareClusters({ pair, screen, signal }: Stage, ledger: Ledger): Promise<Comparison> {
  screen.endStatus();
  screen.say("comparing every row of both clusters with each other and with what was written …");
  signal.throwIfAborted();
  const views = await onBoth(pair, readAll);
  return compare(views.A, views.B, ledger.rows());
}

/** With `--keep`, until Ctrl-C. `more` says where else to look. */
export async function keepRunning(
  { options, pair, screen, signal }: Stage,
  more: readonly string[] = [],
): Promise<void> {
  if (pair.source === "simulation") screen.paragraph(SIMULATED);
  if (!options.keep) return;
  screen.print(
    `  Still running: A at ${pair.A.contactPoint}, B at ${pair.B.contactPoint}. Ctrl-C ends them.`,
  );
  for (const line of more) screen.print(`  ${line}`);
  // A pending timer, since a pending promise alone does not keep a process alive.
  await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => {});
}
