import type { DeadLetter, DeadLetterFilter, DeadLetterReader, LetterGroup, PageOptions } from "@helix/core";
import { helixError, systemClock } from "@helix/core";
import { readDeadLetterPage } from "@helix/core/queue-kit";
import type { Ordered } from "../audit.ts";
import { audited } from "../audited.ts";
import type { Operated } from "../operated.ts";

/** Where letters lie: what has died, and of that what was discarded. */
export type LetterBox = "dead" | "trash";

export interface LetterGroupPage {
  /** The largest first. */
  readonly groups: readonly LetterGroup[];
  /** How many groups there are. */
  readonly total: number;
  /** For the next page, with the same filter; undefined: there are no more. Good for a day, in any process. */
  readonly cursor?: string | undefined;
}

/**
 * How many letters of which kind, page by page. All are counted for each page: a group whose count has changed meanwhile may come twice, or
 * not at all.
 *
 * Rejects with HELIX_CURSOR_INVALID for a cursor that no page of this box and filter has given within a day, with HELIX_FILTER_INVALID, and as
 * the queue does.
 */
export async function groupLetters(
  { queue, clock = systemClock }: Pick<Operated, "queue" | "clock">,
  box: LetterBox,
  filter?: DeadLetterFilter,
  options?: PageOptions,
): Promise<LetterGroupPage> {
  const { filter: read, limit, ...asked } = readDeadLetterPage(filter, options);
  const { place, cursorAt } = asked.in(`groups of ${box}`, clock.wallMs());
  const all = await lettersIn(queue, box).groups(read);
  const next = place + limit;
  return {
    groups: all.slice(place, next),
    total: all.length,
    ...(next < all.length && { cursor: cursorAt(next) }),
  };
}

/**
 * One letter with all that was bound to it, which is personal data: who asked, and why, is one record of `audit`, whether there is such a letter
 * or not. Rejects with HELIX_DEAD_LETTER_NOT_FOUND, with TypeError where nobody, or no reason, is named, and as the queue does.
 */
export function showValues(
  operated: Pick<Operated, "queue" | "audit" | "clock">,
  box: LetterBox,
  id: string,
  { by, why }: Ordered,
): Promise<DeadLetter> {
  const subject = { id: String(id).slice(0, 200), ...(box === "trash" && { box }) };
  return audited(operated, { verb: "show values", subject, by, why }, async () => {
    const letter = await lettersIn(operated.queue, box).get(id);
    if (letter !== undefined) return letter;
    throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", `There is no dead letter ${id}`, { id });
  });
}

function lettersIn(
  { deadLetters }: Pick<Operated["queue"], "deadLetters">,
  box: LetterBox,
): DeadLetterReader {
  return box === "trash" ? deadLetters.trash : deadLetters;
}
