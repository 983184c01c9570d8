import { CLUSTERS, type ClusterId, isClusterId, isPriority, PRIORITIES, type Priority } from "../cluster.ts";
import { describeValue } from "../options/expected.ts";

/** How the statements of a batch belong together; the words of the CQL protocol. */
export type BatchType = "logged" | "unlogged" | "counter";

export const BATCH_TYPES: readonly BatchType[] = Object.freeze(["logged", "unlogged", "counter"]);

/** Positional parameters as an array, named ones as an object. */
// biome-ignore lint/suspicious/noExplicitAny: an index of `unknown` takes no interface and no class
export type Params = readonly unknown[] | { readonly [name: string]: any };

export interface Statement {
  readonly query: string;
  readonly params: Params;
}

export type Operation =
  | ({ readonly kind: "statement" } & Statement)
  | { readonly kind: "batch"; readonly batchType: BatchType; readonly statements: readonly Statement[] };

/** Everything needed to execute one failed write again, on the cluster that missed it. */
export interface ReplayPayload {
  /**
   * Unique per write **and target cluster**, since de-duplication works per stream and not per subject.
   * Letters, digits, `-` and `_` only: it becomes part of a NATS subject.
   */
  readonly id: string;
  /** 0 at first; one more with each redrive, up to 2^31 − 1. `(id, life)` names a message for good. */
  readonly life: number;
  readonly targetCluster: ClusterId;
  readonly operation: Operation;
  /** Microseconds; any int64. What the database compares, the same on both clusters and in every replay. */
  readonly timestampMicros: bigint;
  /** Wall clock of the write: milliseconds since 1970, 0 or more. Ages are counted from here, never from the timestamp. */
  readonly writtenAtMs: number;
  /** Wall clock of the enqueue: milliseconds since 1970, 0 or more. */
  readonly enqueuedAtMs: number;
  readonly priority: Priority;
  /** The keyspace of the session that wrote, for statements that do not name theirs. 1 to 256 letters, digits or `_`. */
  readonly keyspace?: string | undefined;
  /** The consistency level of the write, as the protocol's number. None of the two serial ones, which only conditions have. */
  readonly consistency?: number | undefined;
  /**
   * The tables that it writes, as `keyspace.table` where the keyspace is known; sorted, without repeats. Made from the
   * text by whoever makes a payload; empty where nobody has looked, or the text was not understood. It is not stored with
   * the message, but made anew when that is decoded.
   */
  readonly tables: readonly string[];
  /** What a person, or the caller, has decided. @default "replay" */
  readonly disposition?: Disposition | undefined;
  /**
   * What was known of its tables at the write. Absent: nothing. Where it is there, though it may be empty, their default TTL of then stands
   * in the text, and none that they have in the target cluster is meant.
   */
  readonly schema?: WrittenSchema | undefined;
  /** W3C trace context of the write. At most 512 characters. */
  readonly traceparent?: string | undefined;
}

/**
 * How a payload is to be replayed.
 *
 * - `replay`: if its statement, its age and its tables allow it.
 * - `hold`: not; it goes straight to the dead letters, for a person to decide.
 * - `unsafe`: knowingly, although its statement is one that is refused. Age and tables have to allow it.
 * - `force`: whatever speaks against it, for one life. A TTL is still shortened by its age.
 */
export type Disposition = "replay" | "hold" | "unsafe" | "force";

const DISPOSITIONS: readonly Disposition[] = Object.freeze(["replay", "hold", "unsafe", "force"]);

/** By which a replay sees, later, that a table is not what it was. */
export interface WrittenSchema {
  /**
   * The least `gc_grace_seconds` of the payload's tables: from then on a delete that was later may be forgotten, and a
   * replay bring back what it deleted. Seconds, 0 or more.
   */
  readonly gcGraceSeconds?: number | undefined;
  /**
   * The id of each table, by `keyspace.table`, **in the target cluster**: a UUID in lower case; null where the cluster
   * surely had no such table. Absent: not known. At most 65,535 tables.
   */
  readonly tableIds?: Readonly<Record<string, string | null>> | undefined;
}

/** What {@link createPayload} needs; the rest of a payload is filled in. */
export interface PayloadInput {
  readonly targetCluster: ClusterId;
  readonly operation: Operation;
  /** Microseconds. A `number` must be a safe integer. */
  readonly timestampMicros: bigint | number;
  /** @default "high" */
  readonly priority?: Priority | undefined;
  /** @default a new one */
  readonly id?: string | undefined;
  /** @default 0 */
  readonly life?: number | undefined;
  /** @default now */
  readonly writtenAtMs?: number | undefined;
  /** @default now */
  readonly enqueuedAtMs?: number | undefined;
  readonly keyspace?: string | undefined;
  readonly consistency?: number | undefined;
  /** @default none */
  readonly tables?: readonly string[] | undefined;
  readonly disposition?: Disposition | undefined;
  readonly schema?: WrittenSchema | undefined;
  readonly traceparent?: string | undefined;
}

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_ID = 128;
/** Sought, since to see that it is nowhere is faster than to match all of a text. */
const NOT_IN_ID = /[^A-Za-z0-9_-]/;
/** Servers take 48 characters, and newer ones more. */
const KEYSPACE = /^\w{1,256}$/;
/** `keyspace.table`, a few times as long as a server takes. */
const MAX_TABLE_NAME = 1024;
/** What a signed number of 32 bits holds, in whatever counts lives. */
const MAX_LIFE = 2 ** 31 - 1;
/** The end of a Date. */
const MAX_TIME_MS = 8.64e15;
/** Of a batch, which the protocol counts in 16 bits, and so of tables. */
const MAX_STATEMENTS = 65_535;
const MAX_TRACEPARENT = 512;
/** ANY, ONE, TWO, THREE, QUORUM, ALL, LOCAL_QUORUM, EACH_QUORUM, LOCAL_ONE. */
const WRITE_LEVELS: readonly number[] = Object.freeze([0, 1, 2, 3, 4, 5, 6, 7, 10]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A payload with id, life and times filled in. The parameters are not copied: a queue takes its own
 * snapshot when it accepts the payload.
 *
 * @throws TypeError, RangeError for a cluster, priority or batch type that does not exist, an empty query,
 * parameters that are neither an array nor an object, a timestamp outside int64, a malformed id, time or table id.
 */
export function createPayload(input: PayloadInput): ReplayPayload {
  const { targetCluster, operation, priority = "high", life = 0 } = input;
  const now = Date.now();
  const payload: ReplayPayload = {
    id: input.id ?? `${crypto.randomUUID()}-${targetCluster}`,
    life,
    targetCluster,
    operation,
    timestampMicros: toInt64(input.timestampMicros),
    writtenAtMs: input.writtenAtMs ?? now,
    enqueuedAtMs: input.enqueuedAtMs ?? now,
    priority,
    ...optional("keyspace", input.keyspace),
    ...optional("consistency", input.consistency),
    tables: input.tables ?? [],
    ...optional("disposition", input.disposition),
    ...optional("schema", input.schema),
    ...optional("traceparent", input.traceparent),
  };
  checkPayload(payload);
  return payload;
}

/**
 * Refuses a payload whose shape is wrong (bound values are the codec's business).
 *
 * @throws TypeError, RangeError as {@link createPayload} does.
 */
export function checkPayload(payload: ReplayPayload): void {
  if (!isClusterId(payload.targetCluster)) wrong("targetCluster", oneOf(CLUSTERS), payload.targetCluster);
  if (!isPriority(payload.priority)) wrong("priority", oneOf(PRIORITIES), payload.priority);
  const { id } = payload;
  if (typeof id !== "string" || id === "" || id.length > MAX_ID || NOT_IN_ID.test(id)) {
    wrong("id", `1 to ${MAX_ID} letters, digits, \`-\` or \`_\``, id);
  }
  if (!isInteger(payload.life, MAX_LIFE)) wrong("life", `an integer from 0 to ${MAX_LIFE}`, payload.life);
  toInt64(payload.timestampMicros);
  checkTime("writtenAtMs", payload.writtenAtMs);
  checkTime("enqueuedAtMs", payload.enqueuedAtMs);
  const { keyspace, consistency, tables, disposition, schema, traceparent } = payload;
  if (keyspace !== undefined && !(typeof keyspace === "string" && KEYSPACE.test(keyspace))) {
    wrong("keyspace", "1 to 256 letters, digits or `_`", keyspace);
  }
  if (consistency !== undefined && !WRITE_LEVELS.includes(consistency)) {
    wrong("consistency", "the protocol's number of a consistency level that writes have", consistency);
  }
  if (!Array.isArray(tables) || tables.length > MAX_STATEMENTS || !tables.every(isTableName)) {
    wrong("tables", `an array of at most ${MAX_STATEMENTS} names`, tables);
  }
  if (disposition !== undefined && !DISPOSITIONS.includes(disposition)) {
    wrong("disposition", oneOf(DISPOSITIONS), disposition);
  }
  if (schema !== undefined) checkSchema(schema);
  if (
    traceparent !== undefined &&
    !(typeof traceparent === "string" && traceparent.length <= MAX_TRACEPARENT)
  ) {
    wrong("traceparent", `a string of at most ${MAX_TRACEPARENT} characters`, traceparent);
  }
  checkOperation(payload.operation);
}

function checkTime(name: string, time: number): void {
  if (!(typeof time === "number" && time >= 0 && time <= MAX_TIME_MS))
    wrong(name, "milliseconds since 1970", time);
}

function checkSchema({ gcGraceSeconds, tableIds }: WrittenSchema): void {
  if (gcGraceSeconds !== undefined && !isInteger(gcGraceSeconds, Number.MAX_SAFE_INTEGER)) {
    wrong("schema.gcGraceSeconds", "an integer of at least 0", gcGraceSeconds);
  }
  if (tableIds === undefined) return;
  if (typeof tableIds !== "object" || tableIds === null) {
    wrong("schema.tableIds", "an object of table ids", tableIds);
  }
  const entries = Object.entries(tableIds);
  if (entries.length > MAX_STATEMENTS || !entries.every(([name]) => isTableName(name))) {
    wrong("schema.tableIds", `an object of at most ${MAX_STATEMENTS} names`, tableIds);
  }
  for (const [, id] of entries) {
    if (id !== null && (typeof id !== "string" || !UUID.test(id))) {
      wrong("schema.tableIds", "an object of UUIDs in lower case and nulls", id);
    }
  }
}

function checkOperation(operation: Operation): void {
  if (operation?.kind === "statement") {
    checkStatement(operation);
  } else if (operation?.kind === "batch") {
    if (!BATCH_TYPES.includes(operation.batchType)) {
      wrong("batchType", oneOf(BATCH_TYPES), operation.batchType);
    }
    const { statements } = operation;
    if (!Array.isArray(statements) || statements.length === 0 || statements.length > MAX_STATEMENTS) {
      wrong("statements", `an array of at least one statement and at most ${MAX_STATEMENTS}`, statements);
    }
    for (const [index, statement] of statements.entries()) checkStatement(statement, index);
  } else {
    wrong("operation.kind", '"statement" or "batch"', (operation as { kind?: unknown } | undefined)?.kind);
  }
}

function checkStatement(statement: Statement | undefined, index?: number): void {
  if (typeof statement?.query !== "string" || statement.query.trim() === "") {
    const got = statement?.query === "" ? "" : typeof statement?.query;
    wrong(placeOf("query", index), "a CQL statement", got);
  }
  const { params } = statement as Statement;
  if (typeof params !== "object" || params === null || ArrayBuffer.isView(params)) {
    const name = placeOf("params", index);
    throw new TypeError(`Expected \`${name}\` to be an array or an object, got ${typeof params}`);
  }
}

/** Of a statement's own, by where it stands in a batch. */
function placeOf(name: string, index: number | undefined): string {
  return index === undefined ? name : `statements[${index}].${name}`;
}

/**
 * The same number as an int64.
 *
 * @throws TypeError, RangeError if it is neither a bigint nor a safe integer, or outside int64.
 */
export function toInt64(value: bigint | number): bigint {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) {
    wrong("timestampMicros", "a bigint or a safe integer", value);
  }
  const micros = typeof value === "bigint" ? value : BigInt(value);
  if (micros < MIN_INT64 || micros > MAX_INT64) {
    throw new RangeError(`Expected \`timestampMicros\` to be within int64, got \`${micros}\``);
  }
  return micros;
}

/**
 * Names a message for good: id and life, as `id.life`. What queues de-duplicate by, and what a dead letter is
 * found under.
 */
export function messageId({ id, life }: Pick<ReplayPayload, "id" | "life">): string {
  return `${id}.${life}`;
}

/** The statements of a payload, whatever its kind. */
export function statementsOf({ operation }: Pick<ReplayPayload, "operation">): readonly Statement[] {
  return operation.kind === "batch" ? operation.statements : [operation];
}

/** What a log line or an event may say of a payload. JSON-safe, and nothing that was bound to a statement. */
export interface PayloadSummary {
  readonly id: string;
  readonly life: number;
  readonly cluster: ClusterId;
  readonly priority: Priority;
  readonly kind: "statement" | BatchType;
  readonly statements: number;
  readonly tables: readonly string[];
  /** A decimal string, since JSON has no int64. */
  readonly timestampMicros: string;
  readonly writtenAtMs: number;
}

/** Describes a payload without its parameters or texts; of a message that could not be decoded, nothing. */
export function summarize(payload: ReplayPayload): PayloadSummary;
export function summarize(payload: ReplayPayload | undefined): PayloadSummary | Record<never, never>;
export function summarize(payload: ReplayPayload | undefined): PayloadSummary | Record<never, never> {
  if (payload === undefined) return {};
  return {
    id: payload.id,
    life: payload.life,
    cluster: payload.targetCluster,
    priority: payload.priority,
    kind: payload.operation.kind === "batch" ? payload.operation.batchType : "statement",
    statements: statementsOf(payload).length,
    tables: payload.tables,
    timestampMicros: payload.timestampMicros.toString(),
    writtenAtMs: payload.writtenAtMs,
  };
}

function isInteger(value: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= max;
}

function isTableName(value: unknown): boolean {
  return typeof value === "string" && value.length <= MAX_TABLE_NAME;
}

function optional<K extends string, V>(key: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: V });
}

function oneOf(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(" or ");
}

function wrong(name: string, expectation: string, value: unknown): never {
  throw new TypeError(`Expected \`${name}\` to be ${expectation}, got ${describeValue(value)}`);
}
