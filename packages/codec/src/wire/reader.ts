import { isAscii as isAllAscii, isUtf8 } from "node:buffer";
import { EXTENSION } from "./extension-types.ts";
import { isAscii, isSame, keptText, keptUuid, UUID_BYTES } from "./kept-texts.ts";
import type { Written } from "./written.ts";

const UINT32 = 2 ** 32;

/** The head of an extension of so many bytes. */
const UUID_HEAD = 0xd8;

/** Up to here a text is put together from characters faster than the engine's own call does it. Bytes. */
const SHORT = 12;

/** From here on one call of the engine is faster than a loop. Bytes. */
const LONG = 256;

/** Up to here a loop copies bytes faster than one call of the engine. */
const FEW = 16;

/** Every empty blob: there is nothing in it to change, and one for each would be 104 times what it is on the wire. */
export const NO_BYTES: Buffer = Buffer.alloc(0);

/** Reads on through bytes of which `endOf` has said that everything is there: it looks at no bounds itself. */
export class Reader {
  /** What is read, and behind its end maybe something else. */
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where it ends. */
  end: number;
  at = 0;

  constructor({ buffer, byteOffset, length }: Uint8Array) {
    this.bytes = Buffer.from(buffer, byteOffset, length);
    this.view = new DataView(buffer, byteOffset, length);
    this.end = length;
  }

  /** What `load` needs behind the bytes. */
  static readonly SPACE = 8;

  /** Reads a copy of these from now on, for which, and for the space, there has to be room in what it was made with. */
  load(bytes: Uint8Array): void {
    this.bytes.set(bytes);
    this.end = bytes.length;
    this.at = 0;
    // What a look behind the end sees is the same each time.
    this.view.setFloat64(this.end, 0);
  }

  uint8(): number {
    return this.bytes[this.at++] as number;
  }

  /** Reads on if these stand here. */
  takes({ words, length }: Written): boolean {
    const { at } = this;
    if (at + length > this.end || !isSame(this.view, at, words, 0, length)) return false;
    this.at = at + length;
    return true;
  }

  int32(): number {
    this.at += 4;
    return this.view.getInt32(this.at - 4);
  }

  uint32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4);
  }

  /** A number where it is exact. */
  int64(): number | bigint {
    const high = this.int32();
    const low = this.uint32();
    const number = high * UINT32 + low;
    return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
  }

  /** A number where it is exact. */
  uint64(): number | bigint {
    const high = this.uint32();
    const low = this.uint32();
    const number = high * UINT32 + low;
    return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
  }

  float32(): number {
    this.at += 4;
    return this.view.getFloat32(this.at - 4);
  }

  float64(): number {
    this.at += 8;
    return this.view.getFloat64(this.at - 8);
  }

  /** Undefined, and nothing read, if the bytes are not UTF-8. */
  text(length: number): string | undefined {
    const text = this.#textOf(this.at, length);
    if (text !== undefined) this.at += length;
    return text;
  }

  /** As `text`, of what is the same again and again. */
  keptText(length: number): string | undefined {
    const text = keptText(this.bytes, this.view, this.at, length);
    if (text === undefined) return this.text(length);
    this.at += length;
    return text;
  }

  #textOf(at: number, length: number): string | undefined {
    const { bytes } = this;
    const end = at + length;
    if (length < LONG && isAscii(this.view, at, length))
      return length <= SHORT ? shortText(bytes, at, length) : bytes.toString("latin1", at, end);
    const text = bytes.subarray(at, end);
    if (isAllAscii(text)) return text.toString("latin1");
    return isUtf8(text) ? text.toString("utf8") : undefined;
  }

  /** The length of a string, from its head on; undefined, and nothing read, if it is something else. */
  #textLength(): number | undefined {
    const head = this.bytes[this.at] as number;
    if (head < 0xa0 || (head > 0xbf && head < 0xd9) || head > 0xdb) return undefined;
    this.at++;
    return head < 0xc0 ? head - 0xa0 : this.length(head - 0xd9);
  }

  /** The size of a list or map, from its head on; undefined, and nothing read, if it is something else. */
  size(short: number, long: number): number | undefined {
    const head = this.bytes[this.at] as number;
    if (head >= short && head < short + 16) {
      this.at++;
      return head - short;
    }
    if (head !== long && head !== long + 1) return undefined;
    this.at++;
    return this.length(head - long + 1);
  }

  /** From its head on; undefined if it is something else, or not UTF-8. */
  string(): string | undefined {
    const length = this.#textLength();
    return length === undefined ? undefined : this.text(length);
  }

  keptString(): string | undefined {
    const length = this.#textLength();
    return length === undefined ? undefined : this.keptText(length);
  }

  /** An integer of any form, from its head on, as a number where it is exact; undefined if it is something else. */
  integer(): number | bigint | undefined {
    const head = this.uint8();
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    switch (head) {
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.length(head - 0xcc);
      case 0xcf:
        return this.uint64();
      case 0xd0:
        return (this.uint8() << 24) >> 24;
      case 0xd1:
        this.at += 2;
        return this.view.getInt16(this.at - 2);
      case 0xd2:
        return this.int32();
      case 0xd3:
        return this.int64();
      default:
        return undefined;
    }
  }

  /** As `integer`. */
  bigint(): bigint | undefined {
    const head = this.bytes[this.at];
    if (head === 0xcf) return this.view.getBigUint64(this.at + 1);
    if (head === 0xd3) return this.view.getBigInt64(this.at + 1);
    const value = this.integer();
    return value === undefined ? undefined : BigInt(value);
  }

  /** Of a string, or of bin, which Go reads as a name too. */
  name(): string {
    return this.keptText(this.#textLength() ?? this.length(this.uint8() - 0xc4)) as string;
  }

  /** As a text, from its head on; undefined, and nothing read, if it is something else. */
  uuid(): string | undefined {
    const { bytes, at } = this;
    if (bytes[at] !== UUID_HEAD || bytes[at + 1] !== EXTENSION.uuid) return undefined;
    this.at += 2 + UUID_BYTES;
    return keptUuid(bytes, this.view, at + 2);
  }

  /** A length of one, two or four bytes. */
  length(form: number): number {
    if (form === 0) return this.uint8();
    if (form === 2) return this.uint32();
    this.at += 2;
    return this.view.getUint16(this.at - 2);
  }

  /** In memory of its own, so that nothing keeps what was read from alive. */
  copy(length: number): Buffer {
    if (length === 0) return NO_BYTES;
    const { bytes, at } = this;
    const copy = Buffer.allocUnsafe(length);
    if (length > FEW) bytes.copy(copy, 0, at, at + length);
    else for (let index = 0; index < length; index++) copy[index] = bytes[at + index] as number;
    this.at = at + length;
    return copy;
  }
}

/** Of ASCII. */
function shortText(bytes: Uint8Array, at: number, length: number): string {
  let text = "";
  let index = 0;
  for (; index <= length - 4; index += 4) {
    const from = at + index;
    text += String.fromCharCode(
      bytes[from] as number,
      bytes[from + 1] as number,
      bytes[from + 2] as number,
      bytes[from + 3] as number,
    );
  }
  for (; index < length; index++) text += String.fromCharCode(bytes[at + index] as number);
  return text;
}
