import { type CassandraAddress, onBoth } from "@helix/testkit";
import type { Client } from "cassandra-driver";

/** Every cell of a table with its write time, as text, of each cluster; whatever columns it has there. */
export function allCells(
  pair: Readonly<Record<"A" | "B", CassandraAddress>>,
  keyspace: string,
  table: string,
): Promise<Record<"A" | "B", string[]>> {
  return onBoth(pair, async (driver) => {
    const columns = await columnsOf(driver, keyspace, table);
    const query = `SELECT ${columns.join(", ")} FROM ${keyspace}.${table}`;
    const rows: string[] = [];
    for await (const row of await driver.execute(query, [], { prepare: true })) {
      rows.push(columns.map((column, at) => `${column} ${JSON.stringify(row.values()[at])}`).join(", "));
    }
    return rows.sort();
  });
}

/** Keys as they are, and of all others the write time as well. */
async function columnsOf(driver: Client, keyspace: string, table: string): Promise<string[]> {
  const query =
    "SELECT column_name, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?";
  const { rows } = await driver.execute(query, [keyspace, table], { prepare: true });
  return rows
    .flatMap((row) => {
      const name: string = row.get("column_name");
      return row.get("kind") === "regular" ? [name, `WRITETIME(${name})`] : [name];
    })
    .sort();
}
