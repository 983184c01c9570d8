import { isHelixError, type Lane, type MessageContent } from "@helix/core";
import { laneFault } from "@helix/core/queue-kit";
import { decodePayload } from "./decode-payload.ts";
import { young } from "./young.ts";

/**
 * What a queue hands to its receivers: the payload, or the bytes themselves and why they are none.
 *
 * @param lane Where the bytes lie: a payload that is for another lane is none here.
 */
export function decodeContent(raw: Uint8Array, lane: Lane | undefined): MessageContent {
  try {
    const payload = decodePayload(raw);
    const fault = lane && laneFault(payload, lane);
    if (fault !== undefined) throw fault;
    return young({ ok: true, payload });
  } catch (error) {
    if (!isHelixError(error)) throw error;
    // A copy: these may be bytes that the queue still holds.
    return { ok: false, raw: new Uint8Array(raw), error };
  }
}
