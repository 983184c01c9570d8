import {
  BATCH_TYPES,
  checkPayload,
  helixError,
  type Params,
  type ReplayPayload,
  type Statement,
} from "@helix/core";
import { assertBindable, isWellFormed, valueKind } from "@helix/core/internal";
import { invalid } from "./invalid.ts";
import { FORMAT_VERSION, KEY, MIDDLES, WRITTEN_NAMES } from "./wire/envelope.ts";
import { EXTENSION } from "./wire/extension-types.ts";
import { fieldsToWire, listToWire } from "./wire/to-wire.ts";
import { Writer } from "./wire/writer.ts";
import type { Written } from "./wire/written.ts";

export interface EncodeOptions {
  /** What the encoding may have at most. Bytes, at least 1. @default no bound */
  readonly maxPayloadBytes?: number | undefined;
}

/**
 * What both queues take by default: the 1 MiB of a NATS server (`max_payload`), less 16 KiB for the headers and
 * the cause of a dead letter. Bytes.
 */
export const DEFAULT_MAX_PAYLOAD_BYTES = 1024 * 1024 - 16 * 1024;

/**
 * A payload as bytes: a snapshot, in an allocation of its own. The format is in the package's README.
 *
 * @throws TypeError, RangeError for a payload of the wrong shape, as `checkPayload` does.
 * @throws HelixError HELIX_PAYLOAD_INVALID for a bound value that no CQL type takes as it is meant, and for
 * a text without UTF-8; it names the path (`params[3].items[2]`) and the type, never the value.
 * @throws HelixError HELIX_PAYLOAD_TOO_LARGE
 */
export function encodePayload(payload: ReplayPayload, options: EncodeOptions = {}): Uint8Array {
  checkPayload(payload);
  const writer = spare ?? new Writer();
  // Not for whoever is called meanwhile: a getter of a bound object may encode as well.
  spare = undefined;
  try {
    write(writer, payload);
    const { maxPayloadBytes = Number.POSITIVE_INFINITY } = options;
    if (writer.length > maxPayloadBytes) {
      const text = `The payload has ${writer.length} bytes, and no more than ${maxPayloadBytes} are taken`;
      throw helixError("HELIX_PAYLOAD_TOO_LARGE", text, { bytes: writer.length, maxPayloadBytes });
    }
    return writer.copy();
  } finally {
    writer.clear();
    if (writer.capacity <= KEPT_BYTES) spare = writer;
  }
}

/** What a writer's buffer may have grown to and still be kept for the next message. */
const KEPT_BYTES = 1024 * 1024;

let spare: Writer | undefined;

/** The keys of the Go implementation first, all eight and in its order, then ours, which it skips. */
function write(writer: Writer, payload: ReplayPayload): void {
  const { operation, keyspace, consistency, disposition, schema, traceparent } = payload;
  const isBatch = operation.kind === "batch";
  const named = isBatch || isPositional(operation.params) ? undefined : operation.params;
  let fields: number = KEY.named_args;
  if (named !== undefined) fields++;
  if (keyspace !== undefined) fields++;
  if (consistency !== undefined) fields++;
  if (disposition !== undefined) fields++;
  if (traceparent !== undefined) fields++;
  if (schema?.gcGraceSeconds !== undefined) fields++;
  if (schema?.tableIds !== undefined) fields++;
  writer.map(fields);
  name(writer, KEY.target_cluster).text(payload.targetCluster);
  if (isBatch) {
    name(writer, KEY.query).text("");
    name(writer, KEY.args).null();
  } else writeStatement(writer, operation, "");
  name(writer, KEY.timestamp).int64(BigInt(payload.timestampMicros));
  const priority = payload.priority === "low" ? 1 : 0;
  if (isBatch) {
    name(writer, KEY.priority).number(priority);
    name(writer, KEY.is_batch).boolean(true);
    name(writer, KEY.batch_type).number(BATCH_TYPES.indexOf(operation.batchType));
    name(writer, KEY.batch_statements);
    writeBatch(writer, operation.statements);
    name(writer, KEY.v).number(FORMAT_VERSION);
    name(writer, KEY.id);
  } else writer.written(MIDDLES[priority] as Written);
  writer.text(payload.id);
  name(writer, KEY.life).number(payload.life);
  // Parts of a millisecond are cut off.
  name(writer, KEY.written_at).number(Math.floor(payload.writtenAtMs));
  name(writer, KEY.enqueued_at).number(Math.floor(payload.enqueuedAtMs));
  if (named !== undefined) writeNamed(writer, named, "");
  if (keyspace !== undefined) name(writer, KEY.keyspace).text(text(keyspace, "", "keyspace"));
  if (consistency !== undefined) name(writer, KEY.consistency).number(consistency);
  if (disposition !== undefined) name(writer, KEY.disposition).text(disposition);
  if (traceparent !== undefined) name(writer, KEY.traceparent).text(text(traceparent, "", "traceparent"));
  if (schema?.gcGraceSeconds !== undefined) name(writer, KEY.gc_grace_seconds).number(schema.gcGraceSeconds);
  if (schema?.tableIds !== undefined) writeTableIds(writer, Object.entries(schema.tableIds));
}

function writeTableIds(writer: Writer, ids: readonly [string, string | null][]): void {
  name(writer, KEY.table_ids).map(ids.length);
  for (const [table, id] of ids) {
    writer.text(text(table, "", "schema.tableIds"));
    if (id === null) writer.null();
    else writer.extension(EXTENSION.uuid, Buffer.from(id.replaceAll("-", ""), "hex"));
  }
}

function writeBatch(writer: Writer, statements: readonly Statement[]): void {
  writer.list(statements.length);
  for (const [index, statement] of statements.entries()) {
    const path = `statements[${index}].`;
    const isNamed = !isPositional(statement.params);
    writer.map(isNamed ? 3 : 2);
    writeStatement(writer, statement, path);
    if (isNamed) writeNamed(writer, statement.params, path);
  }
}

/**
 * Query and positional parameters. No parameters are nil, as Go writes them, and named ones are nil here and have a key of
 * their own: Go then has a statement with markers and no values for them, which its driver refuses before it sends
 * anything: never executed wrongly, and reported as dropped. (A map in `args` would be refused as well, but then silently
 * and for as long as the stream keeps it.)
 */
function writeStatement(writer: Writer, { query, params }: Statement, path: string): void {
  name(writer, KEY.query).text(text(query, path, "query"));
  name(writer, KEY.args);
  try {
    if (isPositional(params) && params.length > 0) listToWire(writer, params);
    else writer.null();
  } catch (cause) {
    throw unwritable(params, path, cause);
  }
}

function writeNamed(writer: Writer, params: Params, path: string): void {
  name(writer, KEY.named_args);
  try {
    if (valueKind(params) !== "object") throw new TypeError("Neither an array nor a plain object");
    fieldsToWire(writer, params as Readonly<Record<string, unknown>>);
  } catch (cause) {
    throw unwritable(params, path, cause);
  }
}

/** Says which value it was, and what is wrong with it. */
function unwritable(params: Params, path: string, cause: unknown): Error {
  const paramsPath = `${path}params`;
  assertBindable(params, paramsPath);
  return invalid(`Cannot encode \`${paramsPath}\``, paramsPath, cause);
}

function name(writer: Writer, key: number): Writer {
  writer.written(WRITTEN_NAMES[key] as Written);
  return writer;
}

function isPositional(params: Params): params is readonly unknown[] {
  return Array.isArray(params);
}

function text(value: unknown, path: string, name: string): string {
  if (typeof value !== "string" || !isWellFormed(value)) {
    throw invalid(`\`${path}${name}\` is no text that UTF-8 has`, path + name);
  }
  return value;
}
