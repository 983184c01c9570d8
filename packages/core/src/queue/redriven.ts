import { helixError } from "../errors.ts";
import { checkPayload, type ReplayPayload } from "../payload/payload.ts";
import type { DeadLetter, DeadLetterReason, RedriveOneOptions } from "./dead-letters.ts";

/** Of a reason that only a newer version knows, nobody here can say that its message does no harm. */
const NEEDS_NO_FORCE: ReadonlySet<DeadLetterReason> = new Set([
  "rejected",
  "attempts",
  "expired",
  "held",
  "undecodable",
]);

/** Whether a redrive of a dead letter with this reason has to be forced. */
export function needsForce(reason: DeadLetterReason): boolean {
  return !NEEDS_NO_FORCE.has(reason);
}

/**
 * The payload of a dead letter as a redrive puts it back: the same write, one life more, enqueued now. What was on hold is
 * `unsafe` now, since a person has decided; so is what was forced before, since that was for one life.
 *
 * @throws HelixError HELIX_PAYLOAD_INVALID if its bytes are not a payload, or one that has no next life,
 * HELIX_REDRIVE_NEEDS_FORCE.
 */
export function redriven(
  { id, reason, content }: Pick<DeadLetter, "id" | "reason" | "content">,
  { force }: RedriveOneOptions,
  nowMs: number,
): ReplayPayload {
  if (!content.ok) throw content.error;
  if (force !== true && needsForce(reason)) {
    const text = `The dead letter \`${id}\` is ${reason}: to redrive it may bring back what was deleted since, and needs \`force\``;
    throw helixError("HELIX_REDRIVE_NEEDS_FORCE", text, { id, reason });
  }
  const { disposition: before = "replay", ...payload } = content.payload;
  const disposition = force === true ? "force" : before === "replay" ? undefined : "unsafe";
  const next: ReplayPayload = {
    ...payload,
    ...(disposition && { disposition }),
    life: payload.life + 1,
    enqueuedAtMs: nowMs,
  };
  try {
    checkPayload(next);
  } catch (cause) {
    const text = `The dead letter \`${id}\` cannot be put back into its lane`;
    throw helixError("HELIX_PAYLOAD_INVALID", text, {}, { cause });
  }
  return next;
}
