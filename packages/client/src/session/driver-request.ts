import type { BatchType, ErrorReading, Operation, Statement } from "@helix/core";
import { onAbort } from "@helix/core/internal";
import { type Client, policies, type QueryOptions, type types } from "cassandra-driver";
import { readError } from "../failure/read-error.ts";
import type { BatchOptions, ReadOptions } from "../request-options.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import type { ClusterLink } from "./cluster-link.ts";
import {
  type BindingOptions,
  forgetPrepared,
  ON_BINDING,
  type OnBinding,
  SHARED_VALUES,
  type SharedValues,
} from "./driver-internals/index.ts";
import { RememberingRetryPolicy } from "./remembering-retry-policy.ts";
import type { LinkRequest } from "./sent-request.ts";

/**
 * Sends an operation to a cluster as the driver takes it. Rejects as `ClusterLink.send` does, or with the signal's reason, if that comes first:
 * the driver cannot be aborted, only not waited for.
 */
export function sendOperation(
  link: ClusterLink,
  operation: Operation,
  options: QueryOptions,
  { isWanted = () => true, signal }: SendOptions = {},
): Promise<types.ResultSet> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) reject(signal.reason);
    else link.ask(new OperationRequest(operation, options, isWanted, signal, { resolve, reject }));
  });
}

interface SendOptions {
  /** Asked when its turn has come. */
  readonly isWanted?: () => boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Settle {
  readonly resolve: (result: types.ResultSet) => void;
  readonly reject: (error: unknown) => void;
}

class OperationRequest implements LinkRequest<types.ResultSet> {
  readonly #operation: Operation;
  readonly #options: QueryOptions;
  readonly isWanted: () => boolean;
  readonly #endListening: (() => void) | undefined;
  readonly #resolve: Settle["resolve"];
  readonly #reject: Settle["reject"];

  constructor(
    operation: Operation,
    options: QueryOptions,
    isWanted: () => boolean,
    signal: AbortSignal | undefined,
    { resolve, reject }: Settle,
  ) {
    this.#operation = operation;
    this.#options = options;
    this.isWanted = isWanted;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#endListening = signal && onAbort(signal, () => reject(signal.reason));
  }

  send(client: Client): Promise<types.ResultSet> {
    return runOnce(client, this.#operation, this.#options);
  }

  again(client: Client, error: unknown): Promise<types.ResultSet> | undefined {
    return triedAnew(client, this.#operation, this.#options, error);
  }

  applied(result: types.ResultSet): void {
    this.#endListening?.();
    this.#resolve(result);
  }

  failed(error: unknown): void {
    this.#endListening?.();
    this.#reject(error);
  }
}

/** Another try of what was refused by what the session knows of the statement from earlier: prepared anew. Undefined of all else. */
export function triedAnew(
  client: Client,
  operation: Operation,
  options: QueryOptions,
  error: unknown,
): Promise<types.ResultSet> | undefined {
  const { applied, scope } = readError(error);
  const isRefused = applied === "no" && (scope === "statement" || scope === "value");
  if (!isRefused || options.prepare !== true || !forgetPrepared(client, textsOf(operation))) return undefined;
  return runOnce(client, operation, options);
}

function textsOf(operation: Operation): ReadonlySet<string> {
  const statements = operation.kind === "batch" ? operation.statements : [operation];
  return new Set(statements.map(({ query }) => query));
}

/** Gives it to the driver. */
export function runOnce(
  client: Client,
  operation: Operation,
  options: QueryOptions,
): Promise<types.ResultSet> {
  if (operation.kind === "statement") {
    return client.execute(operation.query, operation.params as unknown[], options);
  }
  return client.batch(operation.statements as { query: string; params: unknown[] }[], options);
}

/** Those of ours. */
const NOT_THE_DRIVERS: ReadonlySet<string> = new Set<keyof ReadOptions>([
  "priority",
  "timestampMicros",
  "cluster",
  "wait",
  "signal",
  "prepare",
  "keyspace",
  "unsafe",
]);

/** The driver's options of a request, without those of ours. */
export function queryOptions(operation: Operation, options: ReadOptions): QueryOptions {
  const given: Record<string, unknown> = { prepare: options.prepare ?? hasParams(operation) };
  for (const name in options) {
    const value = options[name as keyof ReadOptions];
    // The driver takes an option that is there and undefined for one that was given, in places.
    if (value !== undefined && !NOT_THE_DRIVERS.has(name)) given[name] = value;
  }
  return given;
}

/** For what would be done twice: the driver tries it once, whatever its policies. */
export const ONCE = { isIdempotent: false, retry: new policies.retry.FallthroughRetryPolicy() };

/** The driver's options of a write, and what will be known of its tries. */
class DriverWrite {
  readonly query: BindingOptions;
  readonly memory: RememberingRetryPolicy;

  constructor(query: BindingOptions, memory: RememberingRetryPolicy) {
    this.query = query;
    this.memory = memory;
  }
}

/** What the driver takes for a write to a cluster. */
export function writeOptions(
  config: ClusterConfig,
  base: QueryOptions,
  options: ReadOptions,
  timestamp: types.Long,
  onBinding: OnBinding,
  shared?: SharedValues,
): DriverWrite {
  const memory = new RememberingRetryPolicy(options.retry ?? config.retryPolicyOf(options));
  const isIdempotent = config.mayRetryWrites && (options.isIdempotent ?? config.isIdempotent);
  const query = {
    ...base,
    timestamp,
    isIdempotent,
    retry: memory,
    [ON_BINDING]: onBinding,
    [SHARED_VALUES]: shared,
  };
  return new DriverWrite(query, memory);
}

/** What a failed write means, over all the tries that the driver made. */
export function readWrite(error: unknown, memory: RememberingRetryPolicy): ErrorReading {
  const reading = readError(error);
  return memory.mayBeApplied ? { ...reading, applied: "maybe" } : reading;
}

/** What the driver's two switches make of a batch. */
export function batchTypeOf(options: BatchOptions): BatchType {
  if (options.counter === true) return "counter";
  return options.logged === false ? "unlogged" : "logged";
}

/** Without parameters there is nothing to guess, and no statement to keep prepared. */
export function hasParams(operation: Operation): boolean {
  return operation.kind === "batch" ? operation.statements.some(bindsSome) : bindsSome(operation);
}

function bindsSome({ params }: Statement): boolean {
  return Array.isArray(params) ? params.length > 0 : Object.keys(params).length > 0;
}
