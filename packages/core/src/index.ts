export { Backoff, type BackoffOptions } from "./backoff.ts";
export {
  type BulkOptions,
  type BulkReport,
  type DiscardOptions,
  type DiscardReport,
  discardDeadLetters,
  type RedriveOptions,
  type RedriveProgress,
  type RedriveReport,
  redriveDeadLetters,
} from "./bulk-dead-letters.ts";
export { type Clock, systemClock } from "./clock.ts";
export {
  CLUSTERS,
  type ClusterId,
  clusterOf,
  isClusterId,
  isPriority,
  LANES,
  type Lane,
  laneOf,
  otherCluster,
  PRIORITIES,
  type Priority,
  priorityOf,
} from "./cluster.ts";
export { type ClusterGate, type GateState, LocalClusterGate } from "./cluster-gate.ts";
export {
  DEAD_LETTER_REASONS,
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterFilter,
  type DeadLetterReason,
  type DeadLetterStore,
  type MessageContent,
} from "./dead-letters.ts";
export type { ErrorSummary } from "./error-summary.ts";
export {
  type ClusterReport,
  HelixError,
  type HelixErrorCode,
  type HelixErrorOf,
  type HelixErrors,
  helixError,
  isHelixError,
  type WriteReport,
} from "./errors.ts";
export { EventHub, type EventSource, type HelixEvents } from "./events.ts";
export {
  type ExecuteFunc,
  type Outcome,
  outcomeOf,
  type ReplayExecutor,
  type Startable,
  type Strain,
} from "./executor.ts";
export { type Logger, silentLogger } from "./logger.ts";
export {
  METRICS,
  type MetricDescription,
  type MetricLabels,
  type MetricName,
  type Metrics,
  silentMetrics,
} from "./metrics.ts";
export {
  BATCH_TYPES,
  type BatchType,
  checkPayload,
  createPayload,
  messageId,
  type Operation,
  type Params,
  type PayloadInput,
  type PayloadSummary,
  type ReplayPayload,
  type Statement,
  statementsOf,
  summarize,
  tablesOf,
} from "./payload.ts";
export { PollingLaneSource, type PollingLaneSourceOptions, type Receive } from "./polling-lane-source.ts";
export type {
  LaneDepth,
  LaneSource,
  QueueTraits,
  ReleaseOptions,
  Replayer,
  ReplayMessage,
  ReplayQueue,
  SchedulingOptions,
} from "./queue.ts";
export { countDrained, countedDeadLetters, reportDepths } from "./queue-metrics.ts";
export { nextTimestampMicros, TimestampGenerator, timestampLeadMs } from "./timestamp.ts";
