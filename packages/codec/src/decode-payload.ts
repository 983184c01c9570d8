import { createHash } from "node:crypto";
import {
  BATCH_TYPES,
  type ClusterId,
  checkPayload,
  type Disposition,
  isHelixError,
  type Operation,
  type ReplayPayload,
  type Statement,
  type WrittenSchema,
} from "@helix/core";
import { invalid } from "./invalid.ts";
import { tablesOf } from "./tables-of.ts";
import { Fields, FORMAT_VERSION, KEY } from "./wire/envelope.ts";
import { Reader } from "./wire/reader.ts";
import { young } from "./young.ts";

/**
 * The payload that the bytes stand for, ours or of the Go implementation. Shares no memory with them.
 *
 * All eight keys of Go must be there, since Go writes them always and takes a missing one for zero: a body
 * with a damaged key name would be executed at timestamp 0, or with an empty query. Of ours, those that
 * are not there have the defaults of a body made by Go: `id` is derived from the bytes, `life` is 0, the
 * times are the timestamp's. Its tables are told from the texts of its statements.
 *
 * @throws HelixError HELIX_PAYLOAD_INVALID, and nothing else, whatever the bytes.
 */
export function decodePayload(bytes: Uint8Array): ReplayPayload {
  const isShort = bytes.length <= SHORT_BYTES;
  const reader = isShort ? shortReader(bytes) : new Reader(bytes);
  try {
    const body = new Fields(reader);
    if (reader.at !== reader.end) throw new SyntaxError("Bytes behind the end");
    return read(body, bytes);
  } catch (cause) {
    if (isHelixError(cause, "HELIX_PAYLOAD_INVALID")) throw cause;
    throw invalid("The bytes are no payload", undefined, cause);
  } finally {
    if (isShort) spare = reader;
  }
}

/** Most bodies. To copy so few costs less than to make objects that look at them where they are. */
const SHORT_BYTES = 4096;

let spare: Reader | undefined;

/** Nobody else gets it meanwhile: a setter that an application has put into `Object.prototype` may decode as well. */
function shortReader(bytes: Uint8Array): Reader {
  const reader = spare ?? new Reader(Buffer.allocUnsafeSlow(SHORT_BYTES + Reader.SPACE));
  spare = undefined;
  reader.load(bytes);
  return reader;
}

function read(body: Fields, bytes: Uint8Array): ReplayPayload {
  const version = body.has(KEY.v) ? body.integer(KEY.v) : FORMAT_VERSION;
  if (version !== FORMAT_VERSION) throw invalid(`Unknown format version ${version}`, "v");
  const timestampMicros = body.int64(KEY.timestamp);
  const writtenAtMs = body.has(KEY.written_at) ? body.integer(KEY.written_at) : timeOf(timestampMicros);
  const keyspace = body.has(KEY.keyspace) ? body.keptText(KEY.keyspace) : undefined;
  const operation = readOperation(body);
  const payload: { -readonly [K in keyof ReplayPayload]: ReplayPayload[K] } = {
    id: body.has(KEY.id) ? body.text(KEY.id) : idOf(bytes),
    life: body.has(KEY.life) ? body.integer(KEY.life) : 0,
    targetCluster: body.keptText(KEY.target_cluster) as ClusterId,
    operation,
    timestampMicros,
    writtenAtMs,
    enqueuedAtMs: body.has(KEY.enqueued_at) ? body.integer(KEY.enqueued_at) : writtenAtMs,
    // Any other number is high to Go as well; it decides the order only.
    priority: body.integer(KEY.priority) === 1 ? "low" : "high",
    tables: tablesOf(operation, keyspace),
  };
  if (keyspace !== undefined) payload.keyspace = keyspace;
  if (body.has(KEY.consistency)) payload.consistency = body.integer(KEY.consistency);
  if (body.has(KEY.disposition)) payload.disposition = body.keptText(KEY.disposition) as Disposition;
  const schema = readSchema(body);
  if (schema !== undefined) payload.schema = schema;
  if (body.has(KEY.traceparent)) payload.traceparent = body.text(KEY.traceparent);
  // Refuses clusters and dispositions that do not exist, empty queries, empty batches.
  checkPayload(payload);
  return young(payload);
}

function readSchema(body: Fields): WrittenSchema | undefined {
  const [hasGrace, hasIds] = [body.has(KEY.gc_grace_seconds), body.has(KEY.table_ids)];
  if (!hasGrace && !hasIds) return undefined;
  const schema: { -readonly [K in keyof WrittenSchema]: WrittenSchema[K] } = {};
  if (hasGrace) schema.gcGraceSeconds = body.integer(KEY.gc_grace_seconds);
  if (hasIds) schema.tableIds = body.uuids(KEY.table_ids);
  return schema;
}

/** What a payload may say; a timestamp need not be a time at all. */
const MAX_TIME_MS = 8.64e15;

function timeOf(timestampMicros: bigint): number {
  return Math.max(0, Math.min(MAX_TIME_MS, Number(timestampMicros / 1000n)));
}

function readOperation(body: Fields): Operation {
  const isBatch = body.boolean(KEY.is_batch);
  const { query, params } = readStatement(body);
  const typeNumber = body.integer(KEY.batch_type);
  body.length(KEY.batch_statements);
  if (!isBatch) return young({ kind: "statement", query, params });
  const batchType = BATCH_TYPES[typeNumber];
  if (batchType === undefined) throw invalid(`Unknown batch type ${typeNumber}`, "batch_type");
  return {
    kind: "batch",
    batchType,
    statements: body.statements((statement) => young(readStatement(statement))),
  };
}

function readStatement(fields: Fields): Statement {
  const query = fields.keptText(KEY.query);
  // Go writes nil for none.
  const isNil = fields.isNil(KEY.args);
  if (!fields.has(KEY.named_args)) return { query, params: isNil ? [] : fields.list() };
  if (!isNil && fields.length(KEY.args) > 0) throw fields.both();
  return { query, params: fields.named() };
}

/** The same for the same bytes, whoever reads them and whenever. */
function idOf(bytes: Uint8Array): string {
  return `go-${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}`;
}
