import type { Discarded } from "@helix/core";
import { parsed } from "../connection/parsed.ts";
import { headerIn, type StoredMessage } from "../connection/stored-message.ts";
import { plainJson } from "./dead-letter-format.ts";

/** On what was discarded: when, by whom and why. */
export const DISCARDED_HEADER = "Helix-Discarded";

/** As one line of ASCII; what is said of it is cut to what there is room for, the reason first: the whole is in the records. */
export function encodeDiscarded({ atMs, by = "", why = "" }: Discarded, room: number): string {
  for (let [most, who] = [why.length, by.length]; ; ) {
    const cut = { by: by.slice(0, who) || undefined, why: why.slice(0, most) || undefined };
    const text = plainJson({ atMs, ...cut });
    if (text.length <= room || (most === 0 && who === 0)) return text;
    if (most > 0) most = Math.floor(most / 2);
    else who = Math.floor(who / 2);
  }
}

/** What {@link encodeDiscarded} wrote, as far as it can be read. */
export function discardedIn(stored: StoredMessage): Discarded {
  const { atMs, by, why } = parsed(headerIn(stored, DISCARDED_HEADER) ?? "") ?? {};
  return {
    atMs: Number.isFinite(atMs) ? (atMs as number) : stored.storedAtMs,
    ...(typeof by === "string" && { by }),
    ...(typeof why === "string" && { why }),
  };
}
