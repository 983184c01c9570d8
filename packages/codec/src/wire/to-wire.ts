import { valueKind } from "@helix/core/internal";
import { ExtData } from "@msgpack/msgpack";
import { bytesOf, isByteKind, longToBigint, longToBytes } from "../driver-values.ts";
import { bigintToBytes } from "./big-integer.ts";
import { EXTENSION } from "./extension-types.ts";
import { pack } from "./message-pack.ts";
import { timeToBytes } from "./wire-time.ts";

const NOTHING = new Uint8Array(0);
const UNDEFINED = new ExtData(EXTENSION.undefined, NOTHING);
const UNSET = new ExtData(EXTENSION.unset, NOTHING);
const NEGATIVE_ZERO = new ExtData(EXTENSION.negativeZero, NOTHING);

const MAX_UINT32 = 2 ** 32 - 1;
const MIN_INT32 = -(2 ** 31);

/** As deep as `assertBindable` lets a value be. */
const MAX_DEPTH = 64;

/**
 * A bound value as MessagePack has it. Nothing of the value is shared but strings and Buffers.
 *
 * @throws TypeError for whatever `assertBindable` refuses, which can say where it is; this is on every
 * payload's way and does not keep account of that.
 */
function toWire(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return textToWire(value);
    case "boolean":
      return value;
    case "number":
      return numberToWire(value);
    case "undefined":
      return UNDEFINED;
    case "bigint":
      return new ExtData(EXTENSION.bigint, bigintToBytes(value));
    default:
      return value === null ? null : objectToWire(value, depth);
  }
}

/** An integer is one on the wire too: Go refuses a float for an integer column. */
export function numberToWire(value: number): unknown {
  if (value === 0) return Object.is(value, -0) ? NEGATIVE_ZERO : 0;
  // The library would write these as floats, but a bigint as an int64.
  if ((value > MAX_UINT32 || value < MIN_INT32) && Number.isSafeInteger(value)) return BigInt(value);
  return value;
}

function mapToWire(map: ReadonlyMap<unknown, unknown>, depth: number): ExtData {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const wire: unknown[] = [];
  for (const [key, item] of map) wire.push(uniqueToWire(key, depth), toWire(item, depth));
  return new ExtData(EXTENSION.map, pack(wire));
}

function setToWire(set: ReadonlySet<unknown>, depth: number): ExtData {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const wire = Array.from(set, (item) => uniqueToWire(item, depth));
  return new ExtData(EXTENSION.set, pack(wire));
}

/** A key or element that must stay another one than its equal: see `EXTENSION.long`. */
function uniqueToWire(value: unknown, depth: number): unknown {
  if (valueKind(value) !== "long") return toWire(value, depth);
  return new ExtData(EXTENSION.long, longToBytes(longToBigint(value)));
}

/** A plain integer, which Go can bind; read as a number where that is exact, with the same CQL bytes. */
function longToWire(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? numberToWire(number) : value;
}

function objectToWire(value: unknown, depth: number): unknown {
  const kind = valueKind(value);
  if (isByteKind(kind))
    return new ExtData(EXTENSION[kind === "timeuuid" ? "uuid" : kind], bytesOf(kind, value));
  switch (kind) {
    case "array":
      return listToWire(value as unknown[], depth + 1);
    case "object":
      return fieldsToWire(value as Record<string, unknown>, depth + 1);
    case "buffer":
      return value;
    case "long":
      return longToWire(longToBigint(value));
    case "date":
      return new ExtData(EXTENSION.time, timeToBytes(value as Date));
    case "unset":
      return UNSET;
    case "tuple":
      return nested(EXTENSION.tuple, (value as { elements: unknown[] }).elements, depth);
    case "vector": {
      const { elements, subtype } = value as { elements: unknown[]; subtype?: unknown };
      return nested(EXTENSION.vector, [typeof subtype === "string" ? subtype : null, ...elements], depth);
    }
    case "map":
      return mapToWire(value as Map<unknown, unknown>, depth + 1);
    case "set":
      return setToWire(value as Set<unknown>, depth + 1);
    case "float32Array":
      return new ExtData(EXTENSION.float32Array, floatsToBytes(value as Float32Array));
    default:
      throw new TypeError("A value that no CQL type takes");
  }
}

/** @param depth How deep the list itself lies: 0 for the parameters of a statement. */
export function listToWire(items: readonly unknown[], depth = 0): unknown[] {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const wire = new Array<unknown>(items.length);
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    if (item === undefined && !(index in items)) throw new TypeError("A hole in an array");
    wire[index] = toWire(item, depth);
  }
  return wire;
}

/** @param depth As for {@link listToWire}. */
export function fieldsToWire(fields: Readonly<Record<string, unknown>>, depth = 0): Record<string, unknown> {
  if (depth >= MAX_DEPTH) throw new TypeError("Nested too deep");
  const wire: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    if (name === "__proto__") throw new TypeError("A name that no reader can keep apart");
    wire[textToWire(name)] = toWire(fields[name], depth);
  }
  return wire;
}

function textToWire(text: string): string {
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed())
    throw new TypeError("Half of a surrogate pair");
  return text;
}

function nested(type: number, items: readonly unknown[], depth: number): ExtData {
  return new ExtData(type, pack(listToWire(items, depth + 1)));
}

function floatsToBytes(floats: Float32Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(floats.length * 4);
  for (const [index, float] of floats.entries()) bytes.writeFloatBE(float, index * 4);
  return bytes;
}
