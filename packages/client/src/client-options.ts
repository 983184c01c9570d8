import {
  CLUSTERS,
  type Clock,
  type ClusterGate,
  type ClusterId,
  type Logger,
  type Metrics,
  type Replayer,
  summarize,
} from "@helix/core";
import {
  callback,
  clock,
  clusterNames,
  having,
  integer,
  isolate,
  logger,
  metrics,
  milliseconds,
  type OptionsOf,
  object,
  oneOf,
  optional,
  random,
  readOptions,
} from "@helix/core/internal";
import { assertSameMeaning } from "./bindings/write-meaning.ts";
import { type ReadYourWrites, readYourWrites } from "./read/own-writes.ts";
import { READ_STRATEGIES, type ReadStrategyName } from "./read/read-strategy.ts";
import { readTraceContextApi, type TraceContextApi } from "./replay/trace-context.ts";
import { WAIT_FOR, type WaitFor } from "./request-options.ts";
import { type ClusterConfig, type ClusterOptions, readClusterConfig } from "./session/cluster-config.ts";
import { onQueueFull, type RoomLimits, type WaitForRoom } from "./write/queue-room.ts";
import { UNSAFE, type Unsafe } from "./write/refusal.ts";
import type { OnEnqueueFailed } from "./write/replay-handoff.ts";

/** What whoever holds sessions to clusters needs. */
export interface SessionOptions {
  /** The driver's options per cluster. With A alone, a client is a plain pass-through. */
  readonly clusters: { readonly A: ClusterOptions; readonly B?: ClusterOptions | undefined };
  /** What the clusters are called in logs. @default A and B */
  readonly clusterNames?: Readonly<Partial<Record<ClusterId, string>>> | undefined;
  /**
   * What a request may take in all, every repetition of the driver's included: it has no bound of its own. A
   * write that outlives it counts as perhaps applied. Milliseconds, 1 to 2^31 − 1. @default 15_000
   */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * So far a cluster's clock may be from this process's, as looked at once a minute: further is warned of.
   * Milliseconds, 1 to 2^31 − 1. @default 1_000
   */
  readonly maxClockOffsetMs?: number | undefined;
  /** Where log lines go. Whatever it does changes nothing. @default none */
  readonly logger?: Logger | undefined;
  /** Where figures go. Whatever it does changes nothing. @default none */
  readonly metrics?: Metrics | undefined;
  /** @default the machine's */
  readonly clock?: Clock | undefined;
  /** A number in [0, 1), for jitter. @default Math.random */
  readonly random?: (() => number) | undefined;
}

export interface HelixClientOptions extends SessionOptions {
  /**
   * Where missed writes go. Without one, a write that one cluster misses rejects with
   * HELIX_REPLAY_NOT_QUEUED. @default none
   */
  readonly replayer?: Replayer | undefined;
  /**
   * How long a write waits for a cluster once the other has applied it; then it is queued for the slow one.
   * Milliseconds, 1 to 2^31 − 1. @default 2_000
   */
  readonly secondaryTimeoutMs?: number | undefined;
  /**
   * `first`: a write returns when one cluster has applied it; the other is watched in the background, for
   * `secondaryTimeoutMs` and until the queue has what it missed. What it missed by then is queued before the call
   * returns. A process that is killed in between loses the other's part. @default "both"
   */
  readonly wait?: WaitFor | undefined;
  /**
   * How many writes are watched in the background at most, of 64 MiB of values together; one more waits for both clusters.
   * 1 to 1 000 000.
   * @default 1_000
   */
  readonly maxInBackground?: number | undefined;
  /** Where reads go at first; with `primary`, whenever that cluster is there. @default "A" */
  readonly readCluster?: ClusterId | undefined;
  /**
   * Where reads go. `sticky`: to one cluster until it fails, then to the other. `primary`: to `readCluster` whenever it is
   * there. `nearest`: to the one that answers sooner, and every twentieth to the other. @default "sticky"
   */
  readonly readStrategy?: ReadStrategyName | undefined;
  /**
   * Whether reads go to the other cluster while one lacks writes of this client: in the background, or queued until the
   * queue was empty for it, if it can be asked, or for `forMs` (1 to 2^31 − 1, by default 60 000). Best effort: not of other
   * clients, not where both lack some or the other is away, and dead letters count as replayed. @default false
   */
  readonly readYourWrites?: boolean | { readonly forMs?: number | undefined } | undefined;
  /** What it drains gets no writes, which are queued, and reads only where the other cluster cannot answer. @default none */
  readonly gate?: ClusterGate | undefined;
  /**
   * How long `close` waits for requests in flight. Those that are left are cut, and count as not answered.
   * Milliseconds, 1 to 2^31 − 1. @default 5_000
   */
  readonly drainTimeoutMs?: number | undefined;
  /**
   * Takes payloads that the queue did not, and makes the replay best effort: a write that the other cluster
   * has applied then resolves. It is not waited for; what it throws is logged. @default none
   */
  readonly onEnqueueFailed?: OnEnqueueFailed | undefined;
  /**
   * What a write does that one cluster misses while the queue is full: it is refused at once, or it waits for room first.
   * Its caller waits as well (at most `maxWaiting` of them, of 64 MiB of values together), which slows down what writes too much. @default "refuse"
   */
  readonly onQueueFull?: "refuse" | WaitForRoom | undefined;
  /**
   * What becomes of a write that is not safe to send twice, late, or to a second cluster: it is refused, or sent and then kept for a person
   * (`hold`) or replayed knowingly where a cluster misses it. A request may say otherwise. @default "refuse"
   */
  readonly unsafe?: Unsafe | undefined;
  /**
   * Refuses a write whose timestamp is further ahead of the clock of a cluster than this, since it would win over all that is written
   * until then. Milliseconds, 0 to 2^31 − 1. @default none
   */
  readonly maxTimestampAheadMs?: number | undefined;
  /**
   * The module `@opentelemetry/api`: a write that is queued remembers the span that was active at the call, and the
   * worker's `tracedExecutor` links its replay to that. @default none
   */
  readonly openTelemetry?: TraceContextApi | undefined;
}

type Filled<T extends SessionOptions, Optional extends keyof T> = Omit<T, "clusters" | Optional> & {
  readonly [K in Optional]-?: Exclude<T[K], undefined>;
} & { readonly clusters: ReadonlyMap<ClusterId, ClusterConfig> };

type Defaulted =
  | "clusterNames"
  | "requestTimeoutMs"
  | "maxClockOffsetMs"
  | "logger"
  | "metrics"
  | "clock"
  | "random";

/** Validated, with defaults filled in. */
export type ReadSessionOptions = Filled<SessionOptions, Defaulted>;
/** Validated, with defaults filled in. */
export type ReadClientOptions = Filled<
  Omit<HelixClientOptions, "onQueueFull" | "readYourWrites">,
  | Defaulted
  | "secondaryTimeoutMs"
  | "wait"
  | "maxInBackground"
  | "readCluster"
  | "readStrategy"
  | "drainTimeoutMs"
  | "unsafe"
> & {
  readonly onQueueFull: "refuse" | RoomLimits;
  readonly readYourWrites: ReadYourWrites;
};

/** What is in it is looked at further on. */
const ANYTHING = optional(object<unknown>({ expectation: "anything" }, (value) => value));

/** Every option of whoever holds sessions. */
export const SESSION_OPTIONS: OptionsOf<ReadSessionOptions> = {
  clusters: object(
    {
      expectation: "the driver's options of `A`, and of `B`",
      about:
        "The driver's options per cluster, or functions that make them. With A alone a client is a plain pass-through.",
    },
    readClusters,
  ),
  clusterNames,
  requestTimeoutMs: milliseconds({
    fallback: 15_000,
    about:
      "What a request may take in all, the driver's repetitions included; a write that outlives it is perhaps applied.",
  }),
  maxClockOffsetMs: milliseconds({
    fallback: 1_000,
    about: "So far a cluster's clock may be from this process's; further is warned of.",
  }),
  logger,
  metrics,
  clock,
  random,
};

/** Every option of a client. */
export const CLIENT_OPTIONS: OptionsOf<ReadClientOptions> = {
  ...SESSION_OPTIONS,
  replayer: optional(
    having<Replayer>("a Replayer", ["enqueue", "close"], {
      about:
        "Where missed writes go. Without one, a write that one cluster misses rejects with `HELIX_REPLAY_NOT_QUEUED`.",
    }),
  ),
  secondaryTimeoutMs: milliseconds({
    fallback: 2_000,
    about:
      "How long a write waits for a cluster once the other has applied it; then it is queued for the slow one.",
  }),
  wait: oneOf<WaitFor>(WAIT_FOR, "both", {
    about:
      "`first`: a write returns when one cluster has applied it, and the other is watched in the background.",
  }),
  maxInBackground: integer({
    min: 1,
    max: 1_000_000,
    fallback: 1_000,
    about:
      "How many writes are watched in the background at most, of 64 MiB of values together; one more waits for both clusters.",
  }),
  readCluster: oneOf<ClusterId>(CLUSTERS, "A", {
    about: "Where reads go at first; with `primary`, whenever that cluster is there.",
  }),
  readStrategy: oneOf<ReadStrategyName>(READ_STRATEGIES, "sticky", {
    about:
      "Where reads go: to one cluster until it fails, to `readCluster` whenever it is there, or to the one that answers sooner.",
  }),
  readYourWrites,
  gate: optional(
    having<ClusterGate>("a ClusterGate", ["state", "onChange"], {
      about: "What it drains gets no writes, which are queued, and reads only where the other cannot answer.",
    }),
  ),
  drainTimeoutMs: milliseconds({
    fallback: 5_000,
    about:
      "How long `close` waits for requests in flight; those that are left are cut, and count as not answered.",
  }),
  onEnqueueFailed: callback<OnEnqueueFailed>({
    about: "Takes the payloads that the queue did not, with the error; the call then succeeds.",
  }),
  onQueueFull,
  unsafe: oneOf<Unsafe>(UNSAFE, "refuse", {
    about:
      "What becomes of a write that is not safe to send twice or late: refused; or sent, and kept for a person, or replayed knowingly, where a cluster misses it.",
  }),
  maxTimestampAheadMs: optional(
    milliseconds({
      min: 0,
      about: "Refuses a write whose timestamp is further ahead of a cluster's clock than this.",
    }),
  ),
  openTelemetry: optional(
    object(
      {
        expectation: "the module `@opentelemetry/api`",
        about:
          "A write that is queued remembers the active span, to which `tracedExecutor` of `@helix/worker` links its replay.",
      },
      readTraceContextApi,
    ),
  ),
};

/** @throws TypeError, RangeError naming option, expectation and value. */
export function readSessionOptions(owner: string, options: SessionOptions): ReadSessionOptions {
  return readOptions<ReadSessionOptions>(owner, SESSION_OPTIONS, options);
}

/** @throws TypeError, RangeError naming option, expectation and value. */
export function readClientOptions(options: HelixClientOptions): ReadClientOptions {
  const read = readOptions<ReadClientOptions>("HelixClient", CLIENT_OPTIONS, options);
  if (!read.clusters.has(read.readCluster)) {
    throw new TypeError(
      `Expected \`readCluster\` to be a cluster that is configured, got "${read.readCluster}"`,
    );
  }
  const { A, B } = Object.fromEntries(read.clusters);
  if (A !== undefined && B !== undefined) assertSameMeaning(A.meaning, B.meaning);
  const { onEnqueueFailed } = read;
  if (onEnqueueFailed === undefined) return read;
  return {
    ...read,
    onEnqueueFailed: (payload, error) =>
      isolate(
        () => onEnqueueFailed(payload, error),
        (err) => read.logger.error({ ...summarize(payload), err }, "onEnqueueFailed failed"),
      ),
  };
}

function readClusters(value: unknown): ReadonlyMap<ClusterId, ClusterConfig> {
  const { A, B } = readOptions<{ A?: unknown; B?: unknown }>(
    "`clusters`",
    { A: ANYTHING, B: ANYTHING },
    value ?? {},
  );
  const configs = new Map([["A" as ClusterId, readClusterConfig("A", A)]]);
  if (B !== undefined) configs.set("B", readClusterConfig("B", B));
  return configs;
}
