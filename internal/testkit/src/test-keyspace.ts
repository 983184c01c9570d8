import type { CassandraAddress } from "./cassandra/cassandra-node.ts";
import { onBoth } from "./on-both.ts";

/**
 * Makes sure that both clusters have the keyspace, which a test file takes for its own: TRUNCATE its tables
 * between tests, and never drop it (six times the time). On clusters from the environment it may hold the
 * last run's rows. Rejects with a TypeError for a name that is not lower-case letters, digits and `_`.
 */
export async function createTestKeyspace(
  pair: { readonly A: CassandraAddress; readonly B: CassandraAddress },
  name: string,
): Promise<void> {
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(name)) {
    throw new TypeError(`Expected \`name\` to be 1 to 48 of a-z, 0-9 and _, a letter first, got \`${name}\``);
  }
  const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
  await onBoth(pair, (driver) =>
    driver.execute(`CREATE KEYSPACE IF NOT EXISTS ${name} WITH replication = ${replication}`),
  );
}
