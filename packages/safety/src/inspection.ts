import type { Batch, Call, Marker, TableName, WriteStatement } from "./cql/syntax.ts";

/**
 * What may be done with a write after it has been executed, or missed, on one cluster:
 *
 * - `gc`: it writes tombstones only, or nothing. It may be sent again at any age.
 * - `replay`: it may be sent again as it is, while it is younger than `gc_grace_seconds`.
 * - `ttl`: as `replay`, with its TTL shortened by its age.
 * - `evaluate`: it calls functions whose value has to be made once, before it is sent anywhere.
 * - `refuse`: it must not be sent twice, or later, or to a second cluster by itself; or it was not understood.
 * - `read`: it writes nothing.
 * - `depends`: it takes more than the text to tell.
 */
export type Verdict = "gc" | "replay" | "ttl" | "evaluate" | "refuse" | "read" | "depends";

/** Why a statement is refused, and where. */
export interface Reason {
  /** What it is, such as `a conditional statement (IF)`; for a person. */
  readonly construct: string;
  /** Where it begins in the text, in UTF-16 code units. */
  readonly at: number;
  /** A sentence: what would go wrong. */
  readonly why: string;
  /** A sentence: how to say it otherwise, where there is a way. */
  readonly cure?: string | undefined;
  /** No server takes it, or it is not understood: whoever wants it sent all the same has to say it otherwise. @default false */
  readonly isMistake?: boolean | undefined;
}

/** What a text says by itself. */
export interface Inspection {
  readonly cql: string;
  /** The first word in lower case: `insert`, `select`, `truncate`, `batch` for BEGIN … BATCH; empty if there is none. */
  readonly verb: string;
  /** `depends` for nearly every write: default TTL, counters and lists that are not frozen are seen in the schema alone. */
  readonly verdict: Verdict;
  /** With `depends`: on what. */
  readonly on: readonly ("schema" | "values")[];
  /** With `refuse`. */
  readonly reason?: Reason | undefined;
  /** The tables that it writes or, of a SELECT, reads, in the order of the text; of what is not understood, those met before. */
  readonly tables: readonly TableName[];
  /** In the order in which values are bound; of a write only. */
  readonly markers: readonly Marker[];
  /** The calls whose value is not the same twice, in the order of the text, each by its new spelling. */
  readonly calls: readonly EvaluatedCall[];
  /** Undefined for what is no write, or was not understood. */
  readonly statement?: WriteStatement | Batch | undefined;
}

/** A function that is the same twice for nobody. */
export type EvaluatedFunction =
  | "now"
  | "uuid"
  | "current_timestamp"
  | "current_date"
  | "current_time"
  | "current_timeuuid";

export interface EvaluatedCall {
  readonly function: EvaluatedFunction;
  readonly call: Call;
}

/** What a write comes to, by all that is known. */
export interface Decision {
  readonly verdict: Verdict;
  /** With `evaluate`: the verdict of what is left when the calls are replaced by their values. */
  readonly then?: "gc" | "replay" | "ttl" | undefined;
  /** With `depends`: what is missing. */
  readonly on: readonly ("schema" | "values")[];
  /** With `refuse`, and with `depends` why it may be refused. */
  readonly reason?: Reason | undefined;
  /** One for each write of the text, in its order: one, or those of a batch. Empty for what is not understood. */
  readonly members: readonly MemberDecision[];
  /** That of USING TIMESTAMP, in microseconds. Undefined: that of the request counts. */
  readonly timestamp?: bigint | "several" | undefined;
  /** With `several`: the latest that a member has of its own. */
  readonly latestTimestamp?: bigint | undefined;
}

export interface MemberDecision {
  readonly verdict: "gc" | "replay" | "ttl" | "refuse" | "depends";
  readonly keyspace: string | undefined;
  readonly table: string;
  /**
   * With `ttl`, and with `refuse` as far as it is known: how long what it writes lives. Seconds; 1 or more. `source` says where it is from: a number in the text, a bound value,
   * or the table's default.
   */
  readonly ttl?: { readonly seconds: number; readonly source: "text" | "value" | "table" } | undefined;
}
