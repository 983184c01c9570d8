/**
 * For the other `@helix/*` packages of the same version. May change in any release.
 *
 * @module
 */

export {
  boolean,
  callback,
  clock,
  clusterNames,
  defaultOf,
  describeValue,
  expected,
  type Facts,
  func,
  group,
  having,
  integer,
  list,
  logger,
  MAX_TIMER_MS,
  metrics,
  milliseconds,
  number,
  type Option,
  type OptionsOf,
  object,
  oneOf,
  optional,
  random,
  readOption,
  readOptions,
  signal,
  takes,
  text,
  withDefault,
} from "./options/index.ts";
export { type CqlToken, cqlTokens } from "./payload/cql-tokens.ts";
export { toInt64 } from "./payload/payload.ts";
export { tableOf } from "./payload/table-of.ts";
export { assertBindable, type ValueKind, valueKind } from "./payload/value-kind.ts";
export { Breaker, type BreakerOptions, type BreakerState } from "./policy/breaker.ts";
export { wait } from "./policy/clock.ts";
export { RateLimiter } from "./policy/rate-limiter.ts";
export {
  DEAD_LETTER_FILTER_OPTIONS,
  matchesOutside,
  matchesTable,
  readDeadLetterFilter,
  readDeadLetterList,
} from "./queue/dead-letter-filter.ts";
export { queueSchedulingOptions, schedulingOptions } from "./queue/scheduling-options.ts";
export { checkCause, readDiscard, readRelease, settledAlready } from "./queue/settlement-input.ts";
export { type ErrorSummary, errorSummary } from "./report/error-summary.ts";
export { errorText, LoggableError } from "./report/error-text.ts";
export { harmlessCallback, harmlessLogger, harmlessMetrics } from "./report/harmless.ts";
export { isolate } from "./report/isolate.ts";
