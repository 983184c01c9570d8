/** A power of two: the names of a few dozen statements and of ours. */
const SLOTS = 256;

/** Longer names are rare, and not worth keeping. Bytes. */
const MAX_KEPT_BYTES = 64;

/**
 * From bytes to the names of fields, which are the same few again and again. In the place of the library's own, which
 * loses the byte order mark at the beginning of a name of more than 200 bytes. Holds one name per slot, the latest.
 */
export class NameDecoder {
  readonly #kept: (Kept | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Asked by the library: what this refuses it decodes itself. */
  canBeCached(length: number): boolean {
    return length > 0;
  }

  decode(bytes: Uint8Array, start: number, length: number): string {
    if (length > MAX_KEPT_BYTES) return textOf(bytes, start, length);
    const slot = slotOf(bytes, start, length);
    const kept = this.#kept[slot];
    if (kept !== undefined && isAt(kept.bytes, bytes, start, length)) return kept.name;
    const name = textOf(bytes, start, length);
    this.#kept[slot] = { bytes: Uint8Array.from(bytes.subarray(start, start + length)), name };
    return name;
  }
}

interface Kept {
  readonly bytes: Uint8Array;
  readonly name: string;
}

function textOf(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString("utf8");
}

function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  return (length * 31 + first * 7 + middle + last * 3) % SLOTS;
}

function isAt(kept: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (kept.length !== length) return false;
  for (let index = 0; index < length; index++) if (kept[index] !== bytes[start + index]) return false;
  return true;
}
