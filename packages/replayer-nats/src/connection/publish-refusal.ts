import { type HelixError, helixError } from "@helix/core";
import type { PublishFailure } from "./publisher.ts";

/**
 * Why something of the queue's own could not be written, for whoever asked for it: HELIX_QUEUE_UNAUTHORIZED,
 * HELIX_QUEUE_TIMEOUT if it may be written all the same, HELIX_QUEUE_REFUSED if the server will say the same next time, else
 * HELIX_QUEUE_UNAVAILABLE.
 */
export function refusalOfPublish(what: string, failure: PublishFailure, timeoutMs: number): HelixError {
  const { kind, meaning, errorCode, stored, message } = failure;
  const text = `${what}: ${message}`;
  const options = { cause: failure };
  if (kind === "forbidden" || kind === "unheard") {
    const operation = kind === "forbidden" ? "publish" : "receive the answer";
    return helixError("HELIX_QUEUE_UNAUTHORIZED", text, { operation, stored }, options);
  }
  if (stored === "maybe") {
    return helixError("HELIX_QUEUE_TIMEOUT", text, { timeoutMs, stored }, options);
  }
  if (meaning === "refused" || meaning === "too large") {
    return helixError("HELIX_QUEUE_REFUSED", text, { errorCode, stored }, options);
  }
  return helixError("HELIX_QUEUE_UNAVAILABLE", text, { stored }, options);
}
