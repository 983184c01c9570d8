import { Client } from "cassandra-driver";
import type { CassandraAddress } from "./cassandra/cassandra-node.ts";

/**
 * Makes sure that both clusters have the keyspace, which a test file takes for its own: TRUNCATE its tables between
 * tests, and never drop it (six times the time). On clusters from the environment it may hold the last run's rows.
 * Rejects with a TypeError for a name that is not lower-case letters, digits and `_`.
 */
export async function createTestKeyspace(
  pair: { readonly A: CassandraAddress; readonly B: CassandraAddress },
  name: string,
): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(name)) {
    throw new TypeError(`Expected \`name\` to be 1 to 48 of a-z, 0-9 and _, a letter first, got \`${name}\``);
  }
  await Promise.all([pair.A, pair.B].map((cluster) => createKeyspace(cluster, name)));
}

async function createKeyspace(
  { contactPoint, localDataCenter }: CassandraAddress,
  name: string,
): Promise<void> {
  const client = new Client({
    contactPoints: [contactPoint],
    localDataCenter,
    protocolOptions: { maxVersion: 4 },
    socketOptions: { readTimeout: 30_000 },
  });
  try {
    await client.execute(
      `CREATE KEYSPACE IF NOT EXISTS ${name} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    );
  } finally {
    await client.shutdown();
  }
}
