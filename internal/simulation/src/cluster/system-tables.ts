import { TABLES } from "./statements.ts";

type Row = Readonly<Record<string, unknown>>;

/** What the model's nodes say of themselves and of their tables, as the driver gives it: the rows of a query of it. */
export function systemRows(query: string, wallMs: number): readonly Row[] {
  if (query.includes("FROM system.local")) {
    return [{ key: "local", schema_version: "1", now: { getDate: () => new Date(wallMs) } }];
  }
  const table = query.split("FROM system_schema.")[1]?.split(" ")[0];
  return ROWS[table ?? ""] ?? [];
}

const NAMES = TABLES.map((name, at) => {
  const [keyspace_name, table_name] = name.split(".");
  return { keyspace_name, table_name, at };
});

const ROWS: Readonly<Record<string, readonly Row[]>> = {
  tables: NAMES.map(({ at, ...names }) => ({
    ...names,
    // Of 2020: long before anything that is written.
    id: `a4f0000${at}-2c2a-11ea-8000-000000000000`,
    default_time_to_live: 0,
    gc_grace_seconds: 864_000,
    flags: ["compound"],
  })),
  columns: NAMES.flatMap(({ at, ...names }) => [
    { ...names, column_name: "id", kind: "partition_key", type: "text" },
    { ...names, column_name: "v", kind: "regular", type: "text" },
    { ...names, column_name: "w", kind: "regular", type: "text" },
  ]),
};
