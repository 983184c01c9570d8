import { helixError } from "@helix/core";
import { valueKind } from "@helix/core/internal";
import { types } from "cassandra-driver";

/** Deep enough for any schema. */
const MAX_DEPTH = 64;

/**
 * A copy of whatever the caller may still change. A parameter is read more than once (for each cluster, for each of
 * the driver's repetitions, when the write is queued), some of it long after the call: all must see one value, or the
 * clusters differ for good. Accessors are asked once; what they throw is thrown.
 *
 * @throws HELIX_PAYLOAD_INVALID for a value that contains itself.
 */
export function ownValue(value: unknown, path = "params", depth = 0): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH) {
    const text = `Cannot bind \`${path}\`: it is nested deeper than ${MAX_DEPTH} levels, or contains itself`;
    throw helixError("HELIX_PAYLOAD_INVALID", text, { path });
  }
  const own = (item: unknown) => ownValue(item, path, depth + 1);
  switch (valueKind(value)) {
    case "array":
      // Holes are kept, to be refused.
      return (value as unknown[]).map(own);
    case "object":
      return ownFields(value, own, depth === 0);
    case "map":
      return new Map([...(value as Map<unknown, unknown>)].map(([key, item]) => [own(key), own(item)]));
    case "set":
      return new Set([...(value as Set<unknown>)].map(own));
    case "date":
      return new Date((value as Date).getTime());
    case "buffer":
      return Buffer.from(value as Buffer);
    // They are what a Buffer says that was given to them, perhaps one that is used again.
    case "uuid":
      return new types.Uuid(ownBuffer(value));
    case "timeuuid":
      return new types.TimeUuid(ownBuffer(value));
    case "inet":
      return new types.InetAddress(ownBuffer(value));
    case "float32Array":
      return (value as Float32Array).slice();
    case "tuple":
      return types.Tuple.fromArray((value as types.Tuple).elements.map(own));
    case "vector": {
      const { elements, subtype } = value as types.Vector;
      return new types.Vector(elements.map(own), subtype);
    }
    default:
      return value;
  }
}

function ownBuffer(value: object): Buffer {
  return Buffer.from((value as { readonly buffer: Uint8Array }).buffer);
}

/**
 * Of an instance of a class too, own properties are all that is sent and queued. Methods among the named parameters are
 * nobody's to bind. What the class has besides, as an accessor, the driver would read for a field of a user-defined type,
 * and no queue would keep: it stays to be seen by the check of values, and is not read.
 */
function ownFields(value: object, own: (item: unknown) => unknown, areParams: boolean): object {
  const isPlain = isLast(Object.getPrototypeOf(value));
  const isMethod = (item: unknown) => !isPlain && areParams && typeof item === "function";
  const entries = Object.entries(value).filter(([, item]) => !isMethod(item));
  const fields = Object.fromEntries(entries.map(([name, item]) => [name, own(item)]));
  if (isPlain) return fields;
  for (const name of hiddenNames(value)) {
    const hidden = { get: () => (value as Record<string, unknown>)[name], configurable: true };
    if (!Object.hasOwn(fields, name)) Object.defineProperty(fields, name, hidden);
  }
  return fields;
}

/** Of own properties that are not enumerable, and of accessors of its classes. */
function hiddenNames(value: object): string[] {
  const names: string[] = [];
  let owner: object = value;
  while (!isLast(owner)) {
    for (const [name, { get, enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (owner === value ? enumerable !== true : get !== undefined) names.push(name);
    }
    owner = Object.getPrototypeOf(owner);
  }
  return names;
}

/** `Object.prototype`, of any realm, or none. */
function isLast(prototype: object | null): boolean {
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
