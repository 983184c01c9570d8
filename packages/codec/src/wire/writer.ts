import { isWellFormed } from "@helix/core/internal";
import type { Written } from "./written.ts";

const UINT32 = 2 ** 32;

/** Of most messages. Bytes. */
const INITIAL_BYTES = 4096;

/** Up to here a loop over the characters is faster than one call of the engine. */
const SHORT = 16;

/** Up to here room for the longest encoding is made, rather than look first how long it will be. Characters. */
const MEDIUM = 1024;

/** What `open` leaves for a header: that of most extensions. Bytes. */
const USUAL_HEADER = 3;

/** Writes MessagePack, each value in its shortest form, into one buffer that grows. */
export class Writer {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #view = viewOf(this.#bytes);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** What the buffer has grown to. Bytes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  clear(): void {
    this.#at = 0;
  }

  /** What has been written, in an allocation of its own. */
  copy(): Uint8Array {
    const copy = new Uint8Array(this.#at);
    copy.set(this.#bytes.subarray(0, this.#at));
    return copy;
  }

  null(): void {
    this.#reserve(1);
    this.#uint8(0xc0);
  }

  boolean(value: boolean): void {
    this.#reserve(1);
    this.#uint8(value ? 0xc3 : 0xc2);
  }

  /** What is a safe integer as one, the rest as a float64. −0 is 0. */
  number(value: number): void {
    this.#reserve(9);
    if (Number.isSafeInteger(value)) this.#integer(value);
    else {
      this.#uint8(0xcb);
      this.#view.setFloat64(this.#at, value);
      this.#at += 8;
    }
  }

  /** In 64 bits, whatever it is. */
  int64(value: bigint): void {
    this.#reserve(9);
    this.#uint8(value >= 0n ? 0xcf : 0xd3);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  /** @throws TypeError for half of a surrogate pair. */
  text(text: string): void {
    if (text.length < SHORT && this.#ascii(text)) return;
    if (!isWellFormed(text)) throw new TypeError("Half of a surrogate pair");
    const { length } = text;
    this.#reserve((length < MEDIUM ? 3 * length : Buffer.byteLength(text)) + 5);
    // As if it were ASCII, which most are.
    const header = textHeader(length);
    const start = this.#at + header;
    const size = this.#bytes.write(text, start);
    const shift = textHeader(size) - header;
    if (shift !== 0) this.#bytes.copyWithin(start + shift, start, start + size);
    if (size < 32) this.#uint8(0xa0 + size);
    else this.#sized(0xd9, size);
    this.#at += size;
  }

  blob(bytes: Uint8Array): void {
    this.#reserve(5);
    this.#sized(0xc4, bytes.length);
    this.raw(bytes);
  }

  list(length: number): void {
    this.#head(0x90, 0xdc, length);
  }

  map(length: number): void {
    this.#head(0x80, 0xde, length);
  }

  extension(type: number, bytes: Uint8Array): void {
    this.extensionHead(type, bytes.length);
    this.raw(bytes);
  }

  /** So many bytes of the extension are to follow. */
  extensionHead(type: number, size: number): void {
    this.#reserve(6);
    if (isFixed(size)) this.#uint8(0xd4 + 31 - Math.clz32(size));
    else this.#sized(0xc7, size);
    this.#uint8(type);
  }

  /** An extension of what is written until `close`, which gets what this returns. */
  open(): number {
    this.#reserve(USUAL_HEADER);
    this.#at += USUAL_HEADER;
    return this.#at;
  }

  close(start: number, type: number): void {
    const size = this.#at - start;
    const header = isFixed(size) ? 2 : size < 2 ** 8 ? 3 : size < 2 ** 16 ? 4 : 6;
    const shift = header - USUAL_HEADER;
    this.#reserve(header);
    if (shift !== 0) this.#bytes.copyWithin(start + shift, start, this.#at);
    this.#at = start - USUAL_HEADER;
    this.extensionHead(type, size);
    this.#at += size;
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(length);
    this.#bytes.set(bytes, this.#at);
    this.#at += length;
  }

  written({ words, length }: Written): void {
    this.#reserve(words.byteLength);
    const view = this.#view;
    const start = this.#at;
    for (let at = 0; at < length; at += 4) view.setInt32(start + at, words.getInt32(at));
    this.#at = start + length;
  }

  int32(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  /** Whether it was; what has been written is written over if not. */
  #ascii(text: string): boolean {
    const { length } = text;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#at + 1;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return false;
      bytes[start + index] = code;
    }
    this.#uint8(0xa0 + length);
    this.#at += length;
    return true;
  }

  #integer(value: number): void {
    if (value >= 0) {
      if (value < 0x80) this.#uint8(value);
      else if (value < UINT32) this.#sized(0xcc, value);
      else this.#wide(0xcf, value);
    } else if (value >= -0x20) this.#uint8(value);
    else if (value >= -0x80) {
      this.#uint8(0xd0);
      this.#uint8(value);
    } else if (value >= -0x8000) {
      this.#uint8(0xd1);
      this.#view.setInt16(this.#at, value);
      this.#at += 2;
    } else if (value >= -0x80000000) {
      this.#uint8(0xd2);
      this.int32(value);
    } else this.#wide(0xd3, value);
  }

  #wide(head: number, value: number): void {
    this.#uint8(head);
    this.#view.setInt32(this.#at, Math.floor(value / UINT32));
    this.#view.setUint32(this.#at + 4, value >>> 0);
    this.#at += 8;
  }

  #head(short: number, long: number, length: number): void {
    this.#reserve(5);
    if (length < 16) this.#uint8(short + length);
    else this.#sized(long - 1, length, 2);
  }

  /** A head and an unsigned number of one, two or four bytes, of which there is a head for each. */
  #sized(head: number, size: number, shortest = 0): void {
    if (size < 2 ** 8 && shortest === 0) {
      this.#uint8(head);
      this.#uint8(size);
    } else if (size < 2 ** 16) {
      this.#uint8(head + 1);
      this.#view.setUint16(this.#at, size);
      this.#at += 2;
    } else {
      this.#uint8(head + 2);
      this.#view.setUint32(this.#at, size);
      this.#at += 4;
    }
  }

  #uint8(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  #reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

/** How many bytes stand before a text of so many. */
function textHeader(size: number): number {
  return size < 32 ? 1 : size < 2 ** 8 ? 2 : size < 2 ** 16 ? 3 : 5;
}

/** Whether an extension of so many bytes has a head of its own. */
function isFixed(size: number): boolean {
  return size === 1 || size === 2 || size === 4 || size === 8 || size === 16;
}
