import { getHeapStatistics } from "node:v8";
import {
  Backoff,
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
  callback,
  clock,
  clusterNames,
  harmlessCallback,
  having,
  integer,
  logger,
  metrics,
  milliseconds,
  number,
  type OptionsOf,
  object,
  optional,
  random,
  readOption,
  readOptions,
  schedulingOptions,
} from "@helix/core/internal";
import type { ReplayCallbacks } from "./report/reporter.ts";

export interface ReplayWorkerOptions extends ReplayCallbacks, SchedulingOptions {
  /** What is drained. The worker opens its lanes and never closes it. */
  readonly queue: ReplayQueue;
  /** What executes a payload: `client.replayExecutor()`, or a function that rejects when it failed. */
  readonly executor: ReplayExecutor | ExecuteFunc;
  /** Most that is demanded of a lane at once, 1 to 10 000; the queue's own maximum holds as well. @default 200 */
  readonly batchSize?: number | undefined;
  /** How often a queue that cannot notify looks for messages. Milliseconds, 1 to 2^31 − 1. @default 100 */
  readonly pollIntervalMs?: number | undefined;
  /** Delay after the first failure of a message, and of a cluster. Milliseconds, 1 to 2^31 − 1. @default 100 */
  readonly retryDelayMs?: number | undefined;
  /**
   * What no such delay exceeds; it doubles with each failure. A message that goes on failing `uncertain` waits for a tenth of
   * the time for which it has, where that is longer, up to twenty times this. A cluster that is away is tried every 5 s at
   * the least, so that the replay begins soon after it is back. Milliseconds, 1 to 2^31 − 1,
   * and no less than `retryDelayMs`. @default 30_000
   */
  readonly maxRetryDelayMs?: number | undefined;
  /**
   * How long an execution may take. Then its signal is aborted, it counts as `uncertain` and its slot is
   * free, whether its promise settles or not. Milliseconds, 1 to 2^31 − 1. @default 30_000
   */
  readonly executeTimeoutMs?: number | undefined;
  /** High messages per low one while both wait, 0 to 1 000 000; 0 means 1:1. @default the queue's, else 10 */
  readonly highPriorityRatio?: number | undefined;
  /** No low message starts while a high one of its cluster waits. @default the queue's, else false */
  readonly strictPriority?: boolean | undefined;
  /** Executions at once, per cluster, 1 to 10 000. @default 128 */
  readonly concurrency?: number | undefined;
  /**
   * How much memory the messages in hand may take up, those of both clusters and priorities together; each lane has a
   * quarter of it. One message that is larger is executed all the same, while its lane holds no other. Bytes, at least 1;
   * an estimate of payloads and of what a driver makes of them. @default a quarter of the heap's limit
   */
  readonly maxBytesInHand?: number | undefined;
  /**
   * Executions per second and cluster, 0.001 to 1 000 000; at most a tenth of them (or one) at once.
   * `setRateLimit` changes it. @default none
   */
  readonly rateLimit?: number | undefined;
  /** Clusters that are drained or paused by it get nothing. @default none */
  readonly gate?: ClusterGate | undefined;
  /** So many failures that are proved to be a message's own make it a dead letter. 1 to 1 000 000. @default 5 */
  readonly maxDeliver?: number | undefined;
  /**
   * From then on a failure is also taken for the message's own if another message for the same table was
   * applied since the failure before it, and the cluster answers the executor's `probe`. Counted from the
   * first failure that this worker saw. Milliseconds, 0 to 2^31 − 1. @default 900_000
   */
  readonly patienceMs?: number | undefined;
  /** How long `stop()` waits for executions if it is not told. Milliseconds, 0 to 2^31 − 1. @default 10_000 */
  readonly stopGraceMs?: number | undefined;
  /** Where figures go. Whatever it does changes nothing. @default none */
  readonly metrics?: Metrics | undefined;
  /** Where log lines go. Whatever it does changes nothing. @default none */
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
  readonly maxBytesInHand: number;
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
  const read = readOptions<GivenOptions>("ReplayWorker", WORKER_OPTIONS, options);
  const { retryDelayMs, maxRetryDelayMs, highPriorityRatio, strictPriority, ...others } = read;
  const { onSuccess, onError, onDrop, ...settings } = others;
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

/** As they are given, checked. */
interface GivenOptions extends Omit<WorkerSettings, "scheduling" | "backoff" | "trialBackoff"> {
  readonly maxRetryDelayMs: number;
  readonly highPriorityRatio: number | undefined;
  readonly strictPriority: boolean | undefined;
}

const isExecutor = having<ReplayExecutor>("an executor or a function", ["execute"]);
const isFunction = callback();

const executor = object<ReplayExecutor>(
  {
    expectation: "a ReplayExecutor or a function",
    about:
      "What executes a payload: `client.replayExecutor()`, or an object with `execute` and perhaps `read`, `probe`, `shortestGrace`, `onAvailable` and `compareWith`, or a function that rejects when it failed.",
  },
  (value, name) => {
    if (typeof value === "function") return { execute: value as ExecuteFunc };
    const given = isExecutor.check(value, name);
    for (const key of ["read", "probe", "shortestGrace", "onAvailable", "compareWith"] as const) {
      readOption(isFunction, given[key], `${name}.${key}`);
    }
    return given;
  },
);

/** Executions per second. */
export const perSecond = number({
  min: 0.001,
  max: 1_000_000,
  unit: "per second",
  about:
    "Executions per second and cluster; at most a tenth of them (or one) at once. `setRateLimit` changes it.",
});

/** Every option of a worker. */
export const WORKER_OPTIONS: OptionsOf<GivenOptions> = {
  queue: having<ReplayQueue>("a ReplayQueue", ["open"], {
    about: "What is drained: its lanes are opened, and it is never closed.",
  }),
  executor,
  batchSize: integer({
    min: 1,
    max: 10_000,
    fallback: 200,
    unit: "messages",
    about: "Most that is demanded of a lane at once; the queue's own maximum holds as well.",
  }),
  pollIntervalMs: milliseconds({
    fallback: 100,
    about: "How often a queue that cannot notify looks for messages; NATS and memory can notify.",
  }),
  retryDelayMs: milliseconds({
    fallback: 100,
    about: "Delay after the first failure of a message, and of a cluster; it doubles, with jitter.",
  }),
  maxRetryDelayMs: milliseconds({
    fallback: 30_000,
    atLeast: "retryDelayMs",
    about:
      "What no such delay exceeds, but that of what fails for long: a tenth of that time, up to twenty times this. A cluster that is away is tried every 5 s at the least.",
  }),
  executeTimeoutMs: milliseconds({
    fallback: 30_000,
    about: "How long an execution may take; then it is aborted, counts as `uncertain`, and its slot is free.",
  }),
  ...schedulingOptions({ ratio: "the queue's, else 10", strict: "the queue's, else false" }),
  concurrency: integer({
    min: 1,
    max: 10_000,
    fallback: 128,
    about: "Most executions at once, per cluster; adapts below that. A suspect has a slot of its own.",
  }),
  maxBytesInHand: integer({
    min: 1,
    fallback: Math.floor(getHeapStatistics().heap_size_limit / 4),
    byDefault: "a quarter of the heap's limit",
    unit: "bytes",
    about:
      "What messages in hand may take up, as an estimate; each lane has a quarter, and one that is larger goes alone.",
  }),
  rateLimit: optional(perSecond),
  gate: optional(
    having<ClusterGate>("a ClusterGate", ["state", "onChange"], {
      about: "Clusters that it drains or pauses get nothing.",
    }),
  ),
  maxDeliver: integer({
    min: 1,
    max: 1_000_000,
    fallback: 5,
    about: "So many failures that are proved to be a message's own make it a dead letter.",
  }),
  patienceMs: milliseconds({
    min: 0,
    fallback: 900_000,
    about:
      "From then on a failure is also the message's own if its table was served since the one before, and the cluster answers a probe.",
  }),
  stopGraceMs: milliseconds({
    min: 0,
    fallback: 10_000,
    about: "How long `stop()` waits for executions if it is not told.",
  }),
  onSuccess: callback({ about: "Told of each message that was applied and has left the queue." }),
  onError: callback({ about: "Told of each execution that ended `uncertain` or `rejected`." }),
  onDrop: callback({ about: "Told of each message that became a dead letter." }),
  metrics,
  logger,
  clusterNames,
  clock,
  random,
};
