import { visible } from "@helix/core/internal";

/** A text of somebody else's on one line of a terminal. */
export function clean(text: string): string {
  return visible(text);
}

/** JSON that is safe to look at as well. */
export function jsonText(data: unknown, indent?: number): string {
  return visible(JSON.stringify(data, null, indent), "\n");
}
