import { createTestKeyspace, type FaultProxy, onBoth, startFaultProxy, waitFor } from "@helix/testkit";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { Path } from "./path.ts";

const KEYSPACE = "client_unsafe";
const pair = inject("cassandra");
let proxy: FaultProxy;
let path: Path;

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  await onBoth(pair, async (driver) => {
    for (const table of [
      "counters (id int PRIMARY KEY, n counter)",
      "lists (id int PRIMARY KEY, l list<text>)",
      "moments (id int PRIMARY KEY, u timeuuid, at timestamp, day date, hour time)",
    ]) {
      const [name] = table.split(" ");
      await driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.${table}`);
      await driver.execute(`TRUNCATE ${KEYSPACE}.${name}`);
    }
  });
  proxy = await startFaultProxy({ target: pair.B });
  const B = { contactPoint: proxy.contactPoint, localDataCenter: pair.B.localDataCenter };
  path = new Path({ pair, through: { A: pair.A, B }, keyspace: KEYSPACE });
  await path.start();
});
afterAll(async () => {
  await path?.[Symbol.asyncDispose]();
  await proxy?.close();
});

async function whileBIsAway(write: () => Promise<unknown>): Promise<void> {
  await proxy.set("refuse");
  await waitFor(() => path.client.clusterStates.B?.connected === false, {
    timeoutMs: 10_000,
    describe: "cluster B is missed",
  });
  await write();
  await proxy.set("pass");
  await path.drained();
}

async function rowsOf(table: string): Promise<Readonly<Record<"A" | "B", string[]>>> {
  return onBoth(pair, async (driver) => {
    const { rows } = await driver.execute(`SELECT JSON * FROM ${KEYSPACE}.${table}`);
    return rows.map((row) => String(row["[json]"])).sort();
  });
}

const COUNT = `UPDATE ${KEYSPACE}.counters SET n = n + ? WHERE id = ?`;
const APPEND = `UPDATE ${KEYSPACE}.lists SET l = l + ? WHERE id = ?`;

test("what is replayed knowingly is applied once where it was surely missed", async () => {
  const { client } = path;
  const options = { unsafe: "replay" } as const;
  await whileBIsAway(async () => {
    expect((await client.execute(COUNT, [5, 1], options)).writes).toEqual({ A: "applied", B: "queued" });
    await client.batch([{ query: COUNT, params: [2, 2] }], { counter: true, ...options });
    await client.execute(APPEND, [["a"], 1], options);
  });
  await client.execute(APPEND, [["b"], 1], options);
  const counters = await rowsOf("counters");
  expect(counters.A).toEqual(['{"id": 1, "n": 5}', '{"id": 2, "n": 2}']);
  expect(counters.B).toEqual(counters.A);
  const lists = await rowsOf("lists");
  expect(lists.A).toEqual(['{"id": 1, "l": ["a", "b"]}']);
  expect(lists.B).toEqual(lists.A);
});

test("what is held is not applied, and is once a person redrives it", async () => {
  await whileBIsAway(async () => {
    const { writes } = await path.client.execute(APPEND, [["held"], 7], { unsafe: "hold" });
    expect(writes).toEqual({ A: "applied", B: "held" });
  });
  const { deadLetters } = path.replayer;
  const letters = await deadLetters.list();
  expect(letters).toHaveLength(1);
  expect((await rowsOf("lists")).B.join()).not.toContain("held");
  for (const { id } of letters) await deadLetters.redrive(id);
  await path.drained();
  const { A, B } = await rowsOf("lists");
  expect(A.join()).toContain("held");
  expect(B).toEqual(A);
});

test("functions have one value on both clusters, and in the replay", async () => {
  const query = (id: number) =>
    `INSERT INTO ${KEYSPACE}.moments (id, u, at, day, hour) VALUES (${id}, now(), currentTimestamp(), current_date(), system.current_time())`;
  await path.client.execute(query(1));
  await whileBIsAway(() => path.client.execute(query(2)));
  const { A, B } = await rowsOf("moments");
  expect(A).toHaveLength(2);
  expect(A.join()).not.toContain("null");
  expect(B).toEqual(A);
});
