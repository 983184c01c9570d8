import { isHelixError, type MessageContent } from "@helix/core";
import { decodePayload } from "./decode-payload.ts";

/** What a queue hands to its receivers: the payload, or the bytes themselves and why they are none. */
export function decodeContent(raw: Uint8Array): MessageContent {
  try {
    return { ok: true, payload: decodePayload(raw) };
  } catch (error) {
    if (!isHelixError(error)) throw error;
    // A copy: these may be bytes that the queue still holds.
    return { ok: false, raw: new Uint8Array(raw), error };
  }
}
