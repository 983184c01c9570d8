import { isHelixError } from "@helix/core";
import { decide, inspect, readSchema, type Verdict } from "@helix/safety";
import {
  createTestKeyspace,
  differences,
  everyCell,
  onBoth,
  RawSession,
  seededRandom,
  startFaultProxy,
  waitFor,
} from "@helix/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { type AnyTable, anyTable, counterTable } from "./any-table.ts";
import { type AnyStatement, anyWrite } from "./any-write.ts";
import { Dice } from "./dice.ts";
import { ReplayedPath } from "./replayed-path.ts";

const WRITES = Number(process.env.HELIX_ANY_WRITES ?? 1_200);
/** Printed with every run; `HELIX_ANY_WRITES_SEED` repeats one. */
const SEED = Number(process.env.HELIX_ANY_WRITES_SEED ?? Date.now() % 2 ** 31);
const ROUND = 300;
const IN_FLIGHT = 16;
/** From careful to permissive; all have to occur. */
const VERDICTS = ["refuse", "evaluate", "ttl", "replay", "gc"] as const;

const KEYSPACE = "any_write";
const pair = inject("cassandra");
const dice = new Dice(seededRandom(SEED));
const tables = [
  ...Array.from({ length: 8 }, (_, index) => anyTable(dice, `t${index}`)),
  counterTable(dice, "counted"),
];
const schema = readSchema(`USE ${KEYSPACE}; ${tables.flatMap(({ statements }) => statements).join("; ")};`);
let raw: Readonly<Record<"A" | "B", RawSession>>;

beforeAll(async () => {
  // On clusters from the environment: the tables of another seed.
  await onBoth(pair, (driver) => driver.execute(`DROP KEYSPACE IF EXISTS ${KEYSPACE}`));
  await createTestKeyspace(pair, KEYSPACE);
  const [A, B] = await Promise.all([prepared(pair.A), prepared(pair.B)]);
  raw = { A, B };
});

afterAll(() => Promise.all([raw?.A.close(), raw?.B.close()]));

async function prepared(address: { readonly host: string; readonly port: number }): Promise<RawSession> {
  const session = await RawSession.connect(address, KEYSPACE);
  for (const { statements } of tables) for (const cql of statements) await session.query(cql);
  return session;
}

test(
  "every cell is equal on both clusters, whatever is written while one is away, and however often it is replayed",
  async () => {
    await using proxy = await startFaultProxy({ target: pair.B });
    await using path = new ReplayedPath({ pair, proxy, keyspace: KEYSPACE, dice });
    await path.start();
    const counts = new Map<string, number>();
    const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
    let replays = 0;
    for (let round = 0; round * ROUND < WRITES; round++) {
      await proxy.set(round === 0 || dice.chance(0.7) ? "refuse" : "pass");
      await written(path, count);
      await proxy.set("pass");
      await path.drained();
      replays += path.replayed.length;
      await path.replayAgain();
      await expectEqual(round);
    }
    const told = [...counts]
      .map(([what, times]) => `${times} ${what}`)
      .sort()
      .join(", ");
    process.stdout.write(
      `${WRITES} writes with HELIX_ANY_WRITES_SEED=${SEED}, the slowest in ${Math.ceil(slowestMs)} ms, ${replays} replayed: ${told}\n`,
    );
    expect(path.dropped).toEqual([]);
    for (const verdict of VERDICTS) expect(counts.get(verdict), verdict).toBeGreaterThan(0);
    expect(replays).toBeGreaterThan(0);
    expect(counts.get("refused by the server") ?? 0).toBeLessThan(WRITES / 20);
  },
  120_000 + WRITES * 200,
);

async function written(path: ReplayedPath, count: (what: string) => void): Promise<void> {
  let left = ROUND;
  const one = async () => {
    while (left-- > 0) {
      const [first, ...others] = anyWrite(dice, tables, nextMicros);
      const verdict = worst([first, ...others].map(verdictOf));
      count(verdict);
      const startedAtMs = performance.now();
      const error = await sent(path, first, others).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
      const isRefused = isHelixError(error, "HELIX_NOT_REPLAYABLE");
      expect(isRefused, `${first.query} is ${verdict}: ${error}`).toBe(verdict === "refuse");
      if (error !== undefined && !isRefused) count("refused by the server");
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, one));
}

function sent(
  { client }: ReplayedPath,
  first: AnyStatement,
  others: readonly AnyStatement[],
): Promise<unknown> {
  if (others.length > 0) return client.batch([first, ...others], { logged: dice.chance(0.5) });
  return client.execute(first.query, first.params);
}

const worst = (verdicts: readonly Verdict[]) =>
  VERDICTS.find((verdict) => verdicts.includes(verdict)) ?? expect.unreachable(`a verdict of ${verdicts}`);

function verdictOf({ query, params }: AnyStatement): Verdict {
  return decide(inspect(query), { schema, keyspace: KEYSPACE, values: params }).verdict;
}

/**
 * What has a TTL of seconds goes on both, a moment apart. A replay lives a second less than what the first write got, and
 * that was counted by a server from when it executed it, which is later than when it was written.
 */
async function expectEqual(round: number): Promise<void> {
  let found: string[] = [];
  const look = async () => {
    const each = await Promise.all(tables.map(differ));
    found = each.flat();
    return found.length === 0;
  };
  await waitFor(look, {
    timeoutMs: 20_000,
    describe: () => `round ${round} of ${SEED} is equal: ${found.slice(0, 20).join("\n")}`,
  });
}

async function differ({ name }: AnyTable): Promise<string[]> {
  const [a, b] = await Promise.all([everyCell(raw.A, KEYSPACE, name), everyCell(raw.B, KEYSPACE, name)]);
  return differences(a, b, 2 + Math.floor(slowestMs / 1_000)).map((what) => `${name} ${what}`);
}

let slowestMs = 0;
let micros = BigInt(Date.now() - 3_600_000) * 1_000n;

/** Unique, and none of the client's. */
function nextMicros(): bigint {
  return ++micros;
}
