import { EXTENSION } from "./extension-types.ts";
import type { Writer } from "./writer.ts";

const MAX_SECONDS = 8_640_000_000_000;
const UINT32 = 2 ** 32;
const NANOS_PER_MS = 1_000_000;

/** The Go implementation's form of a time: int64 seconds, int32 nanoseconds. */
export function timeToWire(date: Date, writer: Writer): void {
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1000);
  writer.extensionHead(EXTENSION.time, 12);
  // In two halves: a number holds the seconds of every Date, and a bigint would cost as much as all the rest.
  writer.int32(Math.floor(seconds / UINT32));
  writer.int32(seconds | 0);
  writer.int32((ms - seconds * 1000) * NANOS_PER_MS);
}

/** What is finer than a millisecond is cut off, as CQL's timestamp does. */
export function timeFromBytes(bytes: Uint8Array, at: number, length: number): Date {
  if (length !== 12) throw new RangeError("A time that is not 12 bytes long");
  return dateOf(secondsAt(bytes, at), int32At(bytes, at + 8));
}

/** MessagePack's own timestamp has the two the other way round. Its shorter forms are not read: Go does not either. */
export function messagePackTimeFromBytes(bytes: Uint8Array, at: number, length: number): Date {
  if (length !== 12) throw new RangeError("A MessagePack timestamp that is not 12 bytes long");
  return dateOf(secondsAt(bytes, at + 4), int32At(bytes, at) >>> 0);
}

/** An int64, exact as far as a Date reaches. */
function secondsAt(bytes: Uint8Array, offset: number): number {
  return int32At(bytes, offset) * UINT32 + (int32At(bytes, offset + 4) >>> 0);
}

/** Big-endian. There: the length has been looked at. */
function int32At(bytes: Uint8Array, offset: number): number {
  return (uint16At(bytes, offset) << 16) | uint16At(bytes, offset + 2);
}

function uint16At(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
}

function dateOf(seconds: number, nanoseconds: number): Date {
  if (nanoseconds < 0 || nanoseconds > 999_999_999 || seconds > MAX_SECONDS || seconds < -MAX_SECONDS) {
    throw new RangeError("A time that no Date holds");
  }
  const ms = seconds * 1000 + Math.floor(nanoseconds / NANOS_PER_MS);
  if (ms > MAX_SECONDS * 1000) throw new RangeError("A time that no Date holds");
  return new Date(ms);
}
