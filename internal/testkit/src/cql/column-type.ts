import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

const SCALARS = {
  ascii: 0x01,
  bigint: 0x02,
  blob: 0x03,
  boolean: 0x04,
  counter: 0x05,
  decimal: 0x06,
  double: 0x07,
  float: 0x08,
  int: 0x09,
  timestamp: 0x0b,
  uuid: 0x0c,
  text: 0x0d,
  varint: 0x0e,
  timeuuid: 0x0f,
  inet: 0x10,
  date: 0x11,
  time: 0x12,
  smallint: 0x13,
  tinyint: 0x14,
  duration: 0x15,
} as const;

/** A CQL type, in the words of CQL. `custom` is a Java class name, which is how vectors travel. */
export type ColumnType =
  | keyof typeof SCALARS
  | { readonly list: ColumnType }
  | { readonly set: ColumnType }
  | { readonly map: readonly [key: ColumnType, value: ColumnType] }
  | { readonly tuple: readonly ColumnType[] }
  | { readonly udt: UserType }
  | { readonly custom: string };

/** A user-defined type. */
export interface UserType {
  readonly keyspace: string;
  readonly name: string;
  readonly fields: readonly Column[];
}

/** A column of a result, or a bind marker of a prepared statement. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** Writes the type as the protocol's [option]. */
export function writeColumnType(to: WireWriter, type: ColumnType): void {
  if (typeof type === "string") to.short(SCALARS[type]);
  else if ("custom" in type) to.short(0x00).string(type.custom);
  else if ("list" in type) writeColumnType(to.short(0x20), type.list);
  else if ("set" in type) writeColumnType(to.short(0x22), type.set);
  else if ("map" in type) {
    writeColumnType(to.short(0x21), type.map[0]);
    writeColumnType(to, type.map[1]);
  } else if ("tuple" in type) {
    to.short(0x31).short(type.tuple.length);
    for (const part of type.tuple) writeColumnType(to, part);
  } else {
    to.short(0x30).string(type.udt.keyspace).string(type.udt.name).short(type.udt.fields.length);
    for (const field of type.udt.fields) writeColumnType(to.string(field.name), field.type);
  }
}

const NAMES: ReadonlyMap<number, keyof typeof SCALARS> = new Map(
  Object.entries(SCALARS).map(([name, code]) => [code, name as keyof typeof SCALARS]),
);

/** Reads a type as the protocol's [option] has it. */
export function readColumnType(from: WireReader): ColumnType {
  const code = from.short();
  switch (code) {
    case 0x00:
      return { custom: from.string() };
    case 0x20:
      return { list: readColumnType(from) };
    case 0x21:
      return { map: [readColumnType(from), readColumnType(from)] };
    case 0x22:
      return { set: readColumnType(from) };
    case 0x30:
      return {
        udt: {
          keyspace: from.string(),
          name: from.string(),
          fields: times(from.short(), () => ({ name: from.string(), type: readColumnType(from) })),
        },
      };
    case 0x31:
      return { tuple: times(from.short(), () => readColumnType(from)) };
    default:
      return NAMES.get(code) ?? { custom: `type ${code}` };
  }
}

const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
