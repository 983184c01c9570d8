import { Client, policies } from "cassandra-driver";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import {
  type CassandraAddress,
  type CassandraPair,
  createTestKeyspace,
  onBoth,
  startCassandraPair,
  waitFor,
} from "../src/index.ts";

const clients: Client[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.shutdown()));
});

async function connect(cluster: CassandraAddress): Promise<Client> {
  const client = new Client({
    contactPoints: [cluster.contactPoint],
    localDataCenter: cluster.localDataCenter,
    protocolOptions: { maxVersion: 4 },
    policies: { retry: new policies.retry.FallthroughRetryPolicy() },
    socketOptions: { readTimeout: 2_000 },
  });
  clients.push(client);
  await client.connect();
  return client;
}

const INSERT = "INSERT INTO testkit.t (id, v) VALUES (?, ?)";

async function createTable(cluster: CassandraAddress): Promise<Client> {
  const client = await connect(cluster);
  // It writes a snapshot to the disk, which others use as well.
  const patient = { readTimeout: 30_000 };
  await client.execute("CREATE TABLE IF NOT EXISTS testkit.t (id int PRIMARY KEY, v text)", [], patient);
  await client.execute("TRUNCATE testkit.t", [], patient);
  return client;
}

async function ids(client: Client): Promise<number[]> {
  const { rows } = await client.execute("SELECT id FROM testkit.t", [], { fetchSize: 1_000_000 });
  return rows.map((row) => row.get("id"));
}

describe("the pair of the whole run", () => {
  it("is two clusters of real Cassandra that know nothing of each other", async () => {
    const pair = inject("cassandra");
    await createTestKeyspace(pair, "testkit");
    const [a, b] = await Promise.all([createTable(pair.A), createTable(pair.B)]);
    await a.execute(INSERT, [1, "a"], { prepare: true });
    expect([await ids(a), await ids(b)]).toEqual([[1], []]);
    expect(pair.source).not.toBe("simulation");
    expect(pair.description).toMatch(/^Cassandra .*5\.\d/);
  });

  it("takes functions and views, and reads a timestamp without a zone in another zone on B than on A", async () => {
    const pair = inject("cassandra");
    await createTestKeyspace(pair, "testkit");
    const { A, B } = await onBoth(pair, async (driver) => {
      await driver.execute("CREATE TABLE IF NOT EXISTS testkit.zones (id int PRIMARY KEY, at timestamp)");
      await driver.execute(
        "CREATE MATERIALIZED VIEW IF NOT EXISTS testkit.zones_by_at AS SELECT * FROM testkit.zones WHERE at IS NOT NULL AND id IS NOT NULL PRIMARY KEY (at, id)",
      );
      await driver.execute(
        "CREATE FUNCTION IF NOT EXISTS testkit.plus_one (x int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS 'return x + 1;'",
      );
      await driver.execute(
        "INSERT INTO testkit.zones (id, at) VALUES (testkit.plus_one(1), '2026-01-02 03:04:05')",
      );
      return (await driver.execute("SELECT id, at FROM testkit.zones_by_at")).rows.map((row) => row.values());
    });
    expect(A).toEqual([[2, new Date("2026-01-02T03:04:05Z")]]);
    expect(B).toEqual([[2, new Date("2026-01-02T08:04:05Z")]]);
  });

  it("refuses a keyspace name that is more than a name", async () => {
    const creating = createTestKeyspace(inject("cassandra"), "x; DROP KEYSPACE testkit");
    await expect(creating).rejects.toBeInstanceOf(TypeError);
  });
});

describe("a node of a pair that may be killed", () => {
  let pair: CassandraPair;

  beforeAll(async () => {
    pair = await startCassandraPair({ killable: true });
    await createTestKeyspace(pair, "testkit");
  });

  afterAll(() => pair?.close());

  it("keeps its address, and every row it has acknowledged, when it is killed and started again", async () => {
    const { contactPoint } = pair.B;
    const acknowledged: number[] = [];
    const client = await createTable(pair.B);
    let next = 0;
    const writeUntilFailure = async () => {
      for (;;) {
        const id = next++;
        await client.execute(INSERT, [id, "v".repeat(100)], { prepare: true });
        acknowledged.push(id);
      }
    };
    const writers = Array.from({ length: 16 }, () => writeUntilFailure().catch(() => {}));
    await waitFor(() => acknowledged.length >= 2_000, {
      timeoutMs: 30_000,
      describe: "2,000 rows are written",
    });
    await pair.B.kill();
    await Promise.all(writers);
    await expect(connect(pair.B)).rejects.toThrow();
    await pair.B.start();

    const found = new Set(await ids(await connect(pair.B)));
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
    expect(pair.B.contactPoint).toBe(contactPoint);
  });

  it("answers nothing while it is paused, though it accepts, and goes on when it is resumed", async () => {
    const client = await createTable(pair.A);
    await pair.A.pause();
    await expect(client.execute(INSERT, [1, "a"], { prepare: true })).rejects.toThrow("timeout");
    await pair.A.resume();
    await client.execute(INSERT, [2, "b"], { prepare: true });
    expect(await ids(client)).toContain(2);
  });

  it("can be killed while it is paused, and twice", async () => {
    await pair.A.pause();
    await pair.A.kill();
    await pair.A.kill();
    await expect(pair.A.resume()).rejects.toThrow("not running");
    await pair.A.start();
    await connect(pair.A);
  });
});
