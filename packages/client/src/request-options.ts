import { CLUSTERS, type ClusterId, PRIORITIES, type Priority } from "@helix/core";
import {
  boolean,
  describeType,
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
import { ExecutionProfile, type policies, type types } from "cassandra-driver";
import { longToBigint } from "./bindings/long.ts";
import { parsePageState } from "./page-state.ts";
import { UNSAFE, type Unsafe } from "./write/refusal.ts";

/** Which clusters must have a write before its call returns. */
export type WaitFor = "both" | "first";

export const WAIT_FOR: readonly WaitFor[] = Object.freeze(["both", "first"]);

/** What `execute` and `batch` have in common. The driver's names mean what they mean to the driver. */
export interface RequestOptions {
  /** Which lane a missed write is queued in. @default "high" */
  readonly priority?: Priority | undefined;
  /**
   * The timestamp of the write, in microseconds: an integer above −2^63, the same on both clusters. With the
   * one that an error carries, a repeat is the same write. USING TIMESTAMP in the text wins, and may only say the same;
   * members of a batch that have one of their own keep it. @default a new one, greater than all before it in this process
   */
  readonly timestampMicros?: bigint | number | undefined;
  /** The driver's name for `timestampMicros`. */
  readonly timestamp?: bigint | number | types.Long | undefined;
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
   * What becomes of a write to both clusters that is not safe to send twice or late. `refuse`: HELIX_NOT_REPLAYABLE. `hold`: it is sent,
   * and what a cluster misses is kept for a person, and not replayed. `replay`: it is sent, and what a cluster misses is replayed, though it
   * may then count twice. Conditions, and what does not write rows, are refused all the same. @default that of the client
   */
  readonly unsafe?: Unsafe | undefined;
  /**
   * Ends the waiting. A read rejects with the signal's reason. A write that was not sent does too; one that
   * was is treated as not answered: queued where that is needed, so that it is applied all the same. One that
   * is sent with `unsafe` is waited for in full, once it is on its way.
   */
  readonly signal?: AbortSignal | undefined;
  /** @default true with parameters (the driver's guess of a type corrupts numbers), false without */
  readonly prepare?: boolean | undefined;
  readonly consistency?: number | undefined;
  readonly serialConsistency?: number | undefined;
  /** The name of a profile that both clusters are configured with; an object stands for its name. */
  readonly executionProfile?: string | ExecutionProfile | undefined;
  /** Per try of the driver. Milliseconds, at least 1. */
  readonly readTimeout?: number | undefined;
  /** Whether the driver may send it again by itself. Ignored for writes with speculative executions. */
  readonly isIdempotent?: boolean | undefined;
  readonly traceQuery?: boolean | undefined;
  readonly captureStackTrace?: boolean | undefined;
  readonly customPayload?: Readonly<Record<string, Buffer>> | undefined;
  /**
   * The keyspace of the tables that the text names without one, on either cluster; as it is, not folded to lower case.
   * Of SELECT, INSERT, UPDATE and DELETE. @default that of the cluster's options
   */
  readonly keyspace?: string | undefined;
  /** Instead of the cluster's, and of the profile's. */
  readonly retry?: policies.retry.RetryPolicy | undefined;
  /** What the parameters of a statement that is not prepared are. Refused for a write to both clusters. */
  readonly hints?: readonly string[] | readonly (readonly string[])[] | undefined;
  /** Which node coordinates, where the driver cannot tell: with `prepare` it can. */
  readonly routingKey?: Buffer | readonly Buffer[] | undefined;
  /** Which parameters are the partition key, for the same purpose. */
  readonly routingIndexes?: readonly number[] | undefined;
  /** As `routingIndexes`, of named parameters. */
  readonly routingNames?: readonly string[] | undefined;
}

export interface ExecuteOptions extends RequestOptions {
  /** How many rows make a page. @default the cluster's, 5_000 */
  readonly fetchSize?: number | undefined;
  /** Whether `eachRow` goes on to the next page by itself. @default false */
  readonly autoPage?: boolean | undefined;
  /**
   * Where a page of the same statement ended: a result's `pageState`, which goes to the cluster of that result; or one
   * of a driver of its own, with the `cluster` that it is of.
   */
  readonly pageState?: Buffer | string | null | undefined;
}

export interface BatchOptions extends RequestOptions {
  /** @default true */
  readonly logged?: boolean | undefined;
  /** Counter batches are refused unless `cluster` is given. @default false */
  readonly counter?: boolean | undefined;
}

/** Checked, and in one vocabulary: a timestamp is `timestampMicros`, a profile its name. */
export type ReadOptions = Omit<ExecuteOptions & BatchOptions, "timestamp" | "executionProfile"> & {
  readonly executionProfile?: string | undefined;
};

const flag = boolean(false);
const positive = integer({ min: 1 });
const level = object<number>(
  { expectation: "a consistency level, as `types.consistencies` has it" },
  (value, name) => {
    if (!Number.isInteger(value)) throw new TypeError(expected(name, level.expectation, value));
    return value as number;
  },
);

const PAGE_STATE = "the `pageState` of an earlier result";
const PROFILE = "the name of a profile, or an ExecutionProfile";

const COMMON = {
  priority: oneOf(PRIORITIES),
  timestampMicros: object({ expectation: "microseconds" }, checkTimestamp),
  timestamp: object({ expectation: "microseconds" }, (value) => checkTimestamp(fromLong(value))),
  cluster: oneOf(CLUSTERS),
  wait: oneOf(WAIT_FOR),
  unsafe: oneOf(UNSAFE),
  signal,
  prepare: flag,
  consistency: level,
  serialConsistency: level,
  executionProfile: object<string | ExecutionProfile>({ expectation: PROFILE }, (value, name) => {
    if (typeof value !== "string" && !(value instanceof ExecutionProfile))
      throw new TypeError(expected(name, PROFILE, value));
    return value as string | ExecutionProfile;
  }),
  readTimeout: positive,
  isIdempotent: flag,
  traceQuery: flag,
  captureStackTrace: flag,
  customPayload: having<Readonly<Record<string, Buffer>>>("an object", []),
  keyspace: text(),
  retry: having<policies.retry.RetryPolicy>("a RetryPolicy", ["onReadTimeout", "onWriteTimeout"]),
  hints: anArray<string[]>(),
  routingKey: object<Buffer | Buffer[]>({ expectation: "a Buffer, or an array of them" }, (value, name) => {
    if ([value].flat().every(Buffer.isBuffer)) return value as Buffer | Buffer[];
    throw new TypeError(expected(name, "a Buffer, or an array of them", value));
  }),
  routingIndexes: anArray<number[]>(),
  routingNames: anArray<string[]>(),
} satisfies OptionsOf<RequestOptions>;

export const EXECUTE_OPTIONS: OptionsOf<ExecuteOptions> = {
  ...COMMON,
  fetchSize: positive,
  autoPage: flag,
  pageState: object<Buffer | string | null>({ expectation: PAGE_STATE }, (value, name) => {
    if (value === null || parsePageState(value) !== undefined) return value as Buffer | string | null;
    throw new TypeError(expected(name, PAGE_STATE, typeof value));
  }),
};

export const BATCH_OPTIONS: OptionsOf<BatchOptions> = { ...COMMON, logged: flag, counter: flag };

/** @throws TypeError, RangeError naming the option. */
export function readExecuteOptions(options: ExecuteOptions): ReadOptions {
  return read("execute", EXECUTE_OPTIONS, options);
}

/** @throws TypeError, RangeError naming the option. */
export function readBatchOptions(options: BatchOptions): ReadOptions {
  return read("batch", BATCH_OPTIONS, options);
}

/** @throws TypeError for a function: the driver calls it back, and nobody would call it here. */
export function refuseCallback(method: string, ...args: readonly unknown[]): void {
  if (args.some((arg) => typeof arg === "function")) {
    throw new TypeError(`\`${method}\` takes no callback: it returns a promise`);
  }
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

/** The driver's 64-bit number as a `bigint`; anything else as it is. */
function fromLong(value: unknown): unknown {
  const isLong = (value as { readonly __isLong__?: unknown } | null)?.__isLong__ === true;
  return isLong ? longToBigint(value) : value;
}

function anArray<T extends readonly unknown[]>(): Option<T> {
  return object<T>({ expectation: "an array" }, (value, name) => {
    if (!Array.isArray(value)) throw new TypeError(expected(name, "an array", value));
    return value as unknown as T;
  });
}

/** A copy of those that were given, each of them checked. */
function read(
  method: string,
  known: Readonly<Record<string, Option<unknown>>>,
  given: ExecuteOptions & BatchOptions,
): ReadOptions {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Expected the options of \`${method}\` to be an object, got ${describeType(given)}`);
  }
  // They are looked at again when the write is queued; the caller may have changed them by then.
  const options = { ...given };
  for (const [name, value] of Object.entries(options)) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined) throw new TypeError(unknown(method, name, known));
    if (value !== undefined) option.check(value, name);
  }
  const { timestamp, executionProfile, ...rest } = options;
  if (timestamp === undefined && typeof executionProfile !== "object") return options as ReadOptions;
  if (timestamp !== undefined && options.timestampMicros !== undefined) {
    throw new TypeError("Expected one of `timestamp` and `timestampMicros`, which are the same");
  }
  return {
    ...rest,
    executionProfile: typeof executionProfile === "object" ? executionProfile.name : executionProfile,
    ...(timestamp !== undefined && { timestampMicros: checkTimestamp(fromLong(timestamp)) }),
  };
}

const REFUSED: Readonly<Record<string, string>> = {
  host: '`host` is refused, since a host is one session\'s: `driver("A")` is the driver of a session',
};

function unknown(method: string, name: string, known: object): string {
  return (
    REFUSED[name] ??
    `Unknown option \`${name}\` of \`${method}\`; there are \`${Object.keys(known).join("`, `")}\``
  );
}
