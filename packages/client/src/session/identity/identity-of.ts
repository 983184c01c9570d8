import type { ClusterIdentity } from "@helix/core";
import type { Client } from "cassandra-driver";
import { nodesOf } from "../driver-internals/index.ts";

const READ_TIMEOUT_MS = 2_000;
const MAX_NAME = 256;

/** Which cluster a session leads to, by what the driver has learnt of its nodes. Without any where the servers tell no ids. */
export function identityOf(client: Client): ClusterIdentity {
  const nodes = nodesOf(client);
  const dataCenters = [...new Set(nodes.map(({ dataCenter }) => dataCenter))].sort();
  return { dataCenters, hosts: nodes.map(({ hostId }) => hostId).sort() };
}

/** The same with its `cluster_name`, which is for people only: no failure matters. */
export async function namedIdentity(client: Client, identity: ClusterIdentity): Promise<ClusterIdentity> {
  try {
    const query = "SELECT cluster_name FROM system.local WHERE key = 'local'";
    const { rows } = await client.execute(query, [], { prepare: false, readTimeout: READ_TIMEOUT_MS });
    const name: unknown = rows[0]?.cluster_name;
    return typeof name === "string" ? { name: name.slice(0, MAX_NAME), ...identity } : identity;
  } catch {
    return identity;
  }
}
