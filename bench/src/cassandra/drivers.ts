import { type CassandraPair, createTestKeyspace } from "@helix/testkit";
import { Client, types } from "cassandra-driver";

export const KEYSPACE = "bench";
export const INSERT = `INSERT INTO ${KEYSPACE}.t (id, a, b, c) VALUES (?, ?, ?, ?)`;

/** Four columns of some hundred bytes. */
export function fourColumns(id: number): unknown[] {
  return [id, "about a hundred bytes of text, as rows have them", types.Long.fromNumber(id), new Date()];
}

export interface Address {
  readonly contactPoint: string;
  readonly localDataCenter: string;
}

/** What the driver is given, ours and theirs alike. */
export function driverOptions({ contactPoint, localDataCenter }: Address) {
  return { contactPoints: [contactPoint], localDataCenter, protocolOptions: { maxVersion: 4 } };
}

export type Clusters = Readonly<Record<"A" | "B", ReturnType<typeof driverOptions>>>;

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

/** The table that the rows go to, on both. */
export async function createTable(pair: CassandraPair): Promise<void> {
  await createTestKeyspace(pair, KEYSPACE);
  await using raw = await rawDrivers({ A: driverOptions(pair.A), B: driverOptions(pair.B) });
  for (const driver of [raw.A, raw.B]) {
    await driver.execute(
      `CREATE TABLE IF NOT EXISTS ${KEYSPACE}.t (id int PRIMARY KEY, a text, b bigint, c timestamp)`,
    );
  }
}
