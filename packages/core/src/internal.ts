/**
 * For the other `@helix/*` packages of the same version. May change in any release.
 *
 * @module
 */

export { isShared } from "./cluster-identity.ts";
export { changeDocument } from "./control/change-document.ts";
export { checkOrder } from "./control/order.ts";
export { StoredOrders } from "./control/stored-orders.ts";
export { isObject } from "./is-object.ts";
export { LinkedList, ListNode } from "./linked-list.ts";
export {
  boolean,
  callback,
  clock,
  clusterNames,
  defaultOf,
  describeType,
  describeValue,
  expected,
  func,
  group,
  having,
  integer,
  list,
  logger,
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
export { toInt64 } from "./payload/payload.ts";
export { assertBindable, isWellFormed, type ValueKind, valueKind } from "./payload/value-kind.ts";
export { weigh } from "./payload/weight.ts";
export { Breaker, type BreakerState } from "./policy/breaker.ts";
export { wait } from "./policy/clock.ts";
export { Moment } from "./policy/moment.ts";
export { onAbort } from "./policy/on-abort.ts";
export { RateLimiter } from "./policy/rate-limiter.ts";
export { BulkRun, type Left, leftUnread } from "./queue/bulk-run.ts";
export { schedulingOptions } from "./queue/scheduling-options.ts";
export { boundedFields } from "./report/bounded-line.ts";
export { boundedText } from "./report/bounded-text.ts";
export { errorLabel, errorText, LoggableError, toldError } from "./report/error-text.ts";
export { harmlessCallback, harmlessLogger } from "./report/harmless.ts";
export { isolate } from "./report/isolate.ts";
export { duration, quantity } from "./report/quantities.ts";
export { spanOf, timeGoneBy, timeToCome } from "./report/times.ts";
export { visible } from "./report/visible.ts";
