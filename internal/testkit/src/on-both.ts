import { Client } from "cassandra-driver";
import type { CassandraAddress } from "./cassandra/cassandra-node.ts";

type Address = Pick<CassandraAddress, "contactPoint" | "localDataCenter">;

/** Runs something on a cluster through a plain driver session that lives as long as that takes. */
export async function withDriver<T>(address: Address, run: (driver: Client) => Promise<T>): Promise<T> {
  const driver = new Client({
    contactPoints: [address.contactPoint],
    localDataCenter: address.localDataCenter,
    protocolOptions: { maxVersion: 4 },
    // Schema changes and full scans take longer than the driver waits for.
    socketOptions: { readTimeout: 60_000 },
  });
  try {
    await driver.connect();
    return await run(driver);
  } finally {
    await driver.shutdown();
  }
}

/** The same on both clusters at once, past everything that a test has put in between. */
export async function onBoth<T>(
  pair: Readonly<Record<"A" | "B", Address>>,
  run: (driver: Client) => Promise<T>,
): Promise<Record<"A" | "B", T>> {
  const [A, B] = await Promise.all([withDriver(pair.A, run), withDriver(pair.B, run)]);
  return { A, B };
}
