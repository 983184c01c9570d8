import { type ClusterId, isClusterId, PRIORITIES, type Priority } from "@helix/core";
import { describeValue, expected, toInt64 } from "@helix/core/internal";

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

type Check = (value: unknown, name: string) => void;

const isBoolean: Check = (value, name) => {
  if (typeof value !== "boolean") throw new TypeError(expected(name, "a boolean", value));
};

const isLevel: Check = (value, name) => {
  if (!Number.isInteger(value)) {
    throw new TypeError(expected(name, "a consistency level, as `types.consistencies` has it", value));
  }
};

const isPositive: Check = (value, name) => {
  if (!Number.isSafeInteger(value)) throw new TypeError(expected(name, "an integer of at least 1", value));
  if ((value as number) < 1) throw new RangeError(expected(name, "an integer of at least 1", value));
};

const COMMON: Readonly<Record<keyof RequestOptions, Check>> = {
  priority(value, name) {
    if (!PRIORITIES.includes(value as Priority))
      throw new TypeError(expected(name, '"high" or "low"', value));
  },
  timestampMicros: (value) => void checkTimestamp(value),
  cluster(value, name) {
    if (!isClusterId(value)) throw new TypeError(expected(name, '"A" or "B"', value));
  },
  signal: readSignal,
  prepare: isBoolean,
  consistency: isLevel,
  serialConsistency: isLevel,
  executionProfile(value, name) {
    if (typeof value !== "string") throw new TypeError(expected(name, "the name of a profile", value));
  },
  readTimeout: isPositive,
  isIdempotent: isBoolean,
  traceQuery: isBoolean,
  captureStackTrace: isBoolean,
  customPayload(value, name) {
    if (typeof value !== "object" || value === null) throw new TypeError(expected(name, "an object", value));
  },
};

const EXECUTE: Readonly<Record<string, Check>> = {
  ...COMMON,
  fetchSize: isPositive,
  pageState(value, name) {
    if (typeof value !== "string" && !Buffer.isBuffer(value)) {
      throw new TypeError(expected(name, "a page state of an earlier result", typeof value));
    }
  },
} satisfies Record<keyof ExecuteOptions, Check>;

const BATCH: Readonly<Record<string, Check>> = {
  ...COMMON,
  logged: isBoolean,
  counter: isBoolean,
} satisfies Record<keyof BatchOptions, Check>;

/** @throws TypeError, RangeError naming the option. */
export function checkExecuteOptions(options: ExecuteOptions): void {
  check("execute", EXECUTE, options);
}

/** @throws TypeError, RangeError naming the option. */
export function checkBatchOptions(options: BatchOptions): void {
  check("batch", BATCH, options);
}

/** @throws TypeError */
export function readSignal(value: unknown, name: string): AbortSignal {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>;
  if (typeof aborted !== "boolean" || typeof addEventListener !== "function") {
    throw new TypeError(expected(name, "an AbortSignal", value));
  }
  return value as AbortSignal;
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

function check(method: string, checks: Readonly<Record<string, Check>>, options: unknown): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(
      `Expected the options of \`${method}\` to be an object, got ${describeValue(options)}`,
    );
  }
  for (const [name, value] of Object.entries(options)) {
    const known = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (known === undefined) throw new TypeError(unknown(method, name, checks));
    if (value !== undefined) known(value, name);
  }
}

function unknown(method: string, name: string, checks: object): string {
  if (name === "timestamp") {
    return "`timestamp` is refused: use `timestampMicros` (`bigint` or integer, microseconds), which both clusters get";
  }
  return `Unknown option \`${name}\` of \`${method}\`; there are \`${Object.keys(checks).join("`, `")}\``;
}
