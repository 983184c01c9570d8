import {
  type ErrorReading,
  isHelixError,
  type Outcome,
  outcomeOf,
  type ReplayExecutor,
  readingOf,
} from "@helix/core";

/** How an execution ended. */
export type Ending = { readonly outcome: "applied" } | FailedEnding;

export interface FailedEnding {
  readonly outcome: Exclude<Outcome, "applied">;
  readonly error: unknown;
  readonly reading: ErrorReading;
}

/** What a failed execution comes to: the one place where the worker reads an error. Never throws. */
export function endingOf(executor: ReplayExecutor, error: unknown): FailedEnding {
  const reading = readFailure(executor, error);
  return { outcome: outcomeOf(reading), error, reading };
}

/** What an error means, by the executor where it knows. Never throws. */
export function readFailure(executor: ReplayExecutor, error: unknown): ErrorReading {
  // Of the worker's own, which no executor need know.
  if (isHelixError(error, "HELIX_EXECUTE_TIMEOUT")) return readingOf(error);
  try {
    const reading = executor.read?.(error) ?? readingOf(error);
    return typeof reading.text === "string" ? reading : { ...reading, text: readingOf(error).text };
  } catch {
    return readingOf(error);
  }
}
