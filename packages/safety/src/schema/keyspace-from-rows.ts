import type { CqlType } from "./cql-type.ts";
import { parseType } from "./parse-type.ts";
import {
  type ColumnSchema,
  DEFAULT_GC_GRACE_SECONDS,
  isCounterTable,
  type KeyspaceSchema,
  type TableSchema,
  type UserType,
} from "./schema.ts";

/** A row as the driver gives it: its columns by name. */
export type SchemaRow = Readonly<Record<string, unknown>>;

/** The rows of one keyspace in the tables of `system_schema`, each with all of its columns. */
export interface KeyspaceRows {
  readonly tables: readonly SchemaRow[];
  readonly columns: readonly SchemaRow[];
  /** @default none is known */
  readonly dropped_columns?: readonly SchemaRow[] | undefined;
  readonly views: readonly SchemaRow[];
  readonly types: readonly SchemaRow[];
  readonly functions: readonly SchemaRow[];
  readonly aggregates: readonly SchemaRow[];
}

/**
 * What `system_schema` says of a keyspace. Collections may be arrays or sets, and ids strings or objects, as the driver is set up. A type
 * that is not understood is a custom one, of which nothing is known.
 */
export function keyspaceFromRows(name: string, rows: KeyspaceRows): KeyspaceSchema {
  const columns = byTable(rows.columns);
  const dropped = byTable(rows.dropped_columns ?? []);
  const columnsOf = (table: string) => columnsFromRows(columns.get(table) ?? [], dropped.get(table) ?? []);
  const tables = new Map<string, TableSchema>();
  for (const row of rows.tables) {
    const table = String(row.table_name);
    tables.set(table, tableFromRows(name, table, false, row, columnsOf(table)));
  }
  for (const row of rows.views) {
    const view = String(row.view_name);
    tables.set(view, tableFromRows(name, view, true, row, columnsOf(view)));
  }
  return {
    name,
    tables,
    types: new Map(rows.types.map((row) => [String(row.type_name), userType(row)])),
    functions: new Set([
      ...rows.functions.map((row) => String(row.function_name)),
      ...rows.aggregates.map((row) => String(row.aggregate_name)),
    ]),
  };
}

function byTable(rows: readonly SchemaRow[]): Map<string, SchemaRow[]> {
  const tables = new Map<string, SchemaRow[]>();
  for (const row of rows) {
    const name = String(row.table_name);
    const table = tables.get(name);
    if (table === undefined) tables.set(name, [row]);
    else table.push(row);
  }
  return tables;
}

function tableFromRows(
  keyspace: string,
  name: string,
  isView: boolean,
  row: SchemaRow,
  columns: TableSchema["columns"],
): TableSchema {
  return {
    keyspace,
    name,
    isView,
    isCounter: isCounterTable(columns) || valuesOf(row.flags).includes("counter"),
    id: text(row.id),
    defaultTtlSeconds: Number(row.default_time_to_live ?? 0),
    gcGraceSeconds: Number(row.gc_grace_seconds ?? DEFAULT_GC_GRACE_SECONDS),
    transactionalMode: text(row.transactional_mode),
    columns,
  };
}

function columnsFromRows(rows: readonly SchemaRow[], dropped: readonly SchemaRow[]): TableSchema["columns"] {
  const times = new Map(dropped.map((row) => [String(row.column_name), timeOf(row.dropped_time)]));
  const columns = new Map<string, ColumnSchema>();
  for (const row of rows) {
    const name = String(row.column_name);
    const droppedAtMs = times.get(name);
    const column = { name, type: typeOf(row.type), kind: kindOf(row.kind) };
    columns.set(name, droppedAtMs === undefined ? column : { ...column, droppedAtMs });
  }
  return columns;
}

function timeOf(time: unknown): number | undefined {
  return time instanceof Date ? time.getTime() : undefined;
}

function userType(row: SchemaRow): UserType {
  const types = valuesOf(row.field_types);
  return {
    name: String(row.type_name),
    fields: new Map(valuesOf(row.field_names).map((field, at) => [String(field), typeOf(types[at])])),
  };
}

function typeOf(type: unknown): CqlType {
  return parseType(String(type)) ?? { kind: "custom", name: String(type) };
}

function kindOf(kind: unknown): ColumnSchema["kind"] {
  if (kind === "partition_key") return "partition";
  return kind === "clustering" || kind === "static" ? kind : "regular";
}

/** The driver has a list for an empty set as well, and null for none. */
function valuesOf(collection: unknown): unknown[] {
  return collection === null || collection === undefined ? [] : [...(collection as Iterable<unknown>)];
}

function text(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
