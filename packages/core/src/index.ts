export {
  CLUSTERS,
  type ClusterId,
  clusterOf,
  isClusterId,
  LANES,
  type Lane,
  laneOf,
  otherCluster,
  PRIORITIES,
  type Priority,
  priorityOf,
} from "./cluster.ts";
export type {
  AcceptedClusters,
  ClusterIdentities,
  ClusterIdentity,
  KnownClusters,
} from "./cluster-identity.ts";
export type {
  ChangeOptions,
  ControlDocument,
  ControlListing,
  ControlReader,
  ControlStore,
  DocumentListener,
} from "./control/control-store.ts";
export {
  GATES_KEY,
  type GateChange,
  type GateOrder,
  type Gates,
  gateStateAt,
  orderGate,
  readGates,
} from "./control/gates.ts";
export {
  orderRate,
  RATES_KEY,
  type RateChange,
  type RateOrder,
  type Rates,
  rateAt,
  readRates,
} from "./control/rates.ts";
export { StoredClusterGate, type StoredClusterGateOptions } from "./control/stored-cluster-gate.ts";
export { type ErrorReading, type Outcome, outcomeOf, readingOf } from "./error-reading.ts";
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
export type { ExecuteFunc, ReplayExecutor, Startable, TableGrace } from "./executor.ts";
export {
  BATCH_TYPES,
  type BatchType,
  checkPayload,
  createPayload,
  type Disposition,
  messageId,
  type Operation,
  type Params,
  type PayloadInput,
  type PayloadSummary,
  type ReplayPayload,
  type Statement,
  statementsOf,
  summarize,
  type WrittenSchema,
} from "./payload/payload.ts";
export { nextTimestampMicros, TimestampGenerator, timestampLeadMs } from "./payload/timestamp.ts";
export { Backoff, type BackoffOptions } from "./policy/backoff.ts";
export { type Clock, systemClock } from "./policy/clock.ts";
export { type ClusterGate, type GateState, LocalClusterGate } from "./policy/cluster-gate.ts";
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
} from "./queue/bulk-dead-letters.ts";
export {
  type EmptyTrashReport,
  emptyTrash,
  type RestoreReport,
  restoreDeadLetters,
} from "./queue/bulk-trash.ts";
export { DEAD_LETTER_FILTER, type DeadLetterFilter } from "./queue/dead-letter-filter.ts";
export {
  type BulkStore,
  DEAD_LETTER_REASONS,
  type DeadLetter,
  type DeadLetterCause,
  type DeadLetterPage,
  type DeadLetterReader,
  type DeadLetterReason,
  type DeadLetterStore,
  type DiscardOneOptions,
  type MessageContent,
  type OrderedOptions,
  type PageOptions,
  type RedriveOneOptions,
  type ScannedLetters,
  type ScanOptions,
  type UnsafeReason,
} from "./queue/dead-letters.ts";
export { type Examination, type Finding, HARMS, type Harm, type Unseen } from "./queue/examination.ts";
export type { CountOptions, LetterCount, LetterGroup } from "./queue/letter-groups.ts";
export {
  PollingLaneSource,
  type PollingLaneSourceOptions,
  type Receive,
} from "./queue/polling-lane-source.ts";
export type {
  LaneDepth,
  LaneSource,
  QueueRoom,
  QueueTraits,
  ReleaseOptions,
  Replayer,
  ReplayMessage,
  ReplayQueue,
  SchedulingOptions,
} from "./queue/queue.ts";
export { countDrained, countedDeadLetters, reportDepths, reportRoom } from "./queue/queue-metrics.ts";
export {
  type BulkTrash,
  type Discarded,
  type ScannedTrash,
  TRASH_MAX_AGE_MS,
  type TrashedLetter,
  type TrashStore,
} from "./queue/trash.ts";
export type { ErrorSummary } from "./report/error-summary.ts";
export {
  type ClientEvents,
  EventHub,
  type EventNames,
  type EventSink,
  type EventSource,
  type QueueEvents,
  type SessionEvents,
  type WorkerEvents,
} from "./report/events.ts";
export { type Logger, silentLogger } from "./report/logger.ts";
export {
  METRICS,
  type MetricDescription,
  type MetricLabels,
  type MetricName,
  type Metrics,
  silentMetrics,
} from "./report/metrics.ts";
export type { ClusterFigures, LaneFigures, RefusedWrites, WorkerFigures } from "./report/worker-figures.ts";
