import { Client, types } from "cassandra-driver";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  type CassandraAddress,
  type CassandraPair,
  demoStatements as sql,
  startCassandraPair,
} from "../index.ts";

let pair: CassandraPair;
const clients: Client[] = [];

beforeEach(async () => {
  pair = await startCassandraPair({ provider: "simulation", allowSimulation: true });
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.shutdown()));
  await pair.close();
});

async function connect({ contactPoint, localDataCenter }: CassandraAddress): Promise<Client> {
  const client = new Client({
    contactPoints: [contactPoint],
    localDataCenter,
    socketOptions: { readTimeout: 300 },
  });
  clients.push(client);
  await client.execute(sql.CREATE_KEYSPACE);
  await client.execute(sql.CREATE_TABLE);
  return client;
}

const at = (micros: number) => ({ prepare: true, timestamp: types.Long.fromNumber(micros) });

async function rows(client: Client): Promise<Record<string, unknown>[]> {
  const found = await client.execute(sql.SELECT_ORDERS, [], { prepare: true });
  return found.rows.map((row) =>
    Object.fromEntries(
      found.columns.map(({ name }) => [
        name,
        types.Long.isLong(row[name]) ? row[name].toNumber() : row[name],
      ]),
    ),
  );
}

describe("the simulated pair", () => {
  it("says in plain words that it is a simulation", () => {
    expect(pair.description).toMatch(/^SIMULATION, not Cassandra/);
    expect(pair.source).toBe("simulation");
  });

  it("keeps the demo's writes, each cell with its write time, on the one cluster that got them", async () => {
    const [a, b] = [await connect(pair.A), await connect(pair.B)];
    await a.execute(sql.INSERT_ORDER, [1, "Ann", 10, "first"], at(100));
    await a.execute(sql.UPDATE_ORDER, ["Bea", 20, 1], at(200));
    await a.execute(sql.INSERT_ORDER, [2, "Cy", 30, null], at(100));
    await a.execute(sql.DELETE_ORDER, [2], at(150));
    const order = { id: 1, customer: "Bea", amount: 20, note: "first" };
    const written = { customer_written: 200, amount_written: 200, note_written: 100 };
    expect(await rows(a)).toEqual([{ ...order, ...written }]);
    expect(await rows(b)).toEqual([]);
    await a.execute(sql.TRUNCATE_ORDERS);
    expect(await rows(a)).toEqual([]);
  });

  it("applies a batch at one timestamp, and none of it when one statement is refused", async () => {
    const client = await connect(pair.A);
    const insert = (id: number) => ({ query: sql.INSERT_ORDER, params: [id, "Ann", 1, "x"] });
    await client.batch([insert(1), insert(2), { query: sql.DELETE_ORDER, params: [2] }], at(7));
    const bad = { query: sql.DELETE_ORDER, params: [null] };
    await expect(client.batch([insert(3), bad], at(8))).rejects.toThrow("Invalid null value");
    expect((await rows(client)).map(({ id, note_written }) => [id, note_written])).toEqual([[1, 7]]);
  });

  it("refuses any other statement", async () => {
    const client = await connect(pair.A);
    await expect(client.execute("SELECT now() FROM helix_demo.orders")).rejects.toThrow(
      "demo's statements only",
    );
  });

  it("refuses connections while a node is killed, and has its rows when it is started again", async () => {
    const client = await connect(pair.A);
    await client.execute(sql.INSERT_ORDER, [1, "Ann", 10, "x"], at(100));
    await pair.A.kill();
    await expect(connect(pair.A)).rejects.toMatchObject({ name: "NoHostAvailableError" });
    await expect(pair.A.pause()).rejects.toThrow("not running");
    await pair.A.start();
    expect(await rows(await connect(pair.A))).toHaveLength(1);
  });

  it("answers nothing while a node is paused, and what has piled up afterwards", async () => {
    const client = await connect(pair.A);
    const insert = (id: number) => client.execute(sql.INSERT_ORDER, [id, "Ann", 10, "x"], at(100));
    await insert(1);
    await pair.A.pause();
    await expect(insert(2)).rejects.toThrow();
    await pair.A.resume();
    expect(await rows(client)).toHaveLength(2);
  });
});
