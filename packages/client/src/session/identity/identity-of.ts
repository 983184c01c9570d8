import type { ClusterIdentity } from "@helix/core";
import type { Client } from "cassandra-driver";
import { nodesOf } from "../driver-internals/index.ts";

const READ_TIMEOUT_MS = 2_000;
const MAX_NAME = 256;

/**
 * Which cluster a session leads to: its name, and what the driver has learnt of its nodes. Without any where the servers tell no
 * ids. Never rejects.
 */
export async function identityOf(client: Client): Promise<ClusterIdentity> {
  const name = await nameOf(client);
  const nodes = nodesOf(client);
  const dataCenters = [...new Set(nodes.map(({ dataCenter }) => dataCenter))].sort();
  return { name, dataCenters, hosts: nodes.map(({ hostId }) => hostId).sort() };
}

async function nameOf(client: Client): Promise<string | undefined> {
  try {
    const query = "SELECT cluster_name FROM system.local WHERE key = 'local'";
    const { rows } = await client.execute(query, [], { prepare: false, readTimeout: READ_TIMEOUT_MS });
    const name: unknown = rows[0]?.cluster_name;
    return typeof name === "string" ? name.slice(0, MAX_NAME) : undefined;
  } catch {
    return undefined;
  }
}
