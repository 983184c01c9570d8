import { CLUSTERS, type ClusterId, PRIORITIES, type Priority } from "@helix/core";
import {
  boolean,
  describeValue,
  expected,
  having,
  integer,
  type Option,
  type OptionsOf,
  object,
  oneOf,
  signal,
  text,
  toInt64,
} from "@helix/core/internal";

/** Which clusters must have a write before its call returns. */
export type WaitFor = "both" | "first";

export const WAIT_FOR: readonly WaitFor[] = Object.freeze(["both", "first"]);

/** What `execute` and `batch` have in common. The driver's names mean what they mean to the driver. */
export interface RequestOptions {
  /** Which lane a missed write is queued in. @default "high" */
  readonly priority?: Priority | undefined;
  /**
   * The timestamp of the write, in microseconds: an integer above −2^63, the same on both clusters. With the
   * one that an error carries, a repeat is the same write. @default a new one, greater than all before it in
   * this process
   */
  readonly timestampMicros?: bigint | number | undefined;
  /**
   * Runs it on this cluster alone, knowingly: anything goes (but `USE`), nothing is queued, and errors are
   * the driver's own. @default both clusters for a write, either one for a read
   */
  readonly cluster?: ClusterId | undefined;
  /**
   * `first`: a write to both clusters returns when one of them has applied it, and `result.writes` says `pending` of the
   * other, which is watched in the background. @default that of the client
   */
  readonly wait?: WaitFor | undefined;
  /**
   * Ends the waiting. A read rejects with the signal's reason. A write that was not sent does too; one that
   * was is treated as not answered: queued where that is needed, so that it is applied all the same.
   */
  readonly signal?: AbortSignal | undefined;
  /** @default true with parameters (the driver's guess of a type corrupts numbers), false without */
  readonly prepare?: boolean | undefined;
  readonly consistency?: number | undefined;
  readonly serialConsistency?: number | undefined;
  /** The name of a profile that both clusters are configured with. */
  readonly executionProfile?: string | undefined;
  /** Per try of the driver. Milliseconds, at least 1. */
  readonly readTimeout?: number | undefined;
  /** Whether the driver may send it again by itself. Ignored for writes with speculative executions. */
  readonly isIdempotent?: boolean | undefined;
  readonly traceQuery?: boolean | undefined;
  readonly captureStackTrace?: boolean | undefined;
  readonly customPayload?: Readonly<Record<string, Buffer>> | undefined;
}

export interface ExecuteOptions extends RequestOptions {
  readonly fetchSize?: number | undefined;
  /** Where a page ended: of the same statement, and best with `cluster` set to the result's. */
  readonly pageState?: Buffer | string | undefined;
}

export interface BatchOptions extends RequestOptions {
  /** @default true */
  readonly logged?: boolean | undefined;
  /** Counter batches are refused unless `cluster` is given. @default false */
  readonly counter?: boolean | undefined;
}

const flag = boolean(false);
const positive = integer({ min: 1 });
const level = object<number>(
  { expectation: "a consistency level, as `types.consistencies` has it" },
  (value, name) => {
    if (!Number.isInteger(value)) throw new TypeError(expected(name, level.expectation, value));
    return value as number;
  },
);

const COMMON = {
  priority: oneOf(PRIORITIES),
  timestampMicros: object({ expectation: "microseconds" }, checkTimestamp),
  cluster: oneOf(CLUSTERS),
  wait: oneOf(WAIT_FOR),
  signal,
  prepare: flag,
  consistency: level,
  serialConsistency: level,
  executionProfile: text({ pattern: /^/, expectation: "the name of a profile" }),
  readTimeout: positive,
  isIdempotent: flag,
  traceQuery: flag,
  captureStackTrace: flag,
  customPayload: having<Readonly<Record<string, Buffer>>>("an object", []),
} satisfies OptionsOf<RequestOptions>;

const EXECUTE: OptionsOf<ExecuteOptions> = {
  ...COMMON,
  fetchSize: positive,
  pageState: object<Buffer | string>({ expectation: "a page state of an earlier result" }, (value, name) => {
    if (typeof value === "string" || Buffer.isBuffer(value)) return value;
    throw new TypeError(expected(name, "a page state of an earlier result", typeof value));
  }),
};

const BATCH: OptionsOf<BatchOptions> = { ...COMMON, logged: flag, counter: flag };

/** @throws TypeError, RangeError naming the option. */
export function checkExecuteOptions(options: ExecuteOptions): void {
  check("execute", EXECUTE, options);
}

/** @throws TypeError, RangeError naming the option. */
export function checkBatchOptions(options: BatchOptions): void {
  check("batch", BATCH, options);
}

/**
 * The same number as an int64 that a server takes: it keeps the least one for itself.
 *
 * @throws TypeError, RangeError
 */
function checkTimestamp(value: unknown): bigint {
  const micros = toInt64(value as bigint | number);
  if (micros === -(2n ** 63n)) {
    throw new RangeError("Expected `timestampMicros` to be above -2^63, which Cassandra refuses");
  }
  return micros;
}

/** Those that were given, one by one: nothing is made for a request that gives none. */
function check(method: string, known: Readonly<Record<string, Option<unknown>>>, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Expected the options of \`${method}\` to be an object, got ${describeValue(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined) throw new TypeError(unknown(method, name, known));
    if (value !== undefined) option.check(value, name);
  }
}

function unknown(method: string, name: string, known: object): string {
  if (name === "timestamp") {
    return "`timestamp` is refused: use `timestampMicros` (`bigint` or integer, microseconds), which both clusters get";
  }
  return `Unknown option \`${name}\` of \`${method}\`; there are \`${Object.keys(known).join("`, `")}\``;
}
