import { isUtf8 } from "node:buffer";

/** Deeper than what we encode: Go encodes lists a hundred deep. */
export const MAX_DECODE_DEPTH = 128;

/**
 * Where the MessagePack value ends that begins at `at`. Refuses what is not all there, before anything is allocated for it:
 * a body of 100 bytes may declare arrays of 4 G elements inside each other. After this all that is declared is there, and
 * every name is a text. Linear. What is in an extension is not looked at.
 *
 * @param end Where the bytes end that it may be made of.
 * @param levels How many levels of lists and maps there may be.
 * @throws RangeError, SyntaxError, TypeError
 */
export function endOf(bytes: Uint8Array, at: number, end: number, levels: number): number {
  const head = bytes[at] as number;
  // Most of what there is.
  if (head < 0x80 && at < end) return at + 1;
  const shape = SHAPES[head] as number;
  const kind = shape & KIND;
  const lengthBytes = (shape >> LENGTH_SHIFT) & 7;
  const start = at + 1 + lengthBytes;
  if (start > end) throw tooMuch();
  let size = shape >> FIXED_SHIFT;
  if (lengthBytes > 0) size += lengthAt(bytes, at + 1, lengthBytes);
  if (kind === ITEMS || kind === PAIRS) {
    const items = kind === PAIRS ? 2 * size : size;
    if (items > end - start) throw tooMuch();
    if (items > 0 && levels <= 0) throw new RangeError(`Nested deeper than ${MAX_DECODE_DEPTH} levels`);
    let next = start;
    for (let left = size; left > 0; left--) {
      if (kind === PAIRS) next = endOfName(bytes, next, end);
      next = endOf(bytes, next, end, levels - 1);
    }
    return next;
  }
  if (kind === NEVER) throw new SyntaxError("A byte that MessagePack never uses");
  if (size > end - start) throw tooMuch();
  return start + size;
}

/** As {@link endOf}, of the name of a field: a string, or bin, which Go reads as a name too. */
export function endOfName(bytes: Uint8Array, at: number, end: number): number {
  const head = bytes[at] as number;
  const shape = SHAPES[head] as number;
  if ((shape & KIND) !== TEXT && !(head >= 0xc4 && head <= 0xc6))
    throw new TypeError("A name that is no string");
  const nameEnd = endOf(bytes, at, end, 0);
  const start = at + 1 + ((shape >> LENGTH_SHIFT) & 7);
  if (!isText(bytes, start, nameEnd)) throw new TypeError("A name that is no text");
  if (nameEnd - start === PROTO.length && PROTO.compare(bytes, start, nameEnd) === 0)
    throw new TypeError("A name that no object keeps apart");
  return nameEnd;
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= bytes[at] as number;
  return bits < 0x80 || isUtf8(bytes.subarray(start, end));
}

const PROTO = Buffer.from("__proto__");

const BYTES = 0;
const TEXT = 1;
const ITEMS = 2;
const PAIRS = 3;
const NEVER = 4;

/**
 * What a first byte says, in one number: what follows, in how many bytes the size of that is written, and what is to be added
 * to it.
 */
const SHAPES = new Uint16Array(256);
const KIND = 7;
const LENGTH_SHIFT = 3;
const FIXED_SHIFT = 6;

function define(first: number, last: number, kind: number, shape: (head: number) => [number, number]): void {
  for (let head = first; head <= last; head++) {
    const [lengthBytes, fixed] = shape(head - first);
    SHAPES[head] = kind + (lengthBytes << LENGTH_SHIFT) + (fixed << FIXED_SHIFT);
  }
}

// The order of the specification's table of formats. The type of an extension is a byte more.
define(0x00, 0x7f, BYTES, () => [0, 0]);
define(0x80, 0x8f, PAIRS, (n) => [0, n]);
define(0x90, 0x9f, ITEMS, (n) => [0, n]);
define(0xa0, 0xbf, TEXT, (n) => [0, n]);
define(0xc0, 0xc0, BYTES, () => [0, 0]);
define(0xc1, 0xc1, NEVER, () => [0, 0]);
define(0xc2, 0xc3, BYTES, () => [0, 0]);
define(0xc4, 0xc6, BYTES, (n) => [2 ** n, 0]);
define(0xc7, 0xc9, BYTES, (n) => [2 ** n, 1]);
define(0xca, 0xcb, BYTES, (n) => [0, 4 * 2 ** n]);
define(0xcc, 0xcf, BYTES, (n) => [0, 2 ** n]);
define(0xd0, 0xd3, BYTES, (n) => [0, 2 ** n]);
define(0xd4, 0xd8, BYTES, (n) => [0, 2 ** n + 1]);
define(0xd9, 0xdb, TEXT, (n) => [2 ** n, 0]);
define(0xdc, 0xdd, ITEMS, (n) => [2 * 2 ** n, 0]);
define(0xde, 0xdf, PAIRS, (n) => [2 * 2 ** n, 0]);
define(0xe0, 0xff, BYTES, () => [0, 0]);

/** Big-endian. */
function lengthAt(bytes: Uint8Array, at: number, size: number): number {
  let length = 0;
  for (let end = at + size, i = at; i < end; i++) length = length * 256 + (bytes[i] as number);
  return length;
}

function tooMuch(): RangeError {
  return new RangeError("More is declared than there is");
}
