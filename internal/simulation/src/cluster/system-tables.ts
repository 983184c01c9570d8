import { LONG_GRACE_SECONDS } from "../scenario/scenario.ts";
import type { ModelCluster } from "./model-cluster.ts";

type Row = Readonly<Record<string, unknown>>;

/** What the nodes of a cluster say of themselves and of its tables, as the driver gives it: the rows of a query of it. */
export function systemRows(
  query: string,
  { wallMs, tables, graceSeconds }: Pick<ModelCluster, "wallMs" | "tables" | "graceSeconds">,
): Row[] {
  if (query.includes("FROM system.local")) {
    return [{ key: "local", schema_version: tables.join(), now: { getDate: () => new Date(wallMs) } }];
  }
  const kind = query.split("FROM system_schema.")[1]?.split(" ")[0];
  return tables.flatMap((table) => rowsOf(kind, table, graceSeconds[table] ?? LONG_GRACE_SECONDS));
}

function rowsOf(kind: string | undefined, table: string, gc_grace_seconds: number): Row[] {
  const [keyspace_name, table_name] = table.split(".");
  const names = { keyspace_name, table_name };
  if (kind === "columns") {
    return ["id", "v", "w"].map((column_name) => ({
      ...names,
      column_name,
      kind: column_name === "id" ? "partition_key" : "regular",
      type: "text",
    }));
  }
  if (kind !== "tables") return [];
  // Made in 2020: long before anything that is written.
  const id = `a4f0000${table.at(-1)}-2c2a-11ea-8000-000000000000`;
  return [{ ...names, id, default_time_to_live: 0, gc_grace_seconds, flags: ["compound"] }];
}
