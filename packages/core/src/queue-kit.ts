/**
 * What an author of a queue needs beside the interfaces of `@helix/core`: the life of a message in a hand, what is
 * remembered of its failures, what a redrive puts back, checks of what the worker hands in, filters of dead letters, what a
 * document of a control store may be, and options that are declared once. As stable as the rest. That a queue keeps its
 * promises is for `@helix/replayer-contract` to find out.
 *
 * @module
 */

export { claimed } from "./cluster-identity.ts";
export {
  checkKey,
  checkRevision,
  controlConflict,
  decodeDocument,
  encodeDocument,
  isUnder,
} from "./control/document.ts";
export { LinkedList, ListNode } from "./linked-list.ts";
export {
  boolean,
  callback,
  clock,
  expected,
  type Facts,
  having,
  integer,
  list,
  logger,
  metrics,
  milliseconds,
  type Option,
  type OptionsOf,
  object,
  oneOf,
  optional,
  readOption,
  readOptions,
  text,
  withDefault,
} from "./options/index.ts";
export { laneFault } from "./payload/lane-fault.ts";
export { wait } from "./policy/clock.ts";
export { Moment } from "./policy/moment.ts";
export { readDeadLetterFilter, readDeadLetterList } from "./queue/dead-letter-filter.ts";
export {
  cutOffAt,
  type PlacedLetter,
  pageOf,
  type ReadPage,
  readDeadLetterPage,
  readScan,
} from "./queue/dead-letter-page.ts";
export { deathOf, type FailureRecord, recordAfter } from "./queue/failure-record.ts";
export type { Mark, ReadMark } from "./queue/letter-cursor.ts";
export {
  factsOf,
  type LetterFacts,
  matcherOf,
  matchesFilter,
  type WholeFacts,
} from "./queue/letter-facts.ts";
export { LetterGroups, readCount } from "./queue/letter-groups.ts";
export { MessageLife, settled } from "./queue/message-life.ts";
export { redriven } from "./queue/redriven.ts";
export { queueSchedulingOptions } from "./queue/scheduling-options.ts";
export {
  checkCause,
  deadLetterNotFound,
  readDiscard,
  readRedrive,
  readRelease,
  readRestore,
  settledAlready,
} from "./queue/settlement-input.ts";
export { errorSummary, toldSummary } from "./report/error-summary.ts";
export { toldError } from "./report/error-text.ts";
export { harmlessCallback } from "./report/harmless.ts";
export { isolate } from "./report/isolate.ts";
