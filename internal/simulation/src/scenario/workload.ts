import { CLUSTERS, type Operation, type Statement } from "@helix/core";
import { STATEMENTS } from "../cluster/statements.ts";
import type { Random } from "./random.ts";
import type { PlannedWrite, Scenario } from "./scenario.ts";
import type { Poison, Poisoned } from "./write.ts";

const POISONS: readonly Poison[] = ["rejected", "timeout", "hang"];

interface WorkloadShape {
  readonly count: number;
  readonly apps: number;
  readonly spanMs: number;
  readonly mode: Scenario["mode"];
  readonly ttlShare: number;
}

/** Inserts, overwrites, deletes and batches of few rows, in bursts, some of them poison for one cluster. */
export function drawWrites(
  random: Random,
  { count, apps, spanMs, mode, ttlShare }: WorkloadShape,
): Omit<PlannedWrite, "wait">[] {
  const rows = random.pick([4, 12, 60]);
  const lowShare = random.pick([0, 0.2, 0.5]);
  const poisonShare = random.pick([0, 0, 0.02, 0.1]);
  const heldShare = random.pick([0, 0, 0, 0.1]);
  // A queue in memory dies with the process, so there it would not come again.
  const killers = mode === "service" && random.chance(0.15) ? random.int(1, 2) : 0;
  const killing = new Set(Array.from({ length: killers }, () => random.int(0, count - 1)));
  const times = Array.from({ length: count }, () =>
    random.chance(0.5)
      ? random.next() * spanMs
      : Math.floor(random.next() * 5) * (spanMs / 5) + random.int(0, 20),
  ).sort((a, b) => a - b);
  return times.map((atMs, number) => ({
    number,
    atMs,
    app: random.int(0, apps - 1),
    operation: drawOperation(random, number, { rows, ttlShare }),
    priority: random.chance(lowShare) ? "low" : "high",
    poison: drawPoison(random, killing.has(number), poisonShare),
    isHeld: !killing.has(number) && random.chance(heldShare),
    isTie: random.chance(0.03),
  }));
}

function drawPoison(random: Random, isKilling: boolean, share: number): Poisoned | undefined {
  const cluster = random.pick(CLUSTERS);
  const how = random.pick(POISONS);
  if (isKilling) return { cluster, how: "kills" };
  return random.chance(share) ? { cluster, how } : undefined;
}

interface Shape {
  readonly rows: number;
  readonly ttlShare: number;
}

function drawOperation(random: Random, number: number, shape: Shape): Operation {
  if (!random.chance(0.15)) return { kind: "statement", ...drawStatement(random, `w${number}`, shape) };
  const statements = Array.from({ length: random.int(2, 4) }, (_, index) =>
    drawStatement(random, `w${number}.${index}`, shape),
  );
  return { kind: "batch", batchType: random.chance(0.5) ? "logged" : "unlogged", statements };
}

function drawStatement(random: Random, value: string, { rows, ttlShare }: Shape): Statement {
  const { insert, insertWithTtl, update, deleteRow, deleteCell } = random.pick(STATEMENTS);
  const id = `r${random.int(0, rows - 1)}`;
  const kind = random.next();
  if (ttlShare > 0 && random.chance(ttlShare)) {
    return { query: insertWithTtl, params: [id, value, random.int(60, 86_400)] };
  }
  if (kind < 0.55) return { query: insert, params: [id, value, `${value}w`] };
  if (kind < 0.8) return { query: update, params: [value, id] };
  if (kind < 0.9) return { query: deleteCell, params: [id] };
  return { query: deleteRow, params: [id] };
}
