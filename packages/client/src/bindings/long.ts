import { types } from "cassandra-driver";

/** A `bigint` as the driver's 64-bit number. */
export function toLong(value: bigint): types.Long {
  return types.Long.fromBits(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

/** The signed number of the same bits, which are what the driver sends, of a Long of any copy of the driver. */
export function longToBigint(value: unknown): bigint {
  const { high, low } = value as { readonly high: number; readonly low: number };
  return (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
}
