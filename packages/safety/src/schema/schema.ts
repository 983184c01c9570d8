import type { CqlType } from "./cql-type.ts";

/** What is known of the keyspaces of a cluster. */
export interface Schema {
  /** Undefined where nothing is known of it, or where there is none: both forbid to guess. */
  keyspace(name: string): KeyspaceSchema | undefined;
}

export interface KeyspaceSchema {
  readonly name: string;
  /** Materialized views as well. */
  readonly tables: ReadonlyMap<string, TableSchema>;
  readonly types: ReadonlyMap<string, UserType>;
  /** The names of user-defined functions and aggregates, whatever their arguments. */
  readonly functions: ReadonlySet<string>;
}

export interface TableSchema {
  readonly keyspace: string;
  readonly name: string;
  readonly isView: boolean;
  readonly isCounter: boolean;
  /** A version 1 UUID: it carries the time of CREATE, and differs between clusters. Unknown from a text. */
  readonly id?: string | undefined;
  /** Seconds; 0: none. */
  readonly defaultTtlSeconds: number;
  readonly gcGraceSeconds: number;
  /** `transactional_mode`; undefined where the server has none. */
  readonly transactionalMode?: string | undefined;
  readonly columns: ReadonlyMap<string, ColumnSchema>;
}

export interface ColumnSchema {
  readonly name: string;
  readonly type: CqlType;
  readonly kind: "partition" | "clustering" | "static" | "regular";
  /** Where a column of this name was dropped before: the cluster hides what was written until then. Milliseconds since 1970, by its clock. */
  readonly droppedAtMs?: number | undefined;
}

/** A user-defined type. */
export interface UserType {
  readonly name: string;
  readonly fields: ReadonlyMap<string, CqlType>;
}

/** What a table has that says nothing: ten days. */
export const DEFAULT_GC_GRACE_SECONDS = 864_000;

/** Such a table has no other columns beside its key. */
export function isCounterTable(columns: TableSchema["columns"]): boolean {
  return [...columns.values()].some(({ type }) => type.kind === "native" && type.name === "counter");
}
