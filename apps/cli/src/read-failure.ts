import { isHelixError } from "@helix/core";
import { errorText } from "@helix/core/internal";
import { EXIT, Failure, MISTAKES, UsageError } from "./failures.ts";

export interface ReadFailure {
  readonly exit: number;
  /** For programs. */
  readonly code: string;
  readonly message: string;
  /** Commands that would do. */
  readonly type: readonly string[];
}

export function readFailure(error: unknown): ReadFailure {
  if (error instanceof UsageError) {
    return { exit: EXIT.usage, code: "HELIX_CLI_USAGE", message: error.message, type: error.type };
  }
  if (error instanceof Failure) return error;
  if (isHelixError(error)) {
    const exit = MISTAKES.has(error.code) ? EXIT.usage : EXIT.failed;
    return { exit, code: error.code, message: withCause(error), type: [] };
  }
  // How the packages refuse what a caller gives them.
  if (error instanceof TypeError || error instanceof RangeError) {
    const isMistake = /^(Expected|Unknown option) /.test(error.message);
    if (isMistake) return { exit: EXIT.usage, code: "HELIX_CLI_USAGE", message: error.message, type: [] };
  }
  return { exit: EXIT.failed, code: "HELIX_CLI_FAILED", message: errorText(error), type: [] };
}

/** Why there is no connection is all that helps. */
function withCause(error: Error & { readonly code: string }): string {
  const { message, code, cause } = error;
  return code === "HELIX_QUEUE_UNAVAILABLE" && cause !== undefined
    ? `${message}: ${errorText(cause)}`
    : message;
}
