import { isUtf8 } from "node:buffer";

/**
 * Refuses what is not exactly one complete MessagePack object, before anything is allocated for it: a
 * library believes the lengths that it is told, and a body of 100 bytes may declare arrays of 4 G elements
 * inside each other. After this, all that is declared is there. Linear, without recursion.
 *
 * @returns where strings begin that are not UTF-8, which the library would decode into other text without a word; empty
 * for nearly every body.
 * @throws RangeError, SyntaxError
 */
export function checkStructure(bytes: Uint8Array, maxDepth: number): readonly number[] {
  const { length } = bytes;
  const notUtf8: number[] = [];
  const outer: number[] = [];
  let open = 1;
  let at = 0;
  while (open > 0) {
    if (at >= length) throw new RangeError("More is declared than there is");
    const start = at;
    const head = bytes[at++] as number;
    const kind = KINDS[head] as number;
    const lengthBytes = LENGTH_BYTES[head] as number;
    let size = FIXED[head] as number;
    if (lengthBytes > 0) {
      size += readLength(bytes, at, lengthBytes);
      at += lengthBytes;
    }
    open--;
    if (kind === ITEMS || kind === PAIRS) {
      const items = kind === PAIRS ? 2 * size : size;
      if (items > length - at) throw new RangeError("More is declared than there is");
      if (items > 0) {
        if (outer.length >= maxDepth) throw new RangeError(`Nested deeper than ${maxDepth} levels`);
        outer.push(open);
        open = items;
      }
    } else {
      const end = at + size;
      if (end > length) throw new RangeError("More is declared than there is");
      if (kind === TEXT && !isText(bytes, at, end)) notUtf8.push(start);
      else if (kind === NEVER) throw new SyntaxError("A byte that MessagePack never uses");
      at = end;
    }
    while (open === 0 && outer.length > 0) open = outer.pop() as number;
  }
  if (at !== length) throw new SyntaxError("Bytes behind the end");
  return notUtf8;
}

/** The same body with these strings as bin: for each of its forms a string has one of the same length, but the shortest. */
export function textAsBinary(bytes: Uint8Array, starts: readonly number[]): Uint8Array {
  const isShort = (start: number) => (bytes[start] as number) < 0xc0;
  const changed = new Uint8Array(bytes.length + starts.filter(isShort).length);
  let from = 0;
  let to = 0;
  for (const start of starts) {
    const head = bytes[start] as number;
    while (from < start) changed[to++] = bytes[from++] as number;
    // fixstr has its length in the first byte, where bin has none as short; str8, 16, 32 are 21 above bin8, 16, 32.
    if (isShort(start)) changed[to++] = 0xc4;
    changed[to++] = isShort(start) ? head - 0xa0 : head - (0xd9 - 0xc4);
    from = start + 1;
  }
  changed.set(bytes.subarray(from), to);
  return changed;
}

const BYTES = 0;
const TEXT = 1;
const ITEMS = 2;
const PAIRS = 3;
const NEVER = 4;

/** What a first byte says: what follows, in how many bytes the size of that is written, and what is to be added to it. */
const KINDS = new Uint8Array(256);
const LENGTH_BYTES = new Uint8Array(256);
const FIXED = new Uint8Array(256);

function define(first: number, last: number, kind: number, shape: (head: number) => [number, number]): void {
  for (let head = first; head <= last; head++) {
    const [lengthBytes, fixed] = shape(head - first);
    KINDS[head] = kind;
    LENGTH_BYTES[head] = lengthBytes;
    FIXED[head] = fixed;
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
function readLength(bytes: Uint8Array, at: number, size: number): number {
  if (at + size > bytes.length) throw new RangeError("More is declared than there is");
  let length = 0;
  for (let end = at + size, i = at; i < end; i++) length = length * 256 + (bytes[i] as number);
  return length;
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  let bits = 0;
  for (let at = start; at < end; at++) bits |= bytes[at] as number;
  return bits < 0x80 || isUtf8(bytes.subarray(start, end));
}
