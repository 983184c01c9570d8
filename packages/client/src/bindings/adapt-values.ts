import { type ValueKind, valueKind } from "@helix/core/internal";
import { types } from "cassandra-driver";
import { isEmpty } from "./check-column.ts";
import { type ColumnType, CQL, type Structure, structureOf } from "./column-type.ts";
import { driverEncoder } from "./driver-encoder.ts";
import { invalidValue } from "./invalid-value.ts";
import { longBytes, longToBigint } from "./long.ts";
import { decimalOf, MAX_NUMBER_LENGTH, varintBytes, varintOf } from "./number-bytes.ts";
import type { Positions } from "./positions.ts";

/**
 * Values for a session of any `encoding` options, whichever those of the one that bound them: the same CQL bytes. A
 * session that takes bigint refuses Long and number for the same column, and the other way round; one without
 * the driver's option for maps sends a JavaScript Map as an empty one.
 *
 * What only some modes take becomes the bytes that CQL has for it, which every session sends as they are; a
 * Set becomes an array, and undefined is unset. All else is passed on. The values themselves are not changed.
 *
 * @param columns Types of the markers, as the prepared metadata of the target has them. A value without type is passed on.
 * @throws HelixError HELIX_PAYLOAD_INVALID for a value that no session could send.
 */
export function adaptValues(
  { values, pathOf }: Positions,
  columns: readonly (ColumnType | undefined)[],
): unknown[] {
  return values.map((value, position) => {
    // What it means here, whatever the session's option for it.
    if (value === undefined) return types.unset;
    const type = columns[position];
    return type === undefined ? value : adapted(value, type, () => pathOf(position), "the driver refuses it");
  });
}

/**
 * Values with the bytes of numbers for which the driver takes the square of their length: texts and bigints for varint and decimal. All
 * other columns get what they are given.
 *
 * @throws HelixError HELIX_PAYLOAD_INVALID for a text of more than 10,000 characters for such a column, and for a long one that is no number.
 */
export function numbersAsBytes(
  { values, pathOf }: Positions,
  columns: readonly (ColumnType | undefined)[],
): readonly unknown[] {
  if (!columns.some(takesNumbers)) return values;
  return values.map((value, position) => {
    const type = columns[position];
    const isNumber = type !== undefined && value !== undefined && takesNumbers(type);
    return isNumber ? adapted(value, type, () => pathOf(position), NO_NUMBER) : value;
  });
}

const NO_NUMBER = `it is no number, or one of more than ${MAX_NUMBER_LENGTH} characters`;

/** By the type, of which the driver keeps one for each column of a prepared statement. */
const NUMBERS = new WeakMap<ColumnType, boolean>();

/** Whether a varint or a decimal is in it. */
export function takesNumbers(type: ColumnType | undefined): boolean {
  if (type === undefined) return false;
  if (type.code === CQL.varint || type.code === CQL.decimal) return true;
  const structure = structureOf(type);
  if (structure === undefined) return false;
  const known = NUMBERS.get(type);
  if (known !== undefined) return known;
  const takes = partsIn(structure).some(takesNumbers);
  NUMBERS.set(type, takes);
  return takes;
}

function partsIn(structure: Structure): readonly ColumnType[] {
  switch (structure.kind) {
    case "map":
      return [structure.key, structure.value];
    case "tuple":
      return structure.items;
    case "udt":
      return structure.fields.map(({ type }) => type);
    default:
      return [structure.item];
  }
}

function adapted(value: unknown, type: ColumnType, path: () => string, what: string): unknown {
  try {
    return normalize(value, type);
  } catch {
    // Without its cause: the driver's errors quote the value.
    throw invalidValue(path(), `Cannot bind \`${path()}\`: ${what}`);
  }
}

function normalize(value: unknown, type: ColumnType): unknown {
  const kind = valueKind(value);
  if (kind === undefined) return value;
  if (kind === "date" && type.code === CQL.date) return utcDay(value as Date);
  if (kind === "string" && type.code === CQL.varint) return varintOf(value as string);
  if (kind === "string" && type.code === CQL.decimal) return decimalOf(value as string);
  if (isInteger(kind) && INTEGERS.has(type.code)) return integerBytes(value, kind, type);
  const structure = structureOf(type);
  switch (structure?.kind) {
    case "list":
    case "set":
      return kind === "array" || kind === "set" ? each(value as Iterable<unknown>, structure.item) : value;
    case "map":
      return kind === "map" || kind === "object" ? normalizeMap(value as object, kind, type) : value;
    case "tuple":
      if (kind !== "tuple") return value;
      return types.Tuple.fromArray(
        (value as { elements: unknown[] }).elements.map((element, index) => {
          const item = structure.items[index];
          return item === undefined ? element : normalizePart(element, item);
        }),
      );
    case "udt": {
      if (kind !== "object") return value;
      const fields = { ...(value as Record<string, unknown>) };
      for (const { name, type } of structure.fields) {
        if (Object.hasOwn(fields, name)) fields[name] = normalizePart(fields[name], type);
      }
      return fields;
    }
    case "vector": {
      if (kind !== "vector" && kind !== "float32Array") return value;
      const elements = each(value as Iterable<unknown>, structure.item);
      return new types.Vector(elements, (value as { subtype?: string }).subtype);
    }
    default:
      return value;
  }
}

const EMPTY_COLLECTION = Buffer.alloc(4);

/** An empty list within another value is one in CQL; the driver would make null of it. */
function normalizePart(value: unknown, type: ColumnType): unknown {
  const kind = structureOf(type)?.kind;
  return (kind === "list" || kind === "set") && isEmpty(value) ? EMPTY_COLLECTION : normalize(value, type);
}

/** Go binds a time to a date, by its day in UTC; from here no such thing is queued. */
function utcDay(date: Date): types.LocalDate {
  return new types.LocalDate(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
}

/** Whose encoding depends on the mode; a timestamp takes a bigint in one of them. */
const INTEGERS: ReadonlySet<number> = new Set([CQL.bigint, CQL.counter, CQL.varint, CQL.timestamp]);

const PLAIN = driverEncoder({ map: Map });
const BIGINT = driverEncoder({ map: Map, useBigIntAsLong: true, useBigIntAsVarint: true });

function isInteger(kind: ValueKind): boolean {
  return kind === "number" || kind === "bigint" || kind === "long" || kind === "integer";
}

/** A Long may be bound to a varint here: Go's int64 may, and is read as one beyond 2^53. */
function integerBytes(value: unknown, kind: ValueKind, type: ColumnType): unknown {
  if (kind === "bigint" && type.code === CQL.varint) return varintBytes(value as bigint);
  if (kind === "long") return type.code === CQL.varint ? varintBytes(longToBigint(value)) : longBytes(value);
  return (kind === "bigint" ? BIGINT : PLAIN).encode(value, type);
}

function each(items: Iterable<unknown>, type: ColumnType): unknown[] {
  return Array.from(items, (item) => normalizePart(item, type));
}

/** Keys of an object are strings, which every mode takes. */
function normalizeMap(value: object, kind: ValueKind, type: ColumnType): unknown {
  const [keyType, itemType] = type.info as [ColumnType, ColumnType];
  if (kind === "object") {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, normalizePart(item, itemType)]),
    );
  }
  const entries = [...(value as Map<unknown, unknown>)];
  return PLAIN.encode(
    new Map(entries.map(([key, item]) => [normalizePart(key, keyType), normalizePart(item, itemType)])),
    type,
  );
}
