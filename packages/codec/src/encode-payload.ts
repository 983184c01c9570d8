import {
  BATCH_TYPES,
  checkPayload,
  helixError,
  type Params,
  type ReplayPayload,
  type Statement,
} from "@helix/core";
import { assertBindable, valueKind } from "@helix/core/internal";
import { invalid } from "./invalid.ts";
import { FORMAT_VERSION } from "./wire/envelope.ts";
import { pack } from "./wire/message-pack.ts";
import { fieldsToWire, listToWire, numberToWire } from "./wire/to-wire.ts";

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
  const bytes = packed(wireOf(payload));
  const { maxPayloadBytes = Number.POSITIVE_INFINITY } = options;
  if (bytes.length > maxPayloadBytes) {
    const text = `The payload has ${bytes.length} bytes, and no more than ${maxPayloadBytes} are taken`;
    throw helixError("HELIX_PAYLOAD_TOO_LARGE", text, { bytes: bytes.length, maxPayloadBytes });
  }
  return bytes;
}

function packed(wire: object): Uint8Array {
  try {
    return pack(wire);
  } catch (cause) {
    throw invalid("Cannot encode the payload", undefined, cause);
  }
}

/** The keys of the Go implementation first, all eight and in its order, then ours, which it skips. */
function wireOf(payload: ReplayPayload): object {
  const { operation } = payload;
  const isBatch = operation.kind === "batch";
  const single = isBatch ? NO_STATEMENT : statementToWire(operation, "");
  const wire: Record<string, unknown> = {
    target_cluster: payload.targetCluster,
    query: single.query,
    args: single.args,
    timestamp: BigInt(payload.timestampMicros),
    priority: payload.priority === "low" ? 1 : 0,
    is_batch: isBatch,
    batch_type: isBatch ? BATCH_TYPES.indexOf(operation.batchType) : 0,
    batch_statements: isBatch
      ? operation.statements.map((statement, index) => statementToWire(statement, `statements[${index}].`))
      : [],
    v: FORMAT_VERSION,
    id: payload.id,
    life: integer(payload.life, "life"),
    written_at: integer(payload.writtenAtMs, "writtenAtMs"),
    enqueued_at: integer(payload.enqueuedAtMs, "enqueuedAtMs"),
  };
  if (single.named_args !== undefined) wire.named_args = single.named_args;
  if (payload.keyspace !== undefined) wire.keyspace = text(payload.keyspace, "", "keyspace");
  if (payload.consistency !== undefined) wire.consistency = integer(payload.consistency, "consistency");
  if (payload.disposition !== undefined) wire.disposition = payload.disposition;
  if (payload.traceparent !== undefined) wire.traceparent = text(payload.traceparent, "", "traceparent");
  return wire;
}

interface WireStatement {
  readonly query: string;
  readonly args: unknown[] | null;
  readonly named_args?: Record<string, unknown>;
}

const NO_STATEMENT: WireStatement = { query: "", args: null };

/**
 * Named parameters have a key of their own beside `args: nil`. Go then has a statement with markers and no
 * values for them, which its driver refuses before it sends anything: never executed wrongly, and reported
 * as dropped. (A map in `args` would be refused as well, but then silently and for as long as the stream
 * keeps it.) No parameters are nil too, as Go writes them.
 */
function statementToWire({ query, params }: Statement, path: string): WireStatement {
  text(query, path, "query");
  try {
    if (isPositional(params)) return { query, args: params.length === 0 ? null : listToWire(params) };
    if (valueKind(params) !== "object") throw new TypeError("Neither an array nor a plain object");
    return { query, args: null, named_args: fieldsToWire(params) };
  } catch (cause) {
    // Says which value it was, and what is wrong with it.
    const paramsPath = `${path}params`;
    assertBindable(params, paramsPath);
    throw invalid(`Cannot encode \`${paramsPath}\``, paramsPath, cause);
  }
}

function isPositional(params: Params): params is readonly unknown[] {
  return Array.isArray(params);
}

/** Parts of a millisecond are cut off. */
function integer(value: number, path: string): unknown {
  const whole = Math.floor(value);
  if (!Number.isSafeInteger(whole)) throw invalid(`\`${path}\` is no integer that a number holds`, path);
  return numberToWire(whole === 0 ? 0 : whole);
}

function text(value: unknown, path: string, name: string): string {
  if (typeof value !== "string" || !(value as string & { isWellFormed(): boolean }).isWellFormed()) {
    throw invalid(`\`${path}${name}\` is no text that UTF-8 has`, path + name);
  }
  return value;
}
