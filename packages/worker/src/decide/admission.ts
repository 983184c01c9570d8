import type { DeadLetterCause, ReplayMessage, ReplayPayload } from "@helix/core";
import type { FailureLedger } from "./failure-ledger.ts";
import { type HeldMessage, keyOf } from "./held-message.ts";

/** What a message may be executed with, or why it never will be. */
export type Admission =
  | { readonly payload: ReplayPayload; readonly cause?: never }
  | { readonly payload?: never; readonly cause: DeadLetterCause };

/**
 * Looks at a message before anything is done with it. Pure.
 *
 * @param maxDeliver A message that failed so often elsewhere, or was found marked so often, is executed no more.
 */
export function admit({ content, attempts, expired }: ReplayMessage, maxDeliver: number): Admission {
  if (!content.ok) return { cause: { reason: "undecodable", error: content.error } };
  const { payload } = content;
  if (payload.disposition === "hold") return { cause: { reason: "held" } };
  if (expired === true) return { cause: { reason: "expired" } };
  if (attempts >= maxDeliver) return { cause: { reason: "attempts" } };
  return { payload };
}

/** How a message that is executed is to be treated. */
export function kindOf(
  { suspect, attempts }: ReplayMessage,
  payload: ReplayPayload,
  ledger: FailureLedger,
): HeldMessage["kind"] {
  if (suspect === true) return "suspect";
  const hasFailed = attempts > 0 || (ledger.size > 0 && ledger.failuresOf(keyOf(payload)) > 0);
  return hasFailed ? "retry" : "fresh";
}
