import { isDecimal, isWholeNumber } from "./cql-strings.ts";

/**
 * Longer texts of numbers are refused: 33,000 bits are enough for any key, and 10,000 digits take 0.3 ms. Characters.
 */
export const MAX_NUMBER_LENGTH = 10_000;

/** The driver reads a shorter one in no time, whatever it is. */
const HARMLESS_LENGTH = 100;

/**
 * What a varint column is sent: two's complement, big-endian, as short as it can be. The driver takes the square of the
 * length for it, of a text and of a bigint alike: 13 s for 60,000 digits.
 */
export function varintBytes(value: bigint): Buffer {
  const digits = (value < 0n ? ~value : value).toString(16);
  // One bit more is the sign's.
  const size = digits.length % 2 === 0 && digits < "8" ? digits.length / 2 : (digits.length >> 1) + 1;
  const hex = BigInt.asUintN(size * 8, value).toString(16);
  return Buffer.from(hex.padStart(size * 2, "0"), "hex");
}

/** The bytes of a whole number in digits; the text itself where it is none, and harmless. @throws RangeError */
export function varintOf(text: string): Buffer | string {
  return isReadable(text, isWholeNumber) ? varintBytes(BigInt(text.replace("+", ""))) : text;
}

/** As {@link varintOf}, of a decimal number: its scale and its digits. */
export function decimalOf(text: string): Buffer | string {
  if (!isReadable(text, isDecimal)) return text;
  const point = text.indexOf(".");
  const scale = Buffer.alloc(4);
  if (point >= 0) scale.writeInt32BE(text.length - 1 - point);
  return Buffer.concat([scale, varintBytes(BigInt(text.replace(/[+.]/g, "")))]);
}

function isReadable(text: string, isRight: (text: string) => boolean): boolean {
  if (text.length > MAX_NUMBER_LENGTH) throw new RangeError("A number of too many digits");
  const is = isRight(text);
  if (!is && text.length > HARMLESS_LENGTH) throw new RangeError("A long text that is no number");
  return is;
}
