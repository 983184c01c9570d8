import {
  Backoff,
  CLUSTERS,
  type Clock,
  type ClusterGate,
  type ClusterId,
  type ExecuteFunc,
  type Logger,
  type Metrics,
  type ReplayExecutor,
  type ReplayQueue,
  type SchedulingOptions,
} from "@helix/core";
import {
  boolean,
  callback,
  clock,
  expected,
  harmlessCallback,
  having,
  integer,
  logger,
  metrics,
  milliseconds,
  optional,
  type Rule,
  readOptions,
} from "@helix/core/internal";
import type { ReplayCallbacks } from "./report/reporter.ts";

export interface ReplayWorkerOptions extends ReplayCallbacks, SchedulingOptions {
  /** What is drained. The worker opens its lanes and never closes it. */
  readonly queue: ReplayQueue;
  /** What executes a payload: `client.replayExecutor()`, or a function that rejects when it failed. */
  readonly executor: ReplayExecutor | ExecuteFunc;
  /** Most that is demanded of a lane at once, 1 to 10 000; the queue's own maximum holds as well. @default 100 */
  readonly batchSize?: number | undefined;
  /** How often a queue looks for messages that cannot notify. Milliseconds. @default 100 */
  readonly pollIntervalMs?: number | undefined;
  /** Delay after the first failure of a message, and of a cluster. Milliseconds. @default 100 */
  readonly retryDelayMs?: number | undefined;
  /**
   * What no such delay exceeds; it doubles with each failure. A cluster that is away is tried every 5 s at
   * the least, so that the replay begins soon after it is back. Milliseconds. @default 30_000
   */
  readonly maxRetryDelayMs?: number | undefined;
  /**
   * How long an execution may take. Then its signal is aborted, it counts as `uncertain` and its slot is
   * free, whether its promise settles or not. Milliseconds. @default 30_000
   */
  readonly executeTimeoutMs?: number | undefined;
  /** High messages per low one while both wait, 0 to 1 000 000; 0 means 1:1. @default the queue's, else 10 */
  readonly highPriorityRatio?: number | undefined;
  /** No low message starts while a high one of its cluster waits. @default the queue's, else false */
  readonly strictPriority?: boolean | undefined;
  /** Executions at once, per cluster, 1 to 10 000. @default 128 */
  readonly concurrency?: number | undefined;
  /**
   * Executions per second and cluster, 0.001 to 1 000 000; at most a tenth of them (or one) at once.
   * `setRateLimit` changes it. @default none
   */
  readonly rateLimit?: number | undefined;
  /** Clusters that are drained or paused by it get nothing. @default none */
  readonly gate?: ClusterGate | undefined;
  /** So many failures that are proved to be a message's own make it a dead letter. @default 5 */
  readonly maxDeliver?: number | undefined;
  /**
   * From then on a failure is also taken for the message's own if another message for the same table was
   * applied since the failure before it, and the cluster answers the executor's `probe`. Counted from the
   * first failure that this worker saw. Milliseconds. @default 900_000
   */
  readonly patienceMs?: number | undefined;
  /** How long `stop()` waits for executions if it is not told. Milliseconds, from 0. @default 10_000 */
  readonly stopGraceMs?: number | undefined;
  readonly metrics?: Metrics | undefined;
  readonly logger?: Logger | undefined;
  /** Display names for log lines. @default A and B */
  readonly clusterNames?: Readonly<Partial<Record<ClusterId, string>>> | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
  /** Decides jitter: a number in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
}

/** One execution in so long is no burden on a cluster, and everybody waits for it when it is back. */
const MAX_TRIAL_DELAY_MS = 5000;

/** {@link ReplayWorkerOptions}, checked, with nothing left to default. */
export interface WorkerSettings extends ReplayCallbacks {
  readonly queue: ReplayQueue;
  readonly executor: ReplayExecutor;
  readonly scheduling: SchedulingOptions;
  /** Between the executions of a message that fails. */
  readonly backoff: Backoff;
  /** Between the trials of a cluster that is away. */
  readonly trialBackoff: Backoff;
  readonly batchSize: number;
  readonly pollIntervalMs: number;
  readonly retryDelayMs: number;
  readonly executeTimeoutMs: number;
  readonly concurrency: number;
  readonly rateLimit: number | undefined;
  readonly gate: ClusterGate | undefined;
  readonly maxDeliver: number;
  readonly patienceMs: number;
  readonly stopGraceMs: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clusterNames: Readonly<Record<ClusterId, string>>;
  readonly clock: Clock;
  readonly random: () => number;
}

/** @throws TypeError, RangeError naming the option, what was expected and what was given. */
export function readWorkerOptions(options: ReplayWorkerOptions): WorkerSettings {
  const read = readOptions<WorkerRules>("ReplayWorker", RULES, options);
  const { retryDelayMs, maxRetryDelayMs, highPriorityRatio, strictPriority, ...others } = read;
  const { onSuccess, onError, onDrop, ...settings } = others;
  if (maxRetryDelayMs < retryDelayMs) {
    const atLeast = `at least \`retryDelayMs\` (${retryDelayMs})`;
    throw new RangeError(expected("maxRetryDelayMs", atLeast, maxRetryDelayMs));
  }
  const { maxDemand, scheduling } = read.queue.traits;
  const reported = (callback: keyof ReplayCallbacks) => (error: unknown) =>
    read.logger.warn({ callback, error }, "A callback of the replay worker failed");
  return {
    ...settings,
    onSuccess: onSuccess && harmlessCallback(onSuccess, reported("onSuccess")),
    onError: onError && harmlessCallback(onError, reported("onError")),
    onDrop: onDrop && harmlessCallback(onDrop, reported("onDrop")),
    retryDelayMs,
    batchSize: Math.min(read.batchSize, maxDemand),
    backoff: new Backoff({ initialMs: retryDelayMs, maxMs: maxRetryDelayMs }),
    trialBackoff: new Backoff({
      initialMs: retryDelayMs,
      maxMs: Math.max(retryDelayMs, Math.min(maxRetryDelayMs, MAX_TRIAL_DELAY_MS)),
    }),
    scheduling: {
      highPriorityRatio: highPriorityRatio ?? scheduling?.highPriorityRatio,
      strictPriority: strictPriority ?? scheduling?.strictPriority,
    },
  };
}

interface WorkerRules extends Omit<WorkerSettings, "scheduling" | "backoff" | "trialBackoff"> {
  readonly maxRetryDelayMs: number;
  readonly highPriorityRatio: number | undefined;
  readonly strictPriority: boolean | undefined;
}

const isExecutor = having<ReplayExecutor>("an executor or a function", ["execute"]);

const executor: Rule<ReplayExecutor> = (value, name) => {
  if (typeof value === "function") return { execute: value as ExecuteFunc };
  const given = isExecutor(value, name);
  callback()(given.classify, `${name}.classify`);
  callback()(given.probe, `${name}.probe`);
  callback()(given.strain, `${name}.strain`);
  callback()(given.onAvailable, `${name}.onAvailable`);
  return given;
};

const clusterNames: Rule<Readonly<Record<ClusterId, string>>> = (value = {}, name) => {
  const given = value as Readonly<Record<string, unknown>> | null;
  const isNames =
    typeof given === "object" &&
    given !== null &&
    Object.entries(given).every(
      ([key, one]) => CLUSTERS.includes(key as ClusterId) && (one === undefined || typeof one === "string"),
    );
  if (!isNames) throw new TypeError(expected(name, "an object with names for `A` and `B`", value));
  return { A: (given.A as string | undefined) ?? "A", B: (given.B as string | undefined) ?? "B" };
};

/** Executions per second. */
export const perSecond: Rule<number> = (value, name) => {
  const expectation = "a number from 0.001 to 1000000";
  if (typeof value !== "number") throw new TypeError(expected(name, expectation, value));
  if (!(value >= 0.001 && value <= 1_000_000)) throw new RangeError(expected(name, expectation, value));
  return value;
};

function orElse<T>(rule: Rule<T>, fallback: T): Rule<T> {
  return (value, name) => (value === undefined ? fallback : rule(value, name));
}

const RULES: { readonly [K in keyof WorkerRules]-?: Rule<WorkerRules[K]> } = {
  queue: having<ReplayQueue>("a ReplayQueue", ["open"]),
  executor,
  batchSize: integer({ min: 1, max: 10_000, fallback: 100 }),
  pollIntervalMs: milliseconds({ fallback: 100 }),
  retryDelayMs: milliseconds({ fallback: 100 }),
  maxRetryDelayMs: milliseconds({ fallback: 30_000 }),
  executeTimeoutMs: milliseconds({ fallback: 30_000 }),
  highPriorityRatio: optional(integer({ min: 0, max: 1_000_000, fallback: 10 })),
  strictPriority: optional(boolean(false)),
  concurrency: integer({ min: 1, max: 10_000, fallback: 128 }),
  rateLimit: optional(perSecond),
  gate: optional(having<ClusterGate>("a ClusterGate", ["state", "onChange"])),
  maxDeliver: integer({ min: 1, max: 1_000_000, fallback: 5 }),
  patienceMs: milliseconds({ min: 0, fallback: 900_000 }),
  stopGraceMs: milliseconds({ min: 0, fallback: 10_000 }),
  metrics,
  logger,
  clusterNames,
  onSuccess: callback(),
  onError: callback(),
  onDrop: callback(),
  clock,
  random: orElse((value, name) => callback<() => number>()(value, name) ?? Math.random, Math.random),
};
