import { createPayload, isHelixError } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { createTestKeyspace, onBoth, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type ConnectedReplayExecutor, connectReplayExecutor, HelixClient } from "../src/index.ts";
import { errorOf } from "./two-clusters.ts";

const pair = inject("cassandra");
/** Of the session: it has a type of the same name. */
const SESSION = "client_keyspace_of_session";
const OTHER = "Client_Keyspace";
const TENANTS = Array.from({ length: 9 }, (_, n) => `client_tenant_${n}`);
const LATE = "client_keyspace_late";
const REPLICATION = "WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";
const signal = new AbortController().signal;

const at = (cluster: "A" | "B", keyspace?: string) => ({
  contactPoints: [pair[cluster].contactPoint],
  localDataCenter: pair[cluster].localDataCenter,
  ...(keyspace !== undefined && { keyspace }),
});

function ddl(...texts: string[]): Promise<unknown> {
  return onBoth(pair, async (driver) => {
    for (const text of texts) await driver.execute(text);
  });
}

const rowsOf = async (query: string) =>
  (
    await onBoth(pair, async (driver) =>
      (await driver.execute(query)).rows.map((row) => JSON.stringify(row)).sort(),
    )
  ).B;

let executor: ConnectedReplayExecutor;

beforeAll(async () => {
  await createTestKeyspace(pair, SESSION);
  await ddl(
    `DROP KEYSPACE IF EXISTS "${OTHER}"`,
    `DROP KEYSPACE IF EXISTS ${LATE}`,
    `CREATE KEYSPACE "${OTHER}" ${REPLICATION}`,
    `CREATE TYPE IF NOT EXISTS ${SESSION}.place (number int)`,
    `CREATE TYPE "${OTHER}".place (street text)`,
    `CREATE TABLE IF NOT EXISTS ${SESSION}.t (id int PRIMARY KEY, "from" frozen<place>, tags map<text, text>)`,
    `CREATE TABLE "${OTHER}".t (id int PRIMARY KEY, "from" frozen<place>, tags map<text, text>)`,
    `CREATE TABLE "${OTHER}"."Into" (id int PRIMARY KEY)`,
    `TRUNCATE ${SESSION}.t`,
  );
  executor = await connectReplayExecutor({
    clusters: { A: at("A", SESSION), B: at("B", SESSION) },
    waitFor: "all",
  });
});
afterAll(() => executor?.close());

describe("what was written in another keyspace than the session's is replayed in that one", () => {
  let timestampMicros = 0n;
  const write = (query: string, params: unknown[] = []) =>
    executor.execute(
      createPayload({
        targetCluster: "B",
        keyspace: OTHER,
        timestampMicros: ++timestampMicros,
        operation: { kind: "statement", query, params },
      }),
      { signal },
    );

  test("with its types, also where the text casts to one", async () => {
    await write(`INSERT INTO t (id, "from") VALUES (?, ?)`, [1, { street: "bound" }]);
    await write(`INSERT INTO t (id, "from") VALUES (2, (frozen<place>) {street: 'cast'})`);
    await write("INSERT INTO t JSON ?", [JSON.stringify({ id: 3, '"from"': { street: "json" } })]);
    expect(await rowsOf(`SELECT id, "from" FROM "${OTHER}".t`)).toEqual([
      '{"id":1,"from":{"street":"bound"}}',
      '{"id":2,"from":{"street":"cast"}}',
      '{"id":3,"from":{"street":"json"}}',
    ]);
    expect(await rowsOf(`SELECT id FROM ${SESSION}.t`)).toEqual([]);
  });

  test("whatever its text holds before the name of the table", async () => {
    await write(`/* into x */ INSERT -- into y\n INTO "Into" (id) VALUES (?)`, [7]);
    expect(await rowsOf(`SELECT id FROM "${OTHER}"."Into"`)).toEqual(['{"id":7}']);
    await write(`UPDATE t SET tags = {'from': 'a', 'b': 'c'} WHERE id = 4`);
    await write(`DELETE "from", tags['from'] /* from t */ FROM t WHERE id = 4`);
    expect(await rowsOf(`SELECT tags FROM "${OTHER}".t WHERE id = 4`)).toEqual(['{"tags":{"b":"c"}}']);
  });
});

test("a keyspace that is missing costs its own messages only, and they are replayed once it is there", async () => {
  await ddl(
    ...TENANTS.flatMap((name) => [
      `CREATE KEYSPACE IF NOT EXISTS ${name} ${REPLICATION}`,
      `CREATE TABLE IF NOT EXISTS ${name}.t (id int PRIMARY KEY)`,
      `TRUNCATE ${name}.t`,
    ]),
  );
  await using queue = new MemoryReplayer();
  await using worker = new ReplayWorker({ queue, executor });
  const opened: unknown[] = [];
  worker.on("cluster:breaker:opened", (event) => opened.push(event));
  const dropped: unknown[] = [];
  worker.on("replay:dropped", (event) => dropped.push(event));
  let applied = 0;
  worker.on("replay:applied", () => applied++);
  const enqueue = (keyspace: string, id: number) =>
    queue.enqueue(
      createPayload({
        targetCluster: "B",
        keyspace,
        timestampMicros: 1n,
        operation: { kind: "statement", query: "INSERT INTO t (id) VALUES (?)", params: [id] },
      }),
    );
  for (let id = 0; id < 20; id++) for (const keyspace of [...TENANTS, LATE]) await enqueue(keyspace, id);
  await worker.start();
  await waitFor(() => applied === 20 * TENANTS.length, {
    timeoutMs: 10_000,
    describe: () => `${20 * TENANTS.length} are applied; ${applied} are`,
  });
  expect(queue.length).toBe(20);
  await ddl(`CREATE KEYSPACE ${LATE} ${REPLICATION}`, `CREATE TABLE ${LATE}.t (id int PRIMARY KEY)`);
  await waitFor(() => queue.length === 0, { timeoutMs: 40_000, describe: () => `${queue.length} are left` });
  expect(await rowsOf(`SELECT id FROM ${LATE}.t`)).toHaveLength(20);
  expect({ opened, dropped }).toEqual({ opened: [], dropped: [] });
});

describe("the keyspace of the options", () => {
  const missing = "client_keyspace_nobody";

  test("that is missing on both clusters is told at once", async () => {
    await using client = new HelixClient({ clusters: { A: at("A", missing), B: at("B", missing) } });
    const error = await errorOf(client.connect());
    if (!isHelixError(error, "HELIX_NO_CLUSTER_AVAILABLE")) throw error;
    expect(error.message).toMatch(new RegExp(`A: .*'?${missing}'? does not exist.*B: .*${missing}`));
  });

  test("that is missing on one holds nothing up, and the session is there once it is", async () => {
    await using client = new HelixClient({ clusters: { A: at("A"), B: at("B", missing) } });
    await client.connect();
    expect(client.clusterStates).toMatchObject({ A: { connected: true }, B: { connected: false } });
    await ddl(`CREATE KEYSPACE ${missing} ${REPLICATION}`);
    await waitFor(() => client.clusterStates.B?.connected, { timeoutMs: 10_000, describe: "B is there" });
    await ddl(`DROP KEYSPACE ${missing}`);
  });
});
