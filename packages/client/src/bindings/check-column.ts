import { type ValueKind, valueKind } from "@helix/core/internal";
import {
  type ColumnEncoding,
  type ColumnType,
  type Structure,
  scalarCode,
  structureOf,
} from "./column-type.ts";
import { ANY_MODE } from "./driver-encoder.ts";
import { type Rule, SCALARS } from "./scalar-columns.ts";

/** What is wrong with a value for its column, and where in it. Names types, never the value. */
export interface ColumnFault {
  readonly what: string;
  /** The CQL type that does not take it. */
  readonly type: string;
  readonly at: string;
  /** Whether a change of the schema may make it right. */
  readonly curable?: true;
}

/**
 * What the driver would corrupt without a word, or refuse, if it bound the value to a column of the type.
 * Values that no column takes are `assertBindable`'s. Null, unset and a Buffer go to any column as they are.
 */
export function columnFault(
  value: unknown,
  type: ColumnType,
  encoding: ColumnEncoding,
): ColumnFault | undefined {
  const kind = valueKind(value);
  if (kind === undefined || kind === "buffer" || isNothing(kind)) return undefined;
  const structure = structureOf(type);
  if (structure !== undefined)
    return STRUCTURES[structure.kind](value as never, kind, structure as never, encoding);
  const scalar = SCALARS[scalarCode(type)];
  if (scalar === undefined) return undefined;
  const rule = scalar.takes[kind] as Rule<unknown> | undefined;
  const what = rule === undefined ? NAMES[kind] : rule(value, encoding);
  return what === undefined ? undefined : { what, type: scalar.name, at: "" };
}

function isNothing(kind: ValueKind | undefined): boolean {
  return kind === "null" || kind === "undefined" || kind === "unset";
}

type Check<K extends Structure["kind"]> = (
  value: never,
  kind: ValueKind,
  structure: Extract<Structure, { kind: K }>,
  encoding: ColumnEncoding,
) => ColumnFault | undefined;

const STRUCTURES: { readonly [K in Structure["kind"]]: Check<K> } = {
  list: (value: unknown[], kind, { item }, encoding) =>
    kind === "array" ? itemsFault(value, item, encoding) : refused(kind, "list"),
  set: (value: Iterable<unknown>, kind, { item }, encoding) => {
    if (kind === "array" || isInstance(value, encoding.set)) return itemsFault([...value], item, encoding);
    return refused(kind, "set", kind === "set" ? ", without the driver's option `set`" : "");
  },
  map: (value: object, kind, { key, value: item }, encoding) => {
    const isMap = kind === "map" && isInstance(value, encoding.map);
    if (!isMap && kind !== "object") {
      return refused(kind, "map", kind === "map" ? ", without the driver's option `map`" : "");
    }
    // The driver asks the object itself which properties are its own.
    if (!isMap && Object.hasOwn(value, "hasOwnProperty")) {
      return { what: "an object with a key that the driver cannot read", type: "map", at: "" };
    }
    const entries = isMap ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
    return (
      itemsFault(
        entries.map(([name]) => name),
        key,
        encoding,
        ".keys",
      ) ??
      itemsFault(
        entries.map(([, content]) => content),
        item,
        encoding,
        ".values",
      )
    );
  },
  tuple: ({ elements }: { elements: unknown[] }, kind, { items }, encoding) => {
    if (kind !== "tuple") return refused(kind, "tuple");
    if (elements.length > items.length) {
      return { what: `a Tuple of ${elements.length} elements`, type: `tuple of ${items.length}`, at: "" };
    }
    return firstFault(elements, (element, index) => {
      // Sent with the length that means unset, which exists outside of a tuple only.
      if (element === null) return undefined;
      if (isNothing(valueKind(element))) return refused(valueKind(element) as ValueKind, "tuple element");
      return partFault(element, items[index] as ColumnType, encoding);
    });
  },
  udt: (value: Record<string, unknown>, kind, { fields }, encoding) => {
    if (kind !== "object") return refused(kind, UDT);
    const types = new Map(fields.map(({ name, type }) => [name, type]));
    let position = 0;
    for (const name of Object.keys(value)) {
      const type = types.get(name);
      if (type === undefined)
        return { what: "a field that it does not have", type: UDT, at: `{${position}}`, curable: true };
      const fault = partFault(value[name], type, encoding);
      if (fault !== undefined) return { ...fault, at: `.${name}${fault.at}` };
      position++;
    }
    const hidden = fields.find(({ name }) => name in value && !isEnumerable.call(value, name));
    return hidden && { what: "of its class only, and no queue keeps it", type: UDT, at: `.${hidden.name}` };
  },
  vector: (value: Iterable<unknown>, kind, { item, dimension }, encoding) => {
    if (kind !== "vector" && kind !== "float32Array") return refused(kind, "vector");
    const elements = [...value];
    if (elements.length !== dimension) {
      return {
        what: `${NAMES[kind]} of ${elements.length} elements`,
        type: `vector of ${dimension}`,
        at: "",
      };
    }
    return (
      itemsFault(elements, item, encoding) ?? sizesFault(elements, ANY_MODE.serializationSizeIfFixed(item))
    );
  },
};

const { propertyIsEnumerable: isEnumerable } = Object.prototype;

const UDT = "user-defined type";

function refused(kind: ValueKind, type: string, why = ""): ColumnFault {
  return { what: NAMES[kind] + why, type, at: "" };
}

function isInstance(value: unknown, type: unknown): boolean {
  return typeof type === "function" && value instanceof type;
}

/** Elements of collections and vectors, none of which may be null. */
function itemsFault(
  items: readonly unknown[],
  type: ColumnType,
  encoding: ColumnEncoding,
  prefix = "",
): ColumnFault | undefined {
  return firstFault(
    items,
    (item) =>
      isNothing(valueKind(item))
        ? refused(valueKind(item) as ValueKind, "element")
        : partFault(item, type, encoding),
    prefix,
  );
}

/** Elements of a fixed size follow each other without their lengths: raw bytes of another shift the rest. */
function sizesFault(elements: readonly unknown[], size: number): ColumnFault | undefined {
  if (size < 0) return undefined;
  return firstFault(elements, (element) =>
    Buffer.isBuffer(element) && element.length !== size
      ? { what: `a Buffer of ${element.length} bytes`, type: `element of ${size} bytes`, at: "" }
      : undefined,
  );
}

/** Of a list without elements the driver makes null: the same for a column, another value within one. */
function partFault(value: unknown, type: ColumnType, encoding: ColumnEncoding): ColumnFault | undefined {
  const kind = structureOf(type)?.kind;
  if ((kind === "list" || kind === "set") && isEmpty(value) && !encoding.either) {
    return {
      what: `an empty ${kind} within another value, where the driver makes null of it`,
      type: kind,
      at: "",
    };
  }
  return columnFault(value, type, encoding);
}

export function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : value instanceof Set && value.size === 0;
}

/** The path is put together on the way back, so that a good value costs nothing. */
function firstFault(
  items: readonly unknown[],
  faultOf: (item: unknown, index: number) => ColumnFault | undefined,
  prefix = "",
): ColumnFault | undefined {
  for (let index = 0; index < items.length; index++) {
    const fault = faultOf(items[index], index);
    if (fault !== undefined) return { ...fault, at: `${prefix}[${index}]${fault.at}` };
  }
  return undefined;
}

const NAMES: Readonly<Record<ValueKind, string>> = {
  null: "null",
  undefined: "undefined",
  unset: "unset",
  boolean: "a boolean",
  number: "a number",
  bigint: "a bigint",
  string: "a string",
  buffer: "a Buffer",
  date: "a Date",
  long: "a Long",
  integer: "an Integer",
  decimal: "a BigDecimal",
  uuid: "a Uuid",
  timeuuid: "a TimeUuid",
  inet: "an InetAddress",
  localDate: "a LocalDate",
  localTime: "a LocalTime",
  duration: "a Duration",
  tuple: "a Tuple",
  vector: "a Vector",
  float32Array: "a Float32Array",
  map: "a Map",
  set: "a Set",
  array: "an array",
  object: "an object",
};
