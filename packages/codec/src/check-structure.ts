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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const outer: number[] = [];
  const notUtf8: number[] = [];
  let open = 1;
  let at = 0;
  while (open > 0) {
    const start = at;
    const head = view.getUint8(at++);
    const { lengthBytes, extra, fixed, kind } = SHAPES[head] as Shape;
    const length = lengthBytes === 0 ? fixed : readLength(view, at, lengthBytes);
    at += lengthBytes;
    open--;
    if (kind === "items") {
      const items = length * extra;
      if (items > bytes.length - at) throw new RangeError("More is declared than there is");
      if (items > 0) {
        if (outer.length >= maxDepth) throw new RangeError(`Nested deeper than ${maxDepth} levels`);
        outer.push(open);
        open = items;
      }
    } else {
      const end = at + length + extra;
      if (end > bytes.length) throw new RangeError("More is declared than there is");
      if (kind === "text" && !isText(bytes, at, end)) notUtf8.push(start);
      else if (kind === "never") throw new SyntaxError("A byte that MessagePack never uses");
      at = end;
    }
    while (open === 0 && outer.length > 0) open = outer.pop() as number;
  }
  if (at !== bytes.length) throw new SyntaxError("Bytes behind the end");
  return notUtf8;
}

/** The same body with these strings as bin: for each of its forms a string has one of the same length, but the shortest. */
export function textAsBinary(bytes: Uint8Array, starts: readonly number[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const start of starts) {
    const head = bytes[start] as number;
    const isShort = head < 0xc0;
    // fixstr has its length in the first byte, where bin has none as short; str8, 16, 32 are 21 above bin8, 16, 32.
    const header = isShort ? [0xc4, head - 0xa0] : [head - (0xd9 - 0xc4)];
    parts.push(bytes.subarray(from, start), Uint8Array.from(header));
    from = start + 1;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}

/** What a first byte says: how its length is written, and whether that counts bytes or items. */
interface Shape {
  readonly kind: "bytes" | "text" | "items" | "never";
  readonly lengthBytes: 0 | 1 | 2 | 4;
  /** The length, if `lengthBytes` is 0. */
  readonly fixed: number;
  /** Of bytes: what comes in addition (the type of an extension). Of items: how many there are per unit of length. */
  readonly extra: number;
}

const SHAPES: readonly Shape[] = Array.from({ length: 256 }, (_, head) => shapeOf(head));

function shapeOf(head: number): Shape {
  const bytes = (fixed: number, extra = 0): Shape => ({ kind: "bytes", lengthBytes: 0, fixed, extra });
  const long = (kind: Shape["kind"], lengthBytes: 1 | 2 | 4, extra = 0): Shape => ({
    kind,
    lengthBytes,
    fixed: 0,
    extra,
  });
  const width = (first: number) => 2 ** (head - first);
  if (head < 0x80 || head >= 0xe0) return bytes(0);
  if (head < 0x90) return { kind: "items", lengthBytes: 0, fixed: head - 0x80, extra: 2 };
  if (head < 0xa0) return { kind: "items", lengthBytes: 0, fixed: head - 0x90, extra: 1 };
  if (head < 0xc0) return { kind: "text", lengthBytes: 0, fixed: head - 0xa0, extra: 0 };
  if (head === 0xc1) return { kind: "never", lengthBytes: 0, fixed: 0, extra: 0 };
  if (head < 0xc4) return bytes(0);
  if (head < 0xc7) return long("bytes", width(0xc4) as 1 | 2 | 4);
  if (head < 0xca) return long("bytes", width(0xc7) as 1 | 2 | 4, 1);
  if (head < 0xcc) return bytes(4 * width(0xca));
  if (head < 0xd0) return bytes(width(0xcc));
  if (head < 0xd4) return bytes(width(0xd0));
  if (head < 0xd9) return bytes(width(0xd4), 1);
  if (head < 0xdc) return long("text", width(0xd9) as 1 | 2 | 4);
  if (head < 0xde) return long("items", (2 * width(0xdc)) as 2 | 4, 1);
  return long("items", (2 * width(0xde)) as 2 | 4, 2);
}

function readLength(view: DataView, at: number, bytes: 1 | 2 | 4): number {
  if (bytes === 1) return view.getUint8(at);
  return bytes === 2 ? view.getUint16(at) : view.getUint32(at);
}

function isText(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if ((bytes[at] as number) >= 0x80) return isUtf8(bytes.subarray(at, end));
  }
  return true;
}
