import type { Params } from "@helix/core";
import { type ValueKind, valueKind } from "@helix/core/internal";
import { type ParamKey, paramOf, paramPath, typeOf } from "./columns/check-columns.ts";
import { type ColumnType, CQL, type StatementTypes, structureOf } from "./columns/column-type.ts";
import { driverEncoder } from "./columns/driver-encoder.ts";
import { longToBigint, tupleFromElements, vectorFromElements } from "./driver-values.ts";
import { invalid } from "./invalid.ts";

/**
 * Decoded parameters for a client of any `encoding` options, whichever those of the client that bound them:
 * the same CQL bytes. A client that takes bigint refuses Long and number for the same column, and the other
 * way round; a client without its option for maps sends a JavaScript Map as an empty one.
 *
 * What only some modes take becomes the bytes that CQL has for it, which every client sends as they are; a
 * Set becomes an array. All else is passed on. The parameters themselves are not changed.
 *
 * @param types Of the statement's parameters, as the target's prepared metadata has them. A parameter
 * without type is passed on.
 * @param path What the parameters are called in the error.
 * @throws HelixError HELIX_PAYLOAD_INVALID for a value that no client could send.
 */
export function normalizeParams(params: Params, types: StatementTypes, path = "params"): Params {
  const adapted = (key: ParamKey) => {
    const type = typeOf(types, key);
    const value = paramOf(params, key);
    if (type === undefined) return value;
    try {
      return normalize(value, type);
    } catch {
      // Without its cause: the driver's errors quote the value.
      const where = path + paramPath(params, key);
      throw invalid(`Cannot bind \`${where}\`: the driver refuses it`, where);
    }
  };
  if (!Array.isArray(params))
    return Object.fromEntries(Object.keys(params).map((name) => [name, adapted(name)]));
  const positional: unknown[] = [];
  for (let position = 0; position < params.length; position++) positional.push(adapted(position));
  return positional;
}

function normalize(value: unknown, type: ColumnType): unknown {
  const kind = valueKind(value);
  if (kind === undefined) return value;
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
      return tupleFromElements(
        (value as { elements: unknown[] }).elements.map((element, index) => {
          const item = structure.items[index];
          return item === undefined ? element : normalize(element, item);
        }),
      );
    case "udt": {
      if (kind !== "object") return value;
      const fields = { ...(value as Record<string, unknown>) };
      for (const { name, type } of structure.fields) {
        if (Object.hasOwn(fields, name)) fields[name] = normalize(fields[name], type);
      }
      return fields;
    }
    case "vector": {
      if (kind !== "vector" && kind !== "float32Array") return value;
      const elements = each(value as Iterable<unknown>, structure.item);
      return vectorFromElements(elements, (value as { subtype?: string }).subtype);
    }
    default:
      return value;
  }
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
  if (kind === "long") return BIGINT.encode(longToBigint(value), type);
  return (kind === "bigint" ? BIGINT : PLAIN).encode(value, type);
}

function each(items: Iterable<unknown>, type: ColumnType): unknown[] {
  return Array.from(items, (item) => normalize(item, type));
}

/** Keys of an object are strings, which every mode takes. */
function normalizeMap(value: object, kind: ValueKind, type: ColumnType): unknown {
  const [keyType, itemType] = type.info as [ColumnType, ColumnType];
  if (kind === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, normalize(item, itemType)]));
  }
  const entries = [...(value as Map<unknown, unknown>)];
  return PLAIN.encode(
    new Map(entries.map(([key, item]) => [normalize(key, keyType), normalize(item, itemType)])),
    type,
  );
}
