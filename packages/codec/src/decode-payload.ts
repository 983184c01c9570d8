import { createHash } from "node:crypto";
import {
  BATCH_TYPES,
  type ClusterId,
  checkPayload,
  isHelixError,
  type Operation,
  type ReplayPayload,
  type Statement,
} from "@helix/core";
import { invalid } from "./invalid.ts";
import {
  arrayIn,
  booleanIn,
  type Fields,
  FORMAT_VERSION,
  int64In,
  integerIn,
  mapIn,
  optionalInteger,
  optionalText,
  textIn,
} from "./wire/envelope.ts";
import { fromWire, MAX_DECODE_DEPTH } from "./wire/from-wire.ts";
import { unpack } from "./wire/message-pack.ts";

/**
 * The payload that the bytes stand for, ours or of the Go implementation. Shares no memory with them.
 *
 * All eight keys of Go must be there, since Go writes them always and takes a missing one for zero: a body
 * with a damaged key name would be executed at timestamp 0, or with an empty query. Of ours, those that
 * are not there have the defaults of a body made by Go: `id` is derived from the bytes, `life` is 0, the
 * times are the timestamp's.
 *
 * @throws HelixError HELIX_PAYLOAD_INVALID, and nothing else, whatever the bytes.
 */
export function decodePayload(bytes: Uint8Array): ReplayPayload {
  try {
    const { value, source } = unpack(bytes, MAX_DECODE_DEPTH, true);
    return read(mapIn(value, ""), source, bytes);
  } catch (cause) {
    if (isHelixError(cause, "HELIX_PAYLOAD_INVALID")) throw cause;
    throw invalid("The bytes are no payload", undefined, cause);
  }
}

function read(body: Fields, source: Buffer, bytes: Uint8Array): ReplayPayload {
  const version = optionalInteger(body.v, "v") ?? FORMAT_VERSION;
  if (version !== FORMAT_VERSION) throw invalid(`Unknown format version ${version}`, "v");
  const timestampMicros = int64In(body.timestamp, "timestamp");
  const writtenAtMs = optionalInteger(body.written_at, "written_at") ?? timeOf(timestampMicros);
  const payload: { -readonly [K in keyof ReplayPayload]: ReplayPayload[K] } = {
    id: optionalText(body.id, source, "id") ?? idOf(bytes),
    life: optionalInteger(body.life, "life") ?? 0,
    targetCluster: textIn(body.target_cluster, source, "", "target_cluster") as ClusterId,
    operation: readOperation(body, source),
    timestampMicros,
    writtenAtMs,
    enqueuedAtMs: optionalInteger(body.enqueued_at, "enqueued_at") ?? writtenAtMs,
    // Any other number is high to Go as well; it decides the order only.
    priority: integerIn(body.priority, "priority") === 1 ? "low" : "high",
  };
  const keyspace = optionalText(body.keyspace, source, "keyspace");
  const consistency = optionalInteger(body.consistency, "consistency");
  const disposition = optionalText(body.disposition, source, "disposition");
  const traceparent = optionalText(body.traceparent, source, "traceparent");
  if (keyspace !== undefined) payload.keyspace = keyspace;
  if (consistency !== undefined) payload.consistency = consistency;
  if (disposition !== undefined) payload.disposition = disposition as "replay" | "hold";
  if (traceparent !== undefined) payload.traceparent = traceparent;
  // Refuses clusters and dispositions that do not exist, empty queries, empty batches.
  checkPayload(payload);
  return payload;
}

/** What a `Date` can hold; a timestamp need not be a time at all. */
const MAX_TIME_MS = 8.64e15;

function timeOf(timestampMicros: bigint): number {
  return Math.max(-MAX_TIME_MS, Math.min(MAX_TIME_MS, Number(timestampMicros / 1000n)));
}

function readOperation(body: Fields, source: Buffer): Operation {
  const isBatch = booleanIn(body.is_batch, "is_batch");
  const statement = readStatement(body, source, "");
  const typeNumber = integerIn(body.batch_type, "batch_type");
  const statements = arrayIn(body.batch_statements, "", "batch_statements");
  if (!isBatch) return { kind: "statement", query: statement.query, params: statement.params };
  const batchType = BATCH_TYPES[typeNumber];
  if (batchType === undefined) throw invalid(`Unknown batch type ${typeNumber}`, "batch_type");
  return {
    kind: "batch",
    batchType,
    statements: statements.map((fields, index) => {
      const path = `statements[${index}].`;
      return readStatement(mapIn(fields, path), source, path);
    }),
  };
}

/** Depth of the first parameter: in the body, and in the list of parameters. */
const PARAM_DEPTH = 2;

function readStatement(fields: Fields, source: Buffer, path: string): Statement {
  const query = textIn(fields.query, source, path, "query");
  // Go writes nil for none.
  const args = fields.args === null ? [] : arrayIn(fields.args, path, "args");
  if (fields.named_args === undefined) return { query, params: readList(args, source, path) };
  if (args.length > 0) throw invalid("Both positional and named parameters", `${path}params`);
  return { query, params: readNamed(fields.named_args, source, path) };
}

function readNamed(namedArgs: unknown, source: Buffer, path: string): Record<string, unknown> {
  const named = mapIn(namedArgs, path, "named_args") as Record<string, unknown>;
  for (const name of Object.keys(named)) {
    try {
      named[name] = fromWire(named[name], PARAM_DEPTH, source);
    } catch (cause) {
      throw unreadable(`${path}params.${name}`, cause);
    }
  }
  return named;
}

function readList(args: unknown[], source: Buffer, path: string): unknown[] {
  let index = 0;
  try {
    for (; index < args.length; index++) args[index] = fromWire(args[index], PARAM_DEPTH, source);
    return args;
  } catch (cause) {
    throw unreadable(`${path}params[${index}]`, cause);
  }
}

function unreadable(path: string, cause: unknown): Error {
  return invalid(`Cannot read \`${path}\``, path, cause);
}

/** The same for the same bytes, whoever reads them and whenever. */
function idOf(bytes: Uint8Array): string {
  return `go-${createHash("sha256").update(bytes).digest("hex").slice(0, 32)}`;
}
