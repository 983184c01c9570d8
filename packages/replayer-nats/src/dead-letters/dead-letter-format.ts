import { decodeContent } from "@helix/codec";
import type { DeadLetter, ErrorSummary } from "@helix/core";

/** What a dead letter says beside its bytes. */
export type Epitaph = Omit<DeadLetter, "raw" | "content">;

/** Its name in the header of the message. */
export const EPITAPH_HEADER = "Helix-Dead-Letter";
/** What the header may have: the rest of the room that is kept free for a dead letter holds the other headers. */
const MAX_HEADER_LENGTH = 14 * 1024;
/** Everything outside of printable ASCII: a header is one line. */
const NOT_PLAIN = /[^ -~]/gu;

/**
 * The bytes stay what they were and are the body, so that whatever went wrong with them can be looked at; all else is one
 * header, as JSON in ASCII.
 */
export function encodeEpitaph(epitaph: Epitaph): string {
  for (let most = 2048; ; most = Math.floor(most / 2)) {
    const { error, firstError } = epitaph;
    const cut = { ...epitaph, error: shortened(error, most), firstError: shortened(firstError, most) };
    const text = JSON.stringify(cut).replaceAll(NOT_PLAIN, escaped);
    if (text.length <= MAX_HEADER_LENGTH) return text;
  }
}

/**
 * Reads what {@link encodeEpitaph} wrote, here or in another version; undefined if it is something else. A reason that is
 * not known here stays what it is: the dead letter is listed all the same, and its redrive needs force.
 */
export function decodeEpitaph(header: string | undefined): Epitaph | undefined {
  try {
    const epitaph = JSON.parse(header ?? "") as Epitaph;
    return typeof epitaph.reason === "string" && typeof epitaph.id === "string" ? epitaph : undefined;
  } catch {
    return undefined;
  }
}

export function deadLetterOf(epitaph: Epitaph, data: Uint8Array): DeadLetter {
  // A copy: the library's arrays are views of what came over the wire.
  const raw = new Uint8Array(data);
  return { ...epitaph, raw, content: decodeContent(raw) };
}

function shortened(error: ErrorSummary | undefined, most: number): ErrorSummary | undefined {
  return error && { ...error, name: error.name.slice(0, 256), message: error.message.slice(0, most) };
}

function escaped(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return text;
}
