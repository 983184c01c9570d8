import {
  type BatchType,
  type ClusterId,
  clusterOf,
  type DeadLetter,
  type DeadLetterReason,
  type Discarded,
  type ErrorSummary,
  type PayloadSummary,
  type Priority,
  priorityOf,
  summarize,
  type TrashedLetter,
} from "@helix/core";

/** A dead letter as plain data, for whoever may not see the rows: nothing that was bound is in it, nor a text that may quote it. */
export interface ToldLetter {
  readonly id: string;
  readonly cluster: ClusterId;
  readonly priority: Priority;
  readonly reason: DeadLetterReason;
  readonly outcome?: DeadLetter["outcome"];
  /** The last failure. */
  readonly error?: ErrorSummary | undefined;
  /** The first that was counted. */
  readonly firstError?: ErrorSummary | undefined;
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly diedAtMs: number;
  /** Of the message, as it lay in its lane. */
  readonly bytes: number;
  /** Absent where its bytes are no payload. */
  readonly write?: ToldWrite | undefined;
}

/** One in the trash. */
export interface ToldTrashedLetter extends ToldLetter {
  readonly discarded: Discarded;
}

export interface ToldWrite {
  readonly kind: "statement" | BatchType;
  readonly statements: number;
  readonly tables: readonly string[];
  /** How often it was redriven before it died. */
  readonly life: number;
  /** What the database compares: an int64 in decimal. */
  readonly timestampMicros: string;
  /** Milliseconds since 1970. */
  readonly writtenAtMs: number;
}

export function toldLetter(letter: TrashedLetter): ToldTrashedLetter;
export function toldLetter(letter: DeadLetter): ToldLetter;
export function toldLetter(
  letter: DeadLetter & Partial<TrashedLetter>,
): ToldLetter & Partial<ToldTrashedLetter> {
  const { id, lane, reason, outcome, toldError, firstError, attempts, deadAtMs, raw, content, discarded } =
    letter;
  return {
    id,
    cluster: clusterOf(lane),
    priority: priorityOf(lane),
    reason,
    ...(outcome !== undefined && { outcome }),
    ...(toldError !== undefined && { error: toldError }),
    ...(firstError !== undefined && { firstError }),
    attempts,
    diedAtMs: deadAtMs,
    bytes: raw.length,
    ...(discarded !== undefined && { discarded }),
    ...(content.ok && { write: toldWrite(summarize(content.payload)) }),
  };
}

function toldWrite({
  kind,
  statements,
  tables,
  life,
  timestampMicros,
  writtenAtMs,
}: PayloadSummary): ToldWrite {
  return { kind, statements, tables, life, timestampMicros, writtenAtMs };
}
