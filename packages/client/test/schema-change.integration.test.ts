import { createPayload, type Operation } from "@helix/core";
import { createTestKeyspace } from "@helix/testkit";
import { Client } from "cassandra-driver";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type ConnectedReplayExecutor, connectReplayExecutor, HelixClient } from "../src/index.ts";
import { errorOf, FakeReplayer } from "./two-clusters.ts";

const KEYSPACE = "client_schema_change";
const pair = inject("cassandra");
const address = (cluster: "A" | "B") => ({
  contactPoints: [pair[cluster].contactPoint],
  localDataCenter: pair[cluster].localDataCenter,
});
const direct = { A: plain("A"), B: plain("B") };

function plain(cluster: "A" | "B"): Client {
  return new Client({ ...address(cluster), protocolOptions: { maxVersion: 4 } });
}

interface Change {
  /** Of table, and of its type if it has one. */
  readonly name: string;
  readonly before: string;
  readonly first: unknown;
  readonly ddl: (table: string) => string[];
  readonly after: unknown;
  /** As JSON of the server. */
  readonly stored: string;
}

const again = (type: string) => (table: string) => [
  `DROP TABLE ${KEYSPACE}.${table}`,
  `CREATE TABLE ${KEYSPACE}.${table} (id int PRIMARY KEY, v ${type})`,
];

/** Each leaves the text of the statement as good as it was. */
const CHANGES: readonly Change[] = [
  {
    name: "field_added",
    before: "frozen<field_added_type>",
    first: { street: "s" },
    ddl: (table) => [`ALTER TYPE ${KEYSPACE}.${table}_type ADD zip text`],
    after: { street: "s", zip: "z" },
    stored: '{"street": "s", "zip": "z"}',
  },
  {
    name: "field_renamed",
    before: "frozen<list<frozen<field_renamed_type>>>",
    first: [{ street: "s" }],
    ddl: (table) => [`ALTER TYPE ${KEYSPACE}.${table}_type RENAME street TO road`],
    after: [{ road: "r" }],
    stored: '[{"road": "r"}]',
  },
  {
    name: "column_added",
    before: "int",
    first: 1,
    ddl: (table) => [`ALTER TABLE ${KEYSPACE}.${table} ADD w int`],
    after: 5,
    stored: "5",
  },
  { name: "inet_to_int", before: "inet", first: "10.0.0.1", ddl: again("int"), after: 5, stored: "5" },
  { name: "int_to_float", before: "int", first: 1, ddl: again("float"), after: 5, stored: "5.0" },
  { name: "int_to_bigint", before: "int", first: 1, ddl: again("bigint"), after: 5, stored: "5" },
  { name: "bigint_to_text", before: "bigint", first: 1, ddl: again("text"), after: "5", stored: '"5"' },
];

/** One text for each case: a text is prepared once per server, whoever prepares it. */
const insert = (table: string, about: string) =>
  `INSERT INTO ${KEYSPACE}.${table} (id, v) VALUES (?, ?) /* ${about} */`;

const KINDS: readonly [string, (query: string, params: unknown[]) => Operation][] = [
  ["a statement", (query, params) => ({ kind: "statement", query, params })],
  ["a batch", (query, params) => ({ kind: "batch", batchType: "unlogged", statements: [{ query, params }] })],
];

const CASES = CHANGES.flatMap((change) =>
  KINDS.flatMap(([kind, operationOf]) =>
    [false, true].map((preparedByAnother) => {
      const about = `${kind}, ${preparedByAnother}`;
      return { change, kind, operationOf, preparedByAnother, query: insert(change.name, about) };
    }),
  ),
);

let pod: ConnectedReplayExecutor;
let nextId = 1;

async function replay(operation: Operation): Promise<void> {
  const timestampMicros = BigInt(Date.now()) * 1000n;
  const payload = createPayload({ targetCluster: "B", operation, timestampMicros });
  await pod.execute(payload, { signal: AbortSignal.timeout(20_000) });
}

async function storedOn(cluster: "A" | "B", table: string, id: number): Promise<unknown> {
  const query = `SELECT JSON v FROM ${KEYSPACE}.${table} WHERE id = ${id}`;
  return (await direct[cluster].execute(query)).first()?.get(0);
}

async function onDirect(cluster: "A" | "B", ...statements: string[]): Promise<void> {
  for (const statement of statements) await direct[cluster].execute(statement);
}

beforeAll(async () => {
  await createTestKeyspace(pair, KEYSPACE);
  for (const { name, before } of CHANGES) {
    const drops = [
      `DROP TABLE IF EXISTS ${KEYSPACE}.${name}`,
      `DROP TYPE IF EXISTS ${KEYSPACE}.${name}_type`,
    ];
    const types = before.includes("_type") ? [`CREATE TYPE ${KEYSPACE}.${name}_type (street text)`] : [];
    const table = `CREATE TABLE ${KEYSPACE}.${name} (id int PRIMARY KEY, v ${before})`;
    await onDirect("B", ...drops, ...types, table);
  }
  pod = await connectReplayExecutor({ clusters: { A: address("A"), B: address("B") }, waitFor: "all" });
  for (const { change, operationOf, query } of CASES) await replay(operationOf(query, [0, change.first]));
  for (const { ddl, name } of CHANGES) await onDirect("B", ...ddl(name));
});
afterAll(() => Promise.all([pod?.close(), direct.A.shutdown(), direct.B.shutdown()]));

describe("a replay by a session that prepared the statement before the schema changed", () => {
  test.each(CASES)(
    "stores what was meant: $change.name, $kind, prepared by another since: $preparedByAnother",
    async ({ change, operationOf, preparedByAnother, query }) => {
      if (preparedByAnother) await direct.B.execute(query, [0, change.after], { prepare: true });
      const id = nextId++;
      await replay(operationOf(query, [id, change.after]));
      expect(await storedOn("B", change.name, id)).toBe(`{"v": ${change.stored}}`);
    },
  );
});

test("a value of which a cluster knows a field only later is not sent short there, and is applied then", async () => {
  const drop = [`DROP TABLE IF EXISTS ${KEYSPACE}.later`, `DROP TYPE IF EXISTS ${KEYSPACE}.later_type`];
  const create = [
    `CREATE TYPE ${KEYSPACE}.later_type (street text)`,
    `CREATE TABLE ${KEYSPACE}.later (id int PRIMARY KEY, v frozen<later_type>)`,
  ];
  const add = `ALTER TYPE ${KEYSPACE}.later_type ADD zip text`;
  for (const cluster of ["A", "B"] as const) await onDirect(cluster, ...drop, ...create);
  const replayer = new FakeReplayer();
  const clusters = { A: address("A"), B: address("B") };
  await using client = new HelixClient({ clusters, replayer });
  await client.connect({ waitFor: "all" });
  const query = `INSERT INTO ${KEYSPACE}.later (id, v) VALUES (?, ?)`;
  await client.execute(query, [0, { street: "s" }]);

  await onDirect("A", add);
  const result = await client.execute(query, [1, { street: "s", zip: "z" }]);
  expect(result.writes).toMatchObject({ A: "applied", B: "queued" });
  const [payload] = replayer.payloads;
  const executor = client.replayExecutor();
  const execute = () => executor.execute(payload as never, { signal: AbortSignal.timeout(20_000) });
  expect(executor.read?.(await errorOf(execute()))).toMatchObject({ retry: "later", scope: "value" });
  expect(await storedOn("B", "later", 1)).toBeUndefined();

  await onDirect("B", add);
  await execute();
  expect(await storedOn("B", "later", 1)).toBe('{"v": {"street": "s", "zip": "z"}}');
  const after = await client.execute(query, [2, { street: "s", zip: "z" }]);
  expect(after.writes).toMatchObject({ A: "applied", B: "applied" });
  expect(await storedOn("A", "later", 2)).toBe('{"v": {"street": "s", "zip": "z"}}');
});
