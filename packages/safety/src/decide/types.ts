import type { Name, Span } from "../cql/syntax.ts";
import type { CqlType } from "../schema/cql-type.ts";
import type { ColumnSchema, KeyspaceSchema, TableSchema, UserType } from "../schema/schema.ts";
import { missing, type Objection } from "./objection.ts";

/** A list whose elements are cells of their own: the one type that a second execution with the same timestamp adds to. */
export function isCellList(type: CqlType): boolean {
  return type.kind === "list" && !type.isFrozen;
}

/** A collection or user-defined type whose parts are cells of their own. */
export function hasCells(type: CqlType): boolean {
  switch (type.kind) {
    case "list":
    case "set":
    case "map":
    case "user":
      return !type.isFrozen;
    default:
      return false;
  }
}

export function columnOf(table: TableSchema, column: Name): ColumnSchema | Objection {
  return (
    table.columns.get(column.name) ??
    missing(
      column,
      "an unknown column",
      `As far as is known, ${table.keyspace}.${table.name} has no column ${column.name}.`,
    )
  );
}

export function userTypeOf(
  keyspace: KeyspaceSchema,
  type: CqlType & { kind: "user" },
  at: Pick<Span, "at">,
): UserType | Objection {
  return (
    keyspace.types.get(type.name) ??
    missing(at, "an unknown type", `As far as is known, ${keyspace.name} has no type ${type.name}.`)
  );
}

export function fieldOf(type: UserType, field: string, at: Pick<Span, "at">): CqlType | Objection {
  return (
    type.fields.get(field) ??
    missing(at, "an unknown field", `As far as is known, the type ${type.name} has no field ${field}.`)
  );
}

export function isObjection(found: object): found is Objection {
  return "reason" in found;
}
