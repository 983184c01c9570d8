import { type HelixErrorOf, helixError } from "@helix/core";

/** HELIX_PAYLOAD_INVALID. The message names places and types, never a value. */
export function invalid(
  message: string,
  path?: string,
  cause?: unknown,
): HelixErrorOf<"HELIX_PAYLOAD_INVALID"> {
  return helixError("HELIX_PAYLOAD_INVALID", message, { path }, cause === undefined ? {} : { cause });
}
