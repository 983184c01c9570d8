import { isHelixError, type ReplayExecutor, type Strain } from "@helix/core";

/** What a failure says about the state of its cluster, by the executor where it knows. Never throws. */
export function strainOf(executor: ReplayExecutor, error: unknown): Strain | undefined {
  if (isHelixError(error, "HELIX_EXECUTE_TIMEOUT")) return "timeout";
  try {
    return executor.strain?.(error);
  } catch {
    return undefined;
  }
}
