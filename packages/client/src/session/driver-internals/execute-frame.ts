import { types } from "cassandra-driver";
import type { ColumnType } from "../../bindings/column-type.ts";
import { isObject, member } from "./member.ts";
import type { SharedValues } from "./shared-values.ts";

/** A request of the driver on its way. */
export interface SentRequest {
  meta: unknown;
  params: unknown;
  /** Of its body. Bytes. */
  length?: unknown;
  readonly queryId?: unknown;
  readonly consistency?: unknown;
  readonly timestamp?: unknown;
  readonly options?: unknown;
  /** Makes the bytes that are sent next. What it throws the request rejects with. */
  write(this: SentRequest, encoder: unknown, ...args: unknown[]): unknown;
}

interface Encoder {
  encode(value: unknown, type: unknown): unknown;
}

interface Options {
  getFetchSize(): unknown;
  isQueryTracing(): unknown;
  getCustomPayload(): unknown;
  getPageState(): unknown;
  getSerialConsistency(): unknown;
}

/** Whether the driver that has this encoder makes the same bytes of an EXECUTE. */
const proven = new WeakMap<object, boolean>();

/**
 * The bytes of an EXECUTE of version 4 of the protocol, in one go: the driver makes a buffer for each number in it, and then one of all, which
 * was a fourth of what it does for a request. Undefined for what has more in it than values and a timestamp, and with a
 * driver that made other bytes of the first one.
 *
 * @param write The driver's own way.
 * @param types Of the markers.
 * @param shared What another session may have made of the same values.
 */
export function executeFrame(
  request: SentRequest,
  encoder: unknown,
  streamId: unknown,
  write: SentRequest["write"],
  types: Types,
  shared?: SharedValues,
): Buffer | undefined {
  if (!isObject(encoder)) return undefined;
  const isSame = proven.get(encoder);
  if (isSame === false) return undefined;
  const frame = frameOf(request, encoder, streamId, types, shared);
  if (frame === undefined || isSame === true) return frame;
  const drivers = write.call(request, encoder, streamId);
  proven.set(encoder, Buffer.isBuffer(drivers) && drivers.equals(frame));
  return drivers as Buffer;
}

const VERSION = 4;
const EXECUTE = 0x0a;
const HEADER_BYTES = 9;
const VALUES = 0x01;
const PAGE_SIZE = 0x04;
const TIMESTAMP = 0x20;
const NULL = -1;
const UNSET = -2;

type Types = readonly (ColumnType | undefined)[];

function frameOf(
  request: SentRequest,
  encoder: object,
  streamId: unknown,
  columns: Types,
  shared: SharedValues | undefined,
): Buffer | undefined {
  const { queryId, params, consistency, timestamp } = request;
  const options = request.options as Options;
  if (
    member(encoder, "protocolVersion") !== VERSION ||
    !Buffer.isBuffer(queryId) ||
    !Array.isArray(params) ||
    params.length === 0 ||
    !types.Long.isLong(timestamp) ||
    typeof consistency !== "number" ||
    typeof streamId !== "number" ||
    options.isQueryTracing() ||
    options.getCustomPayload() ||
    options.getPageState() ||
    options.getSerialConsistency()
  )
    return undefined;
  const fetchSize = options.getFetchSize();
  const hasPageSize = typeof fetchSize === "number" && fetchSize > 0;
  const made = shared?.take(params, columns);
  const values = made === undefined ? valuesOf(params, columns, encoder as Encoder) : [];
  let length = HEADER_BYTES + 2 + queryId.length + 2 + 1 + (hasPageSize ? 4 : 0) + 8;
  if (made !== undefined) length += made.end - made.start;
  else {
    length += 2;
    for (const value of values) length += 4 + (isBytes(value) ? value.length : 0);
  }
  const frame = Buffer.allocUnsafe(length);
  request.length = length - HEADER_BYTES;
  frame[0] = VERSION;
  frame[1] = 0;
  frame.writeInt16BE(streamId, 2);
  frame[4] = EXECUTE;
  let at = frame.writeInt32BE(length - HEADER_BYTES, 5);
  at = frame.writeUInt16BE(queryId.length, at);
  at += queryId.copy(frame, at);
  at = frame.writeUInt16BE(consistency, at);
  frame[at++] = VALUES | TIMESTAMP | (hasPageSize ? PAGE_SIZE : 0);
  if (made !== undefined) at += made.frame.copy(frame, at, made.start, made.end);
  else {
    const start = at;
    at = frame.writeUInt16BE(values.length, at);
    for (const value of values) {
      if (isBytes(value)) {
        at = frame.writeInt32BE(value.length, at);
        frame.set(value, at);
        at += value.length;
      } else at = frame.writeInt32BE(value === null ? NULL : UNSET, at);
    }
    shared?.keep(params, columns, { frame, start, end: at });
  }
  if (hasPageSize) at = frame.writeInt32BE(fetchSize, at);
  at = frame.writeInt32BE(timestamp.high, at);
  frame.writeInt32BE(timestamp.low, at);
  return frame;
}

type Value = Buffer | null | typeof types.unset;

function valuesOf(params: readonly unknown[], columns: Types, encoder: Encoder): Value[] {
  return params.map((value, position) => encoder.encode(value, columns[position] ?? null) as Value);
}

function isBytes(value: unknown): value is Buffer {
  return value !== null && value !== types.unset;
}
