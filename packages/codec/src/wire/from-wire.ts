import { ExtData } from "@msgpack/msgpack";
import {
  decimalFromBytes,
  durationFromBytes,
  inetFromBytes,
  integerFromBigint,
  integerFromBytes,
  localDateFromBytes,
  localTimeFromBytes,
  longFromBigint,
  longFromBytes,
  tupleFromElements,
  UNSET,
  uuidFromBytes,
  vectorFromElements,
} from "../driver-values.ts";
import { bigintFromBytes } from "./big-integer.ts";
import { EXTENSION } from "./extension-types.ts";
import { unpack } from "./message-pack.ts";
import { textOf } from "./raw-text.ts";
import { messagePackTimeFromBytes, timeFromBytes } from "./wire-time.ts";

/** Deeper than what we encode: Go encodes lists a hundred deep. */
export const MAX_DECODE_DEPTH = 128;

/** Any schema's tuples and collections. Each level would be one more copy of all that is inside, were there no end to it. */
const MAX_ANY_TEXT_DEPTH = 8;

const MAX_INT64 = 2n ** 63n - 1n;

/** Every empty blob: there is nothing in it to change, and one for each would be 104 times what it is on the wire. */
const NO_BYTES = Buffer.alloc(0);

/**
 * The bound value that a MessagePack value stands for. Arrays and objects are changed in place; bytes are
 * copied, so that nothing keeps what was decoded from alive.
 *
 * @param depth How deep the value lies; nested extensions count on.
 * @param source What the value was unpacked from.
 * @throws Error for an unknown extension, or bytes that its type does not have.
 */
export function fromWire(value: unknown, depth: number, source: Buffer): unknown {
  if (typeof value === "bigint") return fromInt64(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return listFromWire(value, depth, source);
  if (value instanceof ExtData) return extensionFromWire(value, depth);
  if (value instanceof Uint8Array) return textOf(value, source) ?? bufferFromWire(value);
  return fieldsFromWire(value as Record<string, unknown>, depth, source);
}

/** A copy: `Buffer.from` of a typed array never shares its memory. */
function bufferFromWire(bytes: Uint8Array): Buffer {
  return bytes.length === 0 ? NO_BYTES : Buffer.from(bytes);
}

/** A number where it is exact. Beyond that: Long, which a bigint column takes; beyond int64: Integer. */
function fromInt64(value: bigint): unknown {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return value > MAX_INT64 ? integerFromBigint(value) : longFromBigint(value);
}

function listFromWire(items: unknown[], depth: number, source: Buffer): unknown[] {
  for (let index = 0; index < items.length; index++) items[index] = fromWire(items[index], depth + 1, source);
  return items;
}

function fieldsFromWire(
  fields: Record<string, unknown>,
  depth: number,
  source: Buffer,
): Record<string, unknown> {
  for (const name of Object.keys(fields)) fields[name] = fromWire(fields[name], depth + 1, source);
  return fields;
}

function extensionFromWire({ type, data }: ExtData, depth: number): unknown {
  const read = READERS[type];
  if (read === undefined) throw new TypeError(`Unknown extension type ${type}`);
  if (!(data instanceof Uint8Array)) throw new TypeError("An extension without bytes");
  return read(data, depth);
}

/** @param bytes A view of what is being decoded. */
type Reader = (bytes: Uint8Array, depth: number) => unknown;

/**
 * By extension type. Only what keeps its bytes, or reads them as a Buffer, gets a copy: one of everything would be one
 * per level for what is nested, of all that is inside.
 */
const READERS: Readonly<Record<number, Reader>> = {
  [EXTENSION.messagePackTime]: messagePackTimeFromBytes,
  [EXTENSION.time]: timeFromBytes,
  [EXTENSION.uuid]: copied(uuidFromBytes),
  [EXTENSION.undefined]: (bytes) => constant(bytes, undefined),
  [EXTENSION.unset]: (bytes) => constant(bytes, UNSET),
  [EXTENSION.negativeZero]: (bytes) => constant(bytes, -0),
  [EXTENSION.bigint]: copied(bigintFromBytes),
  [EXTENSION.integer]: copied(integerFromBytes),
  [EXTENSION.decimal]: copied(decimalFromBytes),
  [EXTENSION.inet]: copied(inetFromBytes),
  [EXTENSION.localDate]: copied(localDateFromBytes),
  [EXTENSION.localTime]: copied(localTimeFromBytes),
  [EXTENSION.duration]: copied(durationFromBytes),
  [EXTENSION.tuple]: (bytes, depth) => tupleFromElements(nested(bytes, depth)),
  [EXTENSION.vector]: vectorFromWire,
  [EXTENSION.map]: mapFromWire,
  [EXTENSION.set]: (bytes, depth) => new Set(nested(bytes, depth).map(unique)),
  [EXTENSION.float32Array]: copied(floatsFromBytes),
  [EXTENSION.long]: copied(longFromBytes),
};

function copied(read: (bytes: Buffer) => unknown): Reader {
  return (bytes) => read(Buffer.from(bytes));
}

function constant<T>(bytes: Uint8Array, value: T): T {
  if (bytes.length > 0) throw new RangeError("Bytes in an extension that has none");
  return value;
}

function nested(bytes: Uint8Array, depth: number): unknown[] {
  const { value, source } = unpack(bytes, MAX_DECODE_DEPTH - depth, depth < MAX_ANY_TEXT_DEPTH);
  if (!Array.isArray(value)) throw new TypeError("An extension of elements that is no array");
  return listFromWire(value, depth, source);
}

function vectorFromWire(bytes: Uint8Array, depth: number): unknown {
  const [subtype, ...elements] = nested(bytes, depth);
  if (subtype !== null && typeof subtype !== "string") throw new TypeError("A vector without a subtype");
  return vectorFromElements(elements, subtype ?? undefined);
}

function mapFromWire(bytes: Uint8Array, depth: number): Map<unknown, unknown> {
  const items = nested(bytes, depth);
  if (items.length % 2 !== 0) throw new RangeError("A key without a value");
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < items.length; index += 2) map.set(unique(items[index]), items[index + 1]);
  return map;
}

/** A key or element that must stay another one than its equal. */
function unique(value: unknown): unknown {
  return value === NO_BYTES ? NO_BYTES.subarray() : value;
}

function floatsFromBytes(bytes: Buffer): Float32Array {
  if (bytes.length % 4 !== 0) throw new RangeError("A part of a float");
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatBE(index * 4));
}
