import { Client, policies } from "cassandra-driver";

/** What a node says of itself. */
export interface NodeIdentity {
  readonly dataCenter: string;
  readonly version: string;
}

/** Asks system.local. Rejects with the driver's error where nobody answers in ten seconds. */
export async function readNodeIdentity(contactPoint: string): Promise<NodeIdentity> {
  const client = new Client({
    contactPoints: [contactPoint],
    protocolOptions: { maxVersion: 4 },
    // The only policy that does not ask for the data centre first.
    policies: { loadBalancing: new policies.loadBalancing.RoundRobinPolicy() },
    socketOptions: { connectTimeout: 10_000, readTimeout: 10_000 },
  });
  try {
    const row = (await client.execute("SELECT data_center, release_version FROM system.local")).first();
    return { dataCenter: String(row?.get("data_center")), version: String(row?.get("release_version")) };
  } finally {
    await client.shutdown();
  }
}
