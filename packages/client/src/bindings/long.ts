import { types } from "cassandra-driver";

/** A `bigint` as the driver's 64-bit number. */
export function toLong(value: bigint): types.Long {
  const number = Number(value);
  // What is exact as a number is cut in two without a BigInt for each step.
  if (Number.isSafeInteger(number)) return types.Long.fromBits(number | 0, Math.floor(number / 2 ** 32));
  return types.Long.fromBits(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

/** The signed number of the same bits, which are what the driver sends, of a Long of any copy of the driver. */
export function longToBigint(value: unknown): bigint {
  const { high, low } = value as { readonly high: number; readonly low: number };
  return (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
}

/** What CQL has for it in eight bytes. */
export function longBytes(value: unknown): Buffer {
  const { high, low } = value as { readonly high: number; readonly low: number };
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeInt32BE(high | 0);
  bytes.writeInt32BE(low | 0, 4);
  return bytes;
}
