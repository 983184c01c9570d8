import type { ReplayPayload } from "../payload/payload.ts";

/**
 * The payload of a dead letter as a redrive puts it back: the same write, one life more, enqueued now. It is not on hold
 * any more: a person has decided.
 */
export function redriven({ disposition: _, ...payload }: ReplayPayload, nowMs: number): ReplayPayload {
  return { ...payload, life: payload.life + 1, enqueuedAtMs: nowMs };
}
