import { type DeadLetterCause, messageId, type ReplayMessage, type ReplayPayload } from "@helix/core";
import { laneFault } from "@helix/core/queue-kit";
import type { FailureLedger } from "./failure-ledger.ts";
import { HeldMessage, placeOf } from "./held-message.ts";

/** What is to become of a message that has arrived. */
export type Admission =
  | { readonly kind: "hold"; readonly item: HeldMessage }
  /** It is to come again later, so that others get their turn. */
  | { readonly kind: "postpone"; readonly item: HeldMessage }
  | { readonly kind: "dead-letter"; readonly cause: DeadLetterCause };

export interface AdmissionOptions {
  /** A message that failed so often elsewhere, or was found marked so often, is executed no more. */
  readonly maxDeliver: number;
  readonly ledger: FailureLedger;
  /** Whether their cluster is believed to be there. */
  readonly isClosed: () => boolean;
  /** Whether one more suspect may wait for its turn. */
  readonly admitsSuspect: (item: HeldMessage) => boolean;
}

/** Looks at a message before anything is done with it. Pure. */
export function admit(
  message: ReplayMessage,
  { maxDeliver, ledger, isClosed, admitsSuspect }: AdmissionOptions,
): Admission {
  const { content, attempts, expired, lane } = message;
  if (!content.ok) return { kind: "dead-letter", cause: { reason: "undecodable", error: content.error } };
  const { payload } = content;
  // Adapters see to it; one that does not would have it executed on a cluster that nobody asked about it.
  const error = laneFault(payload, lane);
  if (error !== undefined) return { kind: "dead-letter", cause: { reason: "undecodable", error } };
  if (payload.disposition === "hold") return { kind: "dead-letter", cause: { reason: "held" } };
  if (expired === true) return { kind: "dead-letter", cause: { reason: "expired" } };
  if (attempts >= maxDeliver) return { kind: "dead-letter", cause: { reason: "attempts" } };
  const item = new HeldMessage(message, payload, kindOf(message, payload, ledger));
  if (item.kind === "fresh") return { kind: "hold", item };
  // They are poor trials: perhaps one made the breaker open. Each is passed over once, since there may be no other.
  const isPassedOver = !isClosed() && !ledger.hasWaited(messageId(payload));
  const isCrowdedOut = item.kind === "suspect" && !admitsSuspect(item);
  return isPassedOver || isCrowdedOut ? { kind: "postpone", item } : { kind: "hold", item };
}

function kindOf(
  { suspect, attempts }: ReplayMessage,
  payload: ReplayPayload,
  ledger: FailureLedger,
): HeldMessage["kind"] {
  if (suspect === true) return "suspect";
  if (attempts > 0) return "retry";
  if (ledger.size === 0) return "fresh";
  return ledger.hasFailed(messageId(payload), () => placeOf(payload)) ? "retry" : "fresh";
}
