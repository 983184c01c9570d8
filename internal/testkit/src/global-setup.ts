import type { TestProject } from "vitest/node";
import type { CassandraAddress } from "./cassandra/cassandra-node.ts";
import { startCassandraPair } from "./cassandra/start-cassandra-pair.ts";
import type {} from "./provided-context.ts";

/**
 * For vitest's `globalSetup`: one pair of real Cassandras for the whole run. A file that kills a node starts
 * its own.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const pair = await startCassandraPair({ onProgress: say });
  say(pair.description);
  project.provide("cassandra", {
    source: pair.source,
    description: pair.description,
    A: address(pair.A),
    B: address(pair.B),
  });
  return () => pair.close();
}

function address({ host, port, contactPoint, localDataCenter }: CassandraAddress): CassandraAddress {
  return { host, port, contactPoint, localDataCenter };
}
