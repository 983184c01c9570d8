import { type HelixErrorOf, helixError } from "@helix/core";

/** The message names place and types, never the value. */
export function invalidValue(path: string, message: string): HelixErrorOf<"HELIX_PAYLOAD_INVALID"> {
  return helixError("HELIX_PAYLOAD_INVALID", message, { path });
}
