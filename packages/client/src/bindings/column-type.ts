import { isDeepStrictEqual } from "node:util";
import { ANY_MODE } from "./driver-encoder.ts";

/** A CQL type as the driver's prepared metadata gives it. */
export interface ColumnType {
  readonly code: number;
  /** Of what a collection, tuple, user-defined or custom type consists. */
  readonly info?: unknown;
}

/** The driver's `ClientOptions.encoding`, as far as it decides what can be bound. */
export interface ColumnEncoding {
  readonly useBigIntAsLong?: boolean | undefined;
  readonly useBigIntAsVarint?: boolean | undefined;
  /** Of a value that another session bound, or Go: of two ways to bind it either is right, and `adaptValues` settles it. */
  readonly either?: boolean | undefined;
  /** The class of maps: without it, a JavaScript Map is sent as an empty one. */
  readonly map?: unknown;
  /** The class of sets: without it, a set is an array. */
  readonly set?: unknown;
}

/** The protocol's numbers of the CQL types. */
export const CQL = Object.freeze({
  custom: 0x00,
  ascii: 0x01,
  bigint: 0x02,
  blob: 0x03,
  boolean: 0x04,
  counter: 0x05,
  decimal: 0x06,
  double: 0x07,
  float: 0x08,
  int: 0x09,
  text: 0x0a,
  timestamp: 0x0b,
  uuid: 0x0c,
  varchar: 0x0d,
  varint: 0x0e,
  timeuuid: 0x0f,
  inet: 0x10,
  date: 0x11,
  time: 0x12,
  smallint: 0x13,
  tinyint: 0x14,
  duration: 0x15,
  list: 0x20,
  map: 0x21,
  set: 0x22,
  udt: 0x30,
  tuple: 0x31,
} as const);

/** What a type consists of, where it consists of others. */
export type Structure =
  | { readonly kind: "list" | "set"; readonly item: ColumnType }
  | { readonly kind: "map"; readonly key: ColumnType; readonly value: ColumnType }
  | { readonly kind: "tuple"; readonly items: readonly ColumnType[] }
  | { readonly kind: "udt"; readonly fields: readonly { readonly name: string; readonly type: ColumnType }[] }
  | { readonly kind: "vector"; readonly item: ColumnType; readonly dimension: number };

/** Undefined for a type that consists of nothing else, or does not say of what. */
export function structureOf({ code, info }: ColumnType): Structure | undefined {
  if (info === undefined || info === null || (typeof info === "string" && code !== CQL.custom))
    return undefined;
  switch (code) {
    case CQL.list:
      return { kind: "list", item: info as ColumnType };
    case CQL.set:
      return { kind: "set", item: info as ColumnType };
    case CQL.map: {
      const [key, value] = info as [ColumnType, ColumnType];
      return { kind: "map", key, value };
    }
    case CQL.tuple:
      return { kind: "tuple", items: info as ColumnType[] };
    case CQL.udt:
      return { kind: "udt", fields: (info as { fields: { name: string; type: ColumnType }[] }).fields };
    case CQL.custom:
      return vectorOf(info);
    default:
      return undefined;
  }
}

const VECTOR = "org.apache.cassandra.db.marshal.VectorType";
const DURATION = "org.apache.cassandra.db.marshal.DurationType";

/** Prepared metadata has the name of a class for it; what the driver makes of a CQL name is taken apart. */
function vectorOf(info: unknown): Structure | undefined {
  if (typeof info === "string") {
    return info.startsWith(VECTOR) ? vectorOf(ANY_MODE.parseFqTypeName(info).info) : undefined;
  }
  if (!Array.isArray(info)) return undefined;
  const [item, dimension] = info as [ColumnType, number];
  return { kind: "vector", item, dimension };
}

/** By the types of one statement, of which each session has an array of its own: those that they were last compared with. */
const compared = new WeakMap<Types, { readonly others: Types; readonly areSame: boolean }>();

type Types = readonly (ColumnType | undefined)[];

/** Whether values are the same bytes for both. */
export function areSameTypes(types: Types, others: Types): boolean {
  if (types === others) return true;
  const known = compared.get(types);
  if (known?.others === others) return known.areSame;
  const areSame = isDeepStrictEqual(types, others);
  compared.set(types, { others, areSame });
  return areSame;
}

/** The code of a type that is only a name to protocol 4. */
export function scalarCode({ code, info }: ColumnType): number {
  return code === CQL.custom && info === DURATION ? CQL.duration : code;
}
