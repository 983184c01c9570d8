import type { Marker } from "../cql/syntax.ts";
import { mistaken, type Objection } from "./objection.ts";

/** What is bound, by position or by name. */
export type Values = readonly unknown[] | Readonly<Record<string, unknown>>;

/** What is bound to a marker; undefined if nothing is. `name` is what the server calls it if it is a `?`. */
export type Lookup = (marker: Marker, name: string) => unknown;

/**
 * The driver folds the keys of an object, and of two that become one the later counts. Nothing is read before it is looked up: it may
 * throw.
 *
 * @throws Unbound where an object has no such key: what it is bound to is then not known here.
 */
export function lookupIn(values: Values): Lookup {
  let keys: ReadonlyMap<string, string> | undefined;
  return (marker, name) => {
    if (isArray(values)) return values[marker.index];
    keys ??= new Map(Object.keys(values).map((key) => [key.toLowerCase(), key]));
    const key = keys.get(marker.name ?? name);
    if (key === undefined) throw new Unbound(marker, name);
    return values[key];
  };
}

/** No key of an object is that of a marker. It is thrown, as it ends the judgement of the write. */
export class Unbound {
  readonly objection: Objection;

  constructor(marker: Marker, name: string) {
    this.objection = mistaken(
      marker,
      "a marker without a value",
      `The object of values has no key \`${marker.name ?? name}\`.`,
    );
  }
}

function isArray(values: Values): values is readonly unknown[] {
  return Array.isArray(values);
}

/** Undefined as well; the driver's `types.unset` is known by its shape, as there may be two copies of it, and no map has it frozen. */
export function isUnset(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null || !Object.isFrozen(value)) return false;
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === "unset" && (value as { unset: unknown }).unset === true;
}

/** What the driver sends as null, or as a collection without elements. */
export function isEmptyCollection(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Set || value instanceof Map) return value.size === 0;
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype && Object.keys(value).length === 0;
}

/** A whole number that is bound as a number, a bigint, a Long or a string. Undefined for all else. */
export function integerOf(value: unknown): bigint | undefined {
  if (Number.isSafeInteger(value)) return BigInt(value as number);
  if (ArrayBuffer.isView(value) || isOfAnyLength(value)) return undefined;
  const text = String(value);
  return INTEGER.test(text) ? BigInt(text) : undefined;
}

/** What the driver has for a varint or a decimal: of thousands of digits it takes minutes to become a text. */
function isOfAnyLength(value: unknown): boolean {
  return typeof value === "object" && value !== null && ("bits_" in value || "_intVal" in value);
}

const INTEGER = /^-?[0-9]{1,20}$/;
