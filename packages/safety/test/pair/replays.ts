import { differences, type EveryCells, waitFor } from "@helix/testkit";
import type { CorpusCluster } from "./corpus-cluster.ts";
import type { Guarded } from "./guarded-statement.ts";

type Clusters = Readonly<Record<"A" | "B", CorpusCluster>>;

/** Before everything else. Microseconds. */
const OLD = 1_000_000;

let lastMicros = 0;

/**
 * What two clusters do with a statement that is sent to both at once, again to one of them, late to one that missed it, there
 * before an older write instead of after it: nothing, where no order shows; what differs, in words, otherwise. The tables
 * must hold what the statement touches, and nothing else of worth.
 */
export async function whatDiffers(
  { A, B }: Clusters,
  tables: readonly string[],
  guarded: Guarded,
): Promise<string[]> {
  const verdict = guarded.decision.then ?? guarded.decision.verdict;
  const timestampMicros = nextMicros();
  await Promise.all(
    [A, B].map(async (cluster) => {
      await cluster.empty(tables);
      await cluster.fill(tables, OLD);
    }),
  );
  const writtenAtMs = Date.now();
  await Promise.all([A.send(guarded.first, timestampMicros), B.send(guarded.first, timestampMicros)]);
  const once = { A: await A.cells(tables), B: await B.cells(tables) };
  if (verdict === "ttl") await nextSecond(writtenAtMs);

  const again = () => guarded.again(Date.now() - writtenAtMs);
  await B.send(again(), timestampMicros);
  const twice = await B.cells(tables);

  await A.empty(tables);
  await A.send(again(), timestampMicros);
  const alone = await A.cells(tables);
  await A.fill(tables, OLD);
  const late = await A.cells(tables);
  return [
    // Executed a moment after each other, perhaps in two seconds.
    ...said("once on both", differences(once.A, once.B, 1)),
    ...said("twice on one", differences(once.B, twice)),
    ...said("late, and before an older write", differences(late, once.B, 1)),
    ...said("late, and longer than the first", livesLonger(late, once.B)),
    ...(verdict === "gc" ? await whatIsNoTombstone(A, tables, guarded, timestampMicros, alone) : []),
  ];
}

async function whatIsNoTombstone(
  cluster: CorpusCluster,
  tables: readonly string[],
  guarded: Guarded,
  timestampMicros: number,
  alone: EveryCells,
): Promise<string[]> {
  await cluster.empty(tables);
  await cluster.fill(tables, timestampMicros + 10_000_000);
  const before = await cluster.cells(tables);
  await cluster.send(guarded.first, timestampMicros);
  return [
    ...said("in an empty table", differences(new Map(), alone)),
    ...said("beneath a newer write", differences(before, await cluster.cells(tables))),
  ];
}

function livesLonger(late: EveryCells, first: EveryCells): string[] {
  return [...late].flatMap(([at, { expiresAt = 0 }]) => {
    const until = first.get(at)?.expiresAt ?? expiresAt;
    return expiresAt > until ? [`${at}: until ${expiresAt} and not ${until}`] : [];
  });
}

const said = (what: string, found: readonly string[]) => found.map((difference) => `${what}: ${difference}`);

function nextMicros(): number {
  lastMicros = Math.max(lastMicros + 1, Date.now() * 1_000);
  return lastMicros;
}

const secondOf = (ms: number) => Math.floor(ms / 1_000);

/** Until an expiry that is counted anew would be another. */
function nextSecond(ms: number): Promise<unknown> {
  return waitFor(() => secondOf(Date.now()) > secondOf(ms), {
    timeoutMs: 5_000,
    describe: "a new second begins",
  });
}
