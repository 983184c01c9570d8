import { LoggableError } from "@helix/core/internal";
import { readError } from "./read-error.ts";

/** Of a failure of a cluster, what may stand in a log line. */
export function loggable(error: unknown): LoggableError {
  return new LoggableError(error, readError(error).text);
}
