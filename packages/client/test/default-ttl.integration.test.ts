import {
  createTestKeyspace,
  differences,
  everyCell,
  onBoth,
  RawSession,
  startFaultProxy,
} from "@helix/testkit";
import { types } from "cassandra-driver";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Path } from "./path.ts";

const KEYSPACE = "client_default_ttl";
/** Of each table, on each cluster. */
const SECONDS = { on_a: { A: 1_000, B: 0 }, on_b: { A: 0, B: 1_000 } };
const pair = inject("cassandra");
let raw: Readonly<Record<"A" | "B", RawSession>>;

beforeAll(async () => {
  await onBoth(pair, (driver) => driver.execute(`DROP KEYSPACE IF EXISTS ${KEYSPACE}`));
  await createTestKeyspace(pair, KEYSPACE);
  const open = async (cluster: "A" | "B") => {
    const session = await RawSession.connect(pair[cluster], KEYSPACE);
    for (const [table, seconds] of Object.entries(SECONDS)) {
      const columns = "k int PRIMARY KEY, v text, l list<text>";
      const options = `default_time_to_live = ${seconds[cluster]}`;
      await session.query(`CREATE TABLE ${table} (${columns}) WITH ${options}`);
    }
    return session;
  };
  const [A, B] = await Promise.all([open("A"), open("B")]);
  raw = { A, B };
});
afterAll(() => Promise.all([raw?.A.close(), raw?.B.close()]));

async function expectEqual(): Promise<void> {
  for (const table of Object.keys(SECONDS)) {
    const [a, b] = await Promise.all([everyCell(raw.A, KEYSPACE, table), everyCell(raw.B, KEYSPACE, table)]);
    expect(a.size, table).toBeGreaterThan(0);
    // What a replay rounds off, and what the writes took.
    expect(differences(a, b, 10), table).toEqual([]);
  }
}

test.each(["A", "B"] as const)(
  "the default TTL of a table that %s alone has does not count for what it missed before it could be asked",
  async (away) => {
    await using proxy = await startFaultProxy({ target: pair[away] });
    const through = { ...pair, [away]: { ...pair[away], contactPoint: proxy.contactPoint } };
    await proxy.set("refuse");
    await using path = new Path({ pair, through, keyspace: KEYSPACE, driver: { keyspace: KEYSPACE } });
    await path.start("any");
    for (const table of Object.keys(SECONDS)) {
      const insert = `INSERT INTO ${table} (k, v) VALUES (?, ?)`;
      const writes = [
        await path.client.execute(insert, [1, "a"]),
        await path.client.execute(`UPDATE ${table} SET v = 'a' WHERE k = 2`),
        await path.client.execute(`${insert} USING TTL ?`, [3, "a", types.unset]),
        await path.client.batch([
          { query: insert, params: [4, "a"] },
          `UPDATE ${table} SET v = 'a' WHERE k = 5`,
        ]),
      ];
      for (const one of writes) expect(one.writes[away]).toBe("queued");
    }
    await proxy.set("pass");
    await path.drained();
    expect(path.dropped).toEqual([]);
    await expectEqual();
  },
);
