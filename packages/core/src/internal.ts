/**
 * For the other `@helix/*` packages of the same version. May change in any release.
 *
 * @module
 */
export { Breaker, type BreakerOptions, type BreakerState } from "./breaker.ts";
export { wait } from "./clock.ts";
export { type CqlToken, cqlTokens } from "./cql-tokens.ts";
export {
  DEAD_LETTER_FILTER_RULES,
  matchesOutside,
  matchesTable,
  readDeadLetterFilter,
  readDeadLetterList,
} from "./dead-letter-filter.ts";
export { type ErrorSummary, errorSummary } from "./error-summary.ts";
export { errorText, LoggableError } from "./error-text.ts";
export { isolate } from "./events.ts";
export {
  boolean,
  callback,
  describeValue,
  expected,
  having,
  integer,
  MAX_TIMER_MS,
  milliseconds,
  oneOf,
  optional,
  type Rule,
  readOptions,
} from "./options.ts";
export { toInt64 } from "./payload.ts";
export { checkCause, readRelease, settledAlready } from "./settlement-input.ts";
export { tableOf } from "./table-of.ts";
export { assertBindable, type ValueKind, valueKind } from "./value-kind.ts";
