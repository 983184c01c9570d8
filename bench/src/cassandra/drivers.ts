import { type CassandraPair, createTestKeyspace, onBoth } from "@helix/testkit";
import { Client, types } from "cassandra-driver";
import type { Run } from "../bench.ts";
import { Child } from "../measure/child.ts";

export const KEYSPACE = "bench";
export const COLUMNS = { id: "int", a: "text", b: "bigint", c: "timestamp" };
export const INSERT = `INSERT INTO ${KEYSPACE}.t (id, a, b, c) VALUES (?, ?, ?, ?)`;

/** Four columns of some hundred bytes. */
export function fourColumns(id: number): unknown[] {
  return [id, "about a hundred bytes of text, as rows have them", types.Long.fromNumber(id), new Date()];
}

interface Address {
  readonly contactPoint: string;
  readonly localDataCenter: string;
}

export type Clusters = Readonly<Record<"A" | "B", ReturnType<typeof driverOptions>>>;

/** What the driver is given, ours and theirs alike. */
export function driverOptions({ contactPoint, localDataCenter }: Address) {
  return { contactPoints: [contactPoint], localDataCenter, protocolOptions: { maxVersion: 4 } };
}

/** Two clusters that have the table: real ones, or in the short form what answers like them in a process of its own. */
export async function clustersWithTable(run: Run): Promise<Clusters & AsyncDisposable> {
  if (run.isShort) {
    const scripted = new Child(new URL("./scripted-process.ts", import.meta.url));
    const [a, b] = await scripted.ask<[Address, Address]>({});
    return {
      A: driverOptions(a),
      B: driverOptions(b),
      [Symbol.asyncDispose]: () => scripted[Symbol.asyncDispose](),
    };
  }
  const pair = await run.pair();
  await createTable(pair);
  return { A: driverOptions(pair.A), B: driverOptions(pair.B), async [Symbol.asyncDispose]() {} };
}

/** On both. */
export async function createTable(pair: CassandraPair): Promise<void> {
  await createTestKeyspace(pair, KEYSPACE);
  const columns = Object.entries(COLUMNS).map((column) => column.join(" "));
  await onBoth(pair, (driver) =>
    driver.execute(`CREATE TABLE IF NOT EXISTS ${KEYSPACE}.t (${columns.join(", ")}, PRIMARY KEY (id))`),
  );
}

/** Two drivers and nothing else. */
export async function rawDrivers(clusters: Clusters) {
  const [A, B] = [new Client(clusters.A), new Client(clusters.B)];
  await Promise.all([A.connect(), B.connect()]);
  return {
    A,
    B,
    async [Symbol.asyncDispose]() {
      await Promise.all([A.shutdown(), B.shutdown()]);
    },
  };
}
