import { type AnyType, anyType, fieldTypes, keyType, userTypeOf } from "./any-type.ts";
import type { Dice } from "./dice.ts";

export interface AnyColumn {
  /** As CQL has it: in quotes where it needs them. */
  readonly name: string;
  readonly type: AnyType;
  readonly kind: "partition" | "clustering" | "static" | "regular";
}

export interface AnyTable {
  readonly name: string;
  readonly columns: readonly AnyColumn[];
  readonly isCounter: boolean;
  /** What makes it, and its type. */
  readonly statements: readonly string[];
}

/** Words that a reader may take for more than names. */
const NAMES = [
  "v",
  "ttl",
  "timestamp",
  "json",
  "counter",
  "list",
  "values",
  "key",
  "exists",
  '"if"',
  '"now()"',
  '"A ""b"" --"',
  "writetime",
  "uuid",
  "n",
];

/** A table of any types, with or without clustering and static columns, and a default TTL. */
export function anyTable(dice: Dice, name: string): AnyTable {
  const fields = fieldTypes(dice).map((type, index) => [`f${index}`, type] as const);
  const userType = userTypeOf(`${name}_type`, fields);
  const names = [...NAMES].sort(() => dice.random() - 0.5);
  const next = (kind: AnyColumn["kind"], type: AnyType): AnyColumn => ({
    name: names.pop() ?? "",
    kind,
    type,
  });
  const partition = dice.times(1, 2, () => next("partition", keyType(dice)));
  const clustering = dice.times(0, 2, () => next("clustering", keyType(dice)));
  const statics =
    clustering.length === 0 ? [] : dice.times(0, 2, () => next("static", anyType(dice, userType)));
  const regular = dice.times(3, 6, () => next("regular", anyType(dice, userType)));
  const columns = [...partition, ...clustering, ...statics, ...regular];
  const defaultTtl = dice.pick([0, 0, 3, 5_000]);
  const defined = columns.map(
    (column) => `${column.name} ${column.type.cql}${column.kind === "static" ? " static" : ""}`,
  );
  return {
    name,
    columns,
    isCounter: false,
    statements: [
      `CREATE TYPE ${userType.cql} (${fields.map(([field, type]) => `${field} ${type.cql}`).join(", ")})`,
      `CREATE TABLE ${name} (${defined.join(", ")}, ${primaryKey(columns)}) WITH default_time_to_live = ${defaultTtl}`,
    ],
  };
}

/** A table of counters. */
export function counterTable(dice: Dice, name: string): AnyTable {
  const k: AnyColumn = { name: "k", kind: "partition", type: keyType(dice) };
  return {
    name,
    columns: [k],
    isCounter: true,
    statements: [`CREATE TABLE ${name} (k ${k.type.cql} PRIMARY KEY, hits counter)`],
  };
}

function primaryKey(columns: readonly AnyColumn[]): string {
  const named = (kind: AnyColumn["kind"]) =>
    columns.filter((column) => column.kind === kind).map(({ name }) => name);
  return `PRIMARY KEY (${[`(${named("partition").join(", ")})`, ...named("clustering")].join(", ")})`;
}
