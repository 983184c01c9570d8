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
import { NO_BYTES, type Reader } from "./reader.ts";
import { endOf, MAX_DECODE_DEPTH } from "./structure.ts";
import { messagePackTimeFromBytes, timeFromBytes } from "./wire-time.ts";

const MAX_INT64 = 2n ** 63n - 1n;

/**
 * The bound value that the MessagePack value at the reader stands for, whose structure has been checked. Bytes are copied,
 * so that nothing keeps what was decoded from alive.
 *
 * @param depth How deep the value lies; nested extensions count on.
 * @throws Error for an unknown extension, or bytes that its type does not have.
 */
export function fromWire(reader: Reader, depth: number): unknown {
  const head = reader.uint8();
  if (head < 0x80) return head;
  if (head < 0x90) return fieldsFromWire(reader, head - 0x80, depth);
  if (head < 0xa0) return listFromWire(reader, head - 0x90, depth);
  if (head < 0xc0) return textFromWire(reader, head - 0xa0);
  if (head >= 0xe0) return head - 0x100;
  switch (head) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return reader.copy(reader.length(head - 0xc4));
    case 0xc7:
    case 0xc8:
    case 0xc9:
      return extensionFromWire(reader, reader.length(head - 0xc7), depth);
    case 0xca:
      return reader.float32();
    case 0xcb:
      return reader.float64();
    case 0xd9:
    case 0xda:
    case 0xdb:
      return textFromWire(reader, reader.length(head - 0xd9));
    case 0xdc:
    case 0xdd:
      return listFromWire(reader, reader.length(head - 0xdb), depth);
    case 0xde:
    case 0xdf:
      return fieldsFromWire(reader, reader.length(head - 0xdd), depth);
    case 0xd4:
    case 0xd5:
    case 0xd6:
    case 0xd7:
    case 0xd8:
      return extensionFromWire(reader, 1 << (head - 0xd4), depth);
    default:
      reader.at--;
      return integerFromWire(reader.integer() as number | bigint);
  }
}

/** Go strings are bytes, and its driver binds them as they are: so does ours, if they are a Buffer. */
function textFromWire(reader: Reader, length: number): string | Buffer {
  return reader.text(length) ?? reader.copy(length);
}

/** A number where it is exact. Beyond that: Long, which a bigint column takes; beyond int64: Integer. */
function integerFromWire(value: number | bigint): unknown {
  if (typeof value === "number") return value;
  return value > MAX_INT64 ? integerFromBigint(value) : longFromBigint(value);
}

function listFromWire(reader: Reader, length: number, depth: number): unknown[] {
  if (length === 0) return [];
  const items = new Array<unknown>(length);
  for (let index = 0; index < length; index++) items[index] = fromWire(reader, depth + 1);
  return items;
}

function fieldsFromWire(reader: Reader, length: number, depth: number): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (let left = length; left > 0; left--) {
    const name = reader.name();
    fields[name] = fromWire(reader, depth + 1);
  }
  return fields;
}

function extensionFromWire(reader: Reader, length: number, depth: number): unknown {
  const type = (reader.uint8() << 24) >> 24;
  // The usual ones first, without the way over the table.
  if (type === EXTENSION.uuid) return uuidFromBytes(reader.copy(length));
  if (type === EXTENSION.time) {
    const { bytes, at } = reader;
    reader.at = at + length;
    return timeFromBytes(bytes, at, length);
  }
  const read = READERS[type];
  if (read === undefined) throw new TypeError(`Unknown extension type ${type}`);
  const start = reader.at;
  const value = read(reader, length, depth);
  reader.at = start + length;
  return value;
}

/** Reads an extension of so many bytes. It need not say where it has got to. */
type ExtensionReader = (reader: Reader, length: number, depth: number) => unknown;

const READERS: Readonly<Record<number, ExtensionReader>> = {
  [EXTENSION.messagePackTime]: ({ bytes, at }, length) => messagePackTimeFromBytes(bytes, at, length),
  [EXTENSION.undefined]: (_, length) => constant(length, undefined),
  [EXTENSION.unset]: (_, length) => constant(length, UNSET),
  [EXTENSION.negativeZero]: (_, length) => constant(length, -0),
  [EXTENSION.bigint]: viewed(bigintFromBytes),
  [EXTENSION.integer]: viewed(integerFromBytes),
  [EXTENSION.decimal]: viewed(decimalFromBytes),
  [EXTENSION.inet]: (reader, length) => inetFromBytes(reader.copy(length)),
  [EXTENSION.localDate]: viewed(localDateFromBytes),
  [EXTENSION.localTime]: viewed(localTimeFromBytes),
  [EXTENSION.duration]: viewed(durationFromBytes),
  [EXTENSION.tuple]: (reader, length, depth) => tupleFromElements(nested(reader, length, depth)),
  [EXTENSION.vector]: vectorFromWire,
  [EXTENSION.map]: mapFromWire,
  [EXTENSION.set]: (reader, length, depth) => new Set(nested(reader, length, depth).map(unique)),
  [EXTENSION.float32Array]: viewed(floatsFromBytes),
  [EXTENSION.long]: viewed(longFromBytes),
};

/** Of what reads its bytes and keeps none of them. */
function viewed(read: (bytes: Buffer) => unknown): ExtensionReader {
  return ({ bytes, at }, length) => read(bytes.subarray(at, at + length));
}

function constant<T>(length: number, value: T): T {
  if (length > 0) throw new RangeError("Bytes in an extension that has none");
  return value;
}

/** The elements of an extension that is a MessagePack array, and nothing behind it. */
function nested(reader: Reader, length: number, depth: number): unknown[] {
  const end = reader.at + length;
  if (endOf(reader.bytes, reader.at, end, MAX_DECODE_DEPTH - depth) !== end)
    throw new SyntaxError("Bytes behind the end");
  const elements = fromWire(reader, depth);
  if (!Array.isArray(elements)) throw new TypeError("An extension of elements that is no array");
  return elements;
}

function vectorFromWire(reader: Reader, length: number, depth: number): unknown {
  const [subtype, ...elements] = nested(reader, length, depth);
  if (subtype !== null && typeof subtype !== "string") throw new TypeError("A vector without a subtype");
  return vectorFromElements(elements, subtype ?? undefined);
}

function mapFromWire(reader: Reader, length: number, depth: number): Map<unknown, unknown> {
  const items = nested(reader, length, depth);
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
