import { integer, readOptions, text } from "../options/index.ts";
import { type DeadLetterFilter, readDeadLetterFilter } from "./dead-letter-filter.ts";
import type { DeadLetter, DeadLetterPage } from "./dead-letters.ts";

/** What a page may hold, besides one dead letter more: each is of any size. */
const PAGE_BYTES = 8 * 1024 * 1024;

const CURSOR = /^after-(0|[1-9]\d{0,14})$/;
const PAGE_OPTIONS = {
  limit: integer({ min: 1, max: 1000, fallback: 100 }),
  cursor: text({ pattern: CURSOR, expectation: "what an earlier page gave", fallback: "after-0" }),
};

export interface ReadPage {
  readonly filter: DeadLetterFilter;
  readonly limit: number;
  /** The place of the last one of the page before; 0: there was none. */
  readonly after: number;
}

/** A dead letter, and where it stands in the order in which they died: an integer above 0. */
export interface PlacedLetter {
  readonly letter: DeadLetter;
  readonly place: number;
}

/** @throws HelixError HELIX_FILTER_INVALID; TypeError, RangeError for a limit or a cursor that cannot be. */
export function readDeadLetterPage(filter: unknown, options: unknown): ReadPage {
  const { limit, cursor } = readOptions<{ limit: number; cursor: string }>("page", PAGE_OPTIONS, options);
  const after = Number(CURSOR.exec(cursor)?.[1]);
  return { filter: readDeadLetterFilter(filter), limit, after };
}

/** One page of dead letters that match, in the order of their places. */
export async function pageOf(
  letters: AsyncIterable<PlacedLetter> | Iterable<PlacedLetter>,
  limit: number,
): Promise<DeadLetterPage> {
  const page: DeadLetter[] = [];
  let bytes = 0;
  for await (const { letter, place } of letters) {
    page.push(letter);
    bytes += letter.raw.length;
    if (page.length >= limit || bytes >= PAGE_BYTES) return { letters: page, cursor: `after-${place}` };
  }
  return { letters: page };
}
