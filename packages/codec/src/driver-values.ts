import type { ValueKind } from "@helix/core/internal";
import { types } from "cassandra-driver";

/** What the encoding needs of a value of each class, whichever copy of the driver it comes from. */
interface Shapes {
  readonly integer: types.Integer;
  readonly decimal: types.BigDecimal;
  readonly uuid: { getBuffer(): Uint8Array };
  readonly timeuuid: { getBuffer(): Uint8Array };
  readonly inet: { getBuffer(): Uint8Array };
  readonly localDate: { toBuffer(): Uint8Array };
  readonly localTime: { toBuffer(): Uint8Array };
  readonly duration: { toBuffer(): Uint8Array };
}

type Writers = { readonly [K in keyof Shapes]: (value: Shapes[K]) => Uint8Array };

/** Bytes of the classes that are a run of bytes. They are CQL's own wherever CQL has such a type. */
const WRITERS: Writers = {
  // Both read the fields of their argument and call no method of it: an instance of any copy will do.
  integer: (value) => types.Integer.toBuffer(value),
  decimal: (value) => types.BigDecimal.toBuffer(value),
  uuid: (value) => value.getBuffer(),
  timeuuid: (value) => value.getBuffer(),
  inet: (value) => value.getBuffer(),
  localDate: (value) => value.toBuffer(),
  localTime: (value) => value.toBuffer(),
  duration: (value) => value.toBuffer(),
};

export type ByteKind = keyof Shapes;

/** @param value One that `valueKind` has called `kind`. */
export function bytesOf(kind: ByteKind, value: unknown): Uint8Array {
  return (WRITERS[kind] as (value: unknown) => Uint8Array)(value);
}

export function isByteKind(kind: ValueKind | undefined): kind is ByteKind {
  return kind !== undefined && Object.hasOwn(WRITERS, kind);
}

export const UNSET: object = types.unset;

/** The signed number of the same bits, which are what the driver sends. */
export function longToBigint(value: unknown): bigint {
  const { high, low } = value as { readonly high: number; readonly low: number };
  return (BigInt(high | 0) << 32n) | BigInt(low >>> 0);
}

export function longToBytes(value: bigint): Uint8Array {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

export function longFromBytes(bytes: Buffer): types.Long {
  expectLength(bytes, 8);
  return types.Long.fromBits(bytes.readInt32BE(4), bytes.readInt32BE(0));
}

/** An int64 that no JavaScript number holds. */
export function longFromBigint(value: bigint): types.Long {
  return types.Long.fromString(value.toString());
}

/** An integer that int64 does not hold: only a varint column takes it. */
export function integerFromBigint(value: bigint): types.Integer {
  return types.Integer.fromString(value.toString());
}

export function integerFromBytes(bytes: Buffer): types.Integer {
  if (bytes.length === 0) throw new RangeError("A varint of no bytes");
  return types.Integer.fromBuffer(bytes);
}

export function decimalFromBytes(bytes: Buffer): types.BigDecimal {
  if (bytes.length < 5) throw new RangeError("A decimal of less than 5 bytes");
  return types.BigDecimal.fromBuffer(bytes);
}

/** @param bytes Kept by the value: the caller's own copy. */
export function uuidFromBytes(bytes: Buffer): types.Uuid {
  expectLength(bytes, 16);
  const version = (bytes[6] as number) >> 4;
  return version === 1 ? new types.TimeUuid(bytes) : new types.Uuid(bytes);
}

/** @param bytes Kept by the value: the caller's own copy. */
export function inetFromBytes(bytes: Buffer): types.InetAddress {
  return new types.InetAddress(bytes);
}

export function localDateFromBytes(bytes: Buffer): types.LocalDate {
  expectLength(bytes, 4);
  return types.LocalDate.fromBuffer(bytes);
}

export function localTimeFromBytes(bytes: Buffer): types.LocalTime {
  expectLength(bytes, 8);
  return types.LocalTime.fromBuffer(bytes);
}

/** The driver reads past the end without a word: what does not come out as it went in is refused. */
export function durationFromBytes(bytes: Buffer): types.Duration {
  const duration = types.Duration.fromBuffer(bytes);
  if (!duration.toBuffer().equals(bytes)) throw new RangeError("Not the bytes of a duration");
  return duration;
}

export function tupleFromElements(elements: unknown[]): types.Tuple {
  return types.Tuple.fromArray(elements);
}

export function vectorFromElements(elements: unknown[], subtype: string | undefined): object {
  return new types.Vector(elements, subtype);
}

function expectLength(bytes: Buffer, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} are due`);
}
