import { valueKind } from "@helix/core/internal";
import { ExtData } from "@msgpack/msgpack";
import { bigintToBytes } from "./big-integer.ts";
import { bytesOf, isByteKind, longToBigint } from "./driver-values.ts";
import { EXTENSION } from "./extension-types.ts";
import { pack } from "./message-pack.ts";
import { timeToBytes } from "./wire-time.ts";

const NOTHING = new Uint8Array(0);
const UNDEFINED = new ExtData(EXTENSION.undefined, NOTHING);
const UNSET = new ExtData(EXTENSION.unset, NOTHING);
const NEGATIVE_ZERO = new ExtData(EXTENSION.negativeZero, NOTHING);

const MAX_UINT32 = 2 ** 32 - 1;
const MIN_INT32 = -(2 ** 31);

/**
 * A bound value as MessagePack has it. Nothing of the value is shared but strings and Buffers.
 *
 * @param value One that `assertBindable` has let through.
 */
export function toWire(value: unknown): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return numberToWire(value);
    case "undefined":
      return UNDEFINED;
    case "bigint":
      return new ExtData(EXTENSION.bigint, bigintToBytes(value));
    default:
      return value === null ? null : objectToWire(value);
  }
}

/** An integer is one on the wire too: Go refuses a float for an integer column. */
export function numberToWire(value: number): unknown {
  if (value === 0) return Object.is(value, -0) ? NEGATIVE_ZERO : 0;
  // The library would write these as floats, but a bigint as an int64.
  if ((value > MAX_UINT32 || value < MIN_INT32) && Number.isSafeInteger(value)) return BigInt(value);
  return value;
}

/** A plain integer, which Go can bind; read as a number where that is exact, with the same CQL bytes. */
function longToWire(value: bigint): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? numberToWire(number) : value;
}

function objectToWire(value: unknown): unknown {
  const kind = valueKind(value);
  if (isByteKind(kind))
    return new ExtData(EXTENSION[kind === "timeuuid" ? "uuid" : kind], bytesOf(kind, value));
  switch (kind) {
    case "array":
      return listToWire(value as unknown[]);
    case "object":
      return fieldsToWire(value as Record<string, unknown>);
    case "buffer":
      return value;
    case "long":
      return longToWire(longToBigint(value));
    case "date":
      return new ExtData(EXTENSION.time, timeToBytes(value as Date));
    case "unset":
      return UNSET;
    case "tuple":
      return nested(EXTENSION.tuple, (value as { elements: unknown[] }).elements);
    case "vector": {
      const { elements, subtype } = value as { elements: unknown[]; subtype?: unknown };
      return nested(EXTENSION.vector, [typeof subtype === "string" ? subtype : null, ...elements]);
    }
    case "map":
      return nested(EXTENSION.map, [...(value as Map<unknown, unknown>)].flat(1));
    case "set":
      return nested(EXTENSION.set, [...(value as Set<unknown>)]);
    case "float32Array":
      return new ExtData(EXTENSION.float32Array, floatsToBytes(value as Float32Array));
    default:
      throw new TypeError("Changed while it was being encoded");
  }
}

export function listToWire(items: readonly unknown[]): unknown[] {
  const wire = new Array<unknown>(items.length);
  for (let index = 0; index < items.length; index++) wire[index] = toWire(items[index]);
  return wire;
}

export function fieldsToWire(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) wire[name] = toWire(fields[name]);
  return wire;
}

function nested(type: number, items: readonly unknown[]): ExtData {
  return new ExtData(type, pack(listToWire(items)));
}

function floatsToBytes(floats: Float32Array): Uint8Array {
  const bytes = Buffer.allocUnsafe(floats.length * 4);
  for (const [index, float] of floats.entries()) bytes.writeFloatBE(float, index * 4);
  return bytes;
}
