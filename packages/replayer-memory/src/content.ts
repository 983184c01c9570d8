import { decodePayload } from "@helix/codec";
import { isHelixError, type MessageContent } from "@helix/core";

/** What the bytes hold, decoded anew each time: nobody shares a payload with anybody. */
export function contentOf(bytes: Uint8Array): MessageContent {
  try {
    return { ok: true, payload: decodePayload(bytes) };
  } catch (error) {
    if (!isHelixError(error)) throw error;
    return { ok: false, raw: bytes.slice(), error };
  }
}
