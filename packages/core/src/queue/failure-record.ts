import { type ErrorSummary, errorSummary, toldSummary } from "../report/error-summary.ts";
import type { DeadLetter, DeadLetterCause } from "./dead-letters.ts";
import type { ReleaseOptions } from "./queue.ts";

/** What a queue remembers of a message's counted failures, over restarts and pods. */
export interface FailureRecord {
  readonly attempts: number;
  /** The first failure that came with a count, with a text that quotes no value. */
  readonly firstError?: ErrorSummary | undefined;
}

/** The record after a release: the worker counts, and of the errors that come with a count the first is kept. */
export function recordAfter(
  before: FailureRecord,
  { attempts, error, errorText }: Pick<ReleaseOptions, "attempts" | "error" | "errorText">,
): FailureRecord {
  if (attempts === undefined) return before;
  const firstError = before.firstError ?? (attempts > 0 ? toldSummary(error, errorText) : undefined);
  return { attempts, ...(firstError !== undefined && { firstError }) };
}

/** What a dead letter says of the failures of its message; of the last one with the whole text, and with one that may be told. */
export function deathOf(
  { reason, outcome, error, errorText, attempts }: DeadLetterCause,
  before: FailureRecord,
): Pick<DeadLetter, "reason" | "outcome" | "error" | "toldError" | "firstError" | "attempts"> {
  const last = errorSummary(error);
  const told = toldSummary(error, errorText);
  return {
    reason,
    ...(outcome !== undefined && { outcome }),
    ...(last !== undefined && { error: last }),
    ...(told !== undefined && { toldError: told }),
    ...(before.firstError !== undefined && { firstError: before.firstError }),
    attempts: attempts ?? before.attempts,
  };
}
