import type { ClusterId, Lane } from "./cluster.ts";
import type { ClusterIdentity } from "./cluster-identity.ts";
import type { ControlDocument } from "./control/control-store.ts";
import type { GateState } from "./policy/cluster-gate.ts";
import type { DeadLetterReason } from "./queue/dead-letters.ts";

/** What is known of one logical write on one cluster when the call that made it returns or fails. */
export interface ClusterReport {
  /**
   * `no` only with proof for every try that the driver made; `maybe` whenever an answer was lost. `pending`, in results
   * alone: its answer is awaited in the background.
   */
  readonly applied: "yes" | "no" | "maybe" | "pending";
  /**
   * Whether the write will be replayed on this cluster. `maybe`: the queue did not say whether it stored it. `held`: it was
   * written with `unsafe: "hold"`, and is replayed only if a person decides so.
   */
  readonly queued: "yes" | "no" | "maybe" | "held";
  /** The id of the payload that the queue was given for this cluster, whether it took it or not. */
  readonly replayId?: string | undefined;
  /**
   * Why it was not (surely) applied. Never contains a bound value of ours; a driver's text is passed on as it
   * is.
   */
  readonly cause?: unknown;
}

/** Carried by every error of a write that reached, or may have reached, a cluster. */
export interface WriteReport {
  readonly clusters: Readonly<Partial<Record<ClusterId, ClusterReport>>>;
  /**
   * Repeat the call with this `timestampMicros` and the repeat is the same write, however often it is made.
   */
  readonly timestampMicros: bigint;
}

/**
 * Every code, with the fields an error of that code carries. Adapters add their own by module
 * augmentation: `declare module "@helix/core" { interface HelixErrors { HELIX_MINE: { … } } }`.
 */
export interface HelixErrors {
  /** Surely applied on neither cluster, and nothing was queued. */
  HELIX_BOTH_CLUSTERS_FAILED: WriteReport;
  /** Failed on both, perhaps applied on one: queued for both. It will be applied. */
  HELIX_OUTCOME_PENDING: WriteReport;
  /** Failed on both, perhaps applied on one: kept for both, since it was written with `unsafe: "hold"`. A person decides. */
  HELIX_OUTCOME_HELD: WriteReport;
  /** A cluster missed the write and the queue did not take it (or there is none). */
  HELIX_REPLAY_NOT_QUEUED: WriteReport;
  /** The statement is not safe to run a second time, or later, or elsewhere. Nothing was written. */
  HELIX_NOT_REPLAYABLE: {
    readonly construct: string;
    /** Where it begins in the text, in UTF-16 code units. */
    readonly at?: number | undefined;
    /** What would go wrong. */
    readonly why?: string | undefined;
  };
  /** The timestamp of a write is further ahead of the cluster's clock than the client's options allow. Nothing was written. */
  HELIX_TIMESTAMP_AHEAD: {
    readonly cluster: ClusterId;
    readonly aheadMs: number;
    readonly maxTimestampAheadMs: number;
  };
  /** What is known of the cluster's schema does not say what the table is, and it could not be asked in time. */
  HELIX_SCHEMA_UNKNOWN: { readonly cluster: ClusterId; readonly table: string };
  /**
   * A replay was older than the table's `gc_grace_seconds`, then or now: it might bring back what was deleted since. It
   * was not sent.
   */
  HELIX_REPLAY_TOO_OLD: {
    readonly table: string;
    readonly ageMs: number;
    readonly gcGraceSeconds: number;
  };
  /** Since the write, the table of a replay was made again, or emptied by TRUNCATE, or a column that it writes was dropped and added again. It was not sent. */
  HELIX_TABLE_GONE: { readonly table: string; readonly change: "recreated" | "truncated" | "column-dropped" };
  /** Neither cluster could answer a read. */
  HELIX_NO_CLUSTER_AVAILABLE: { readonly causes: Readonly<Partial<Record<ClusterId, unknown>>> };
  /** The cluster that gave the page before is away, and no other can go on from there. */
  HELIX_PAGE_LOST: { readonly cluster: ClusterId };
  /** The cluster that a request is for has no session, or its breaker is open: the request was not sent. */
  HELIX_CLUSTER_UNAVAILABLE: { readonly cluster: ClusterId; readonly outcome: "unavailable" };
  /**
   * So many requests of this process are out to the cluster that the turn of this one did not come within
   * `requestTimeoutMs`: it was not sent.
   */
  HELIX_CLUSTER_BUSY: {
    readonly cluster: ClusterId;
    readonly maxInFlight: number;
    readonly outcome: "unavailable";
  };
  /** What a process has reached under a letter is not the cluster that is recorded for it: nothing is sent to it. */
  HELIX_CLUSTER_MISTAKEN: {
    readonly cluster: ClusterId;
    readonly found: ClusterIdentity;
    /** What is recorded for the letter. */
    readonly recorded?: ClusterIdentity | undefined;
    /** The letter under which what was found is recorded. */
    readonly recordedAs?: ClusterId | undefined;
  };
  /** The client, or the executor made from it, has been closed. */
  HELIX_CLIENT_CLOSED: Record<never, never>;
  /** `execute` or `batch` before `connect`. */
  HELIX_CLIENT_NOT_CONNECTED: Record<never, never>;
  /** The queue has no room for this payload, by number or by bytes. Nothing was evicted to make room. */
  HELIX_QUEUE_FULL: {
    readonly lane: Lane;
    readonly limit: "messages" | "bytes";
    /** Where the queue knows it. */
    readonly capacity?: number | undefined;
  };
  /** The queue has been closed. */
  HELIX_QUEUE_CLOSED: Record<never, never>;
  /** The dead letters have reached their bound; the message stays in its lane. */
  HELIX_DEAD_LETTERS_FULL: { readonly lane: Lane; readonly capacity?: number | undefined };
  /** The trash has reached its bound: what was to be discarded stays a dead letter until the trash is emptied, or its oldest is seven days old. */
  HELIX_TRASH_FULL: { readonly lane: Lane; readonly capacity?: number | undefined };
  /** A message was settled twice, or after it had been given to somebody else. */
  HELIX_MESSAGE_SETTLED: { readonly lane: Lane };
  /** The lease of a message was over before the queue was known to have its settlement: somebody else may have it. */
  HELIX_LEASE_LAPSED: { readonly lane: Lane };
  /** No dead letter of that id and life, or none in the trash. */
  HELIX_DEAD_LETTER_NOT_FOUND: { readonly id: string };
  /** A filter of dead letters that nothing is found by: a condition that does not exist, cannot be, or contradicts another. */
  HELIX_FILTER_INVALID: { readonly condition?: string | undefined };
  /** A cursor or cut-off that is none, of another store or filter, or a cursor of more than a day ago. Nothing was looked at. */
  HELIX_CURSOR_INVALID: { readonly why: "broken" | "other-store" | "other-filter" | "expired" };
  /** A redrive of a dead letter that was refused for its age or its table, without `force`. It stays. */
  HELIX_REDRIVE_NEEDS_FORCE: { readonly id: string; readonly reason: DeadLetterReason };
  /** Bytes that are not a payload, or a value that cannot be one. `path` names the place, never the value. */
  HELIX_PAYLOAD_INVALID: {
    readonly path?: string | undefined;
    /** A change of the schema may make it right: a field that a type does not have yet. */
    readonly retry?: "later" | undefined;
  };
  /** A payload whose encoding is longer than the queue takes. */
  HELIX_PAYLOAD_TOO_LARGE: { readonly bytes: number; readonly maxPayloadBytes: number };
  /** A control document is not at the revision that the change is for: somebody has changed it. Nothing was changed. */
  HELIX_CONTROL_CONFLICT: {
    readonly key: string;
    readonly revision: number;
    /** What somebody has made of it, where that is known. */
    readonly found?: ControlDocument | undefined;
  };
  /**
   * An order to drain a cluster while the other one is drained, since writes would go nowhere; or one that would take back what
   * it does not speak of: `state` is what holds. Nothing was changed.
   */
  HELIX_GATE_REFUSED: {
    readonly cluster: ClusterId;
    readonly drained?: ClusterId | undefined;
    readonly state?: GateState | undefined;
  };
  /** The key of an order is that of another one for the same cluster. Nothing was changed. */
  HELIX_ORDER_KEY_REUSED: { readonly cluster: ClusterId };
  /** An execution outlived `executeTimeoutMs`; it may still be applied. */
  HELIX_EXECUTE_TIMEOUT: { readonly timeoutMs: number; readonly outcome: "uncertain" };
}

export type HelixErrorCode = keyof HelixErrors;

/** A {@link HelixError} whose code, and so whose fields, are known. */
export type HelixErrorOf<C extends HelixErrorCode> = C extends HelixErrorCode
  ? HelixError<C> & Readonly<HelixErrors[C]>
  : never;

const BRAND = Symbol.for("@helix/core:error");

/**
 * The one error class of all packages. Tell errors apart by {@link isHelixError} and the code, not by
 * `instanceof`: two copies of this package may be loaded.
 */
export class HelixError<C extends HelixErrorCode = HelixErrorCode> extends Error {
  readonly code: C;
  /** Recognised across copies of the package. */
  readonly [BRAND] = true;

  /** Use {@link helixError}, whose result has the fields of the code in its type. */
  constructor(code: C, message: string, fields: HelixErrors[C], options?: { cause?: unknown }) {
    super(message, options);
    this.name = "HelixError";
    this.code = code;
    Object.assign(this, fields);
  }

  /** With the message, and with what is a `bigint` as text: JSON has none. */
  toJSON(): object {
    const fields = Object.entries(this).map(([field, value]) => [
      field,
      typeof value === "bigint" ? value.toString() : value,
    ]);
    return { name: this.name, message: this.message, ...Object.fromEntries(fields) };
  }
}

/** Makes an error of a code with the fields that the code carries. */
export function helixError<C extends HelixErrorCode>(
  code: C,
  message: string,
  fields: HelixErrors[C],
  options?: { cause?: unknown },
): HelixErrorOf<C> {
  return new HelixError(code, message, fields, options) as HelixErrorOf<C>;
}

/** Whether `error` is one of ours, and of this code if one is given; narrows to the fields of that code. */
export function isHelixError(error: unknown): error is HelixError;
export function isHelixError<C extends HelixErrorCode>(error: unknown, code: C): error is HelixErrorOf<C>;
export function isHelixError(error: unknown, code?: HelixErrorCode): boolean {
  if (typeof error !== "object" || error === null || !(BRAND in error)) return false;
  return code === undefined || (error as HelixError).code === code;
}
