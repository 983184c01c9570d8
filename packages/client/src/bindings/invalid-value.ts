import { type HelixErrorOf, helixError } from "@helix/core";

/**
 * The message names place and types, never the value.
 *
 * @param retry `later` where a change of the schema may make it right.
 */
export function invalidValue(
  path: string,
  message: string,
  retry?: "later",
): HelixErrorOf<"HELIX_PAYLOAD_INVALID"> {
  return helixError("HELIX_PAYLOAD_INVALID", message, { path, retry });
}
