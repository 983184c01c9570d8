import { integer, object, optional, readOptions } from "../options/index.ts";
import { type DeadLetterFilter, readDeadLetterFilter } from "./dead-letter-filter.ts";
import type { DeadLetter, DeadLetterPage } from "./dead-letters.ts";
import { type Mark, markText, type ReadMark, readMark } from "./letter-cursor.ts";

/** What a page may hold, besides one dead letter more: each is of any size. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** Read by itself, whatever it is. */
const anything = optional(object<unknown>({ expectation: "anything" }, (value) => value));
const PAGE_OPTIONS = { limit: integer({ min: 1, max: 1000, fallback: 100 }), cursor: anything };

/** A page that was asked for. */
export interface ReadPage {
  readonly filter: DeadLetterFilter;
  readonly limit: number;
  /**
   * From where on, and to when ages are counted: on the first page from the first on and to now, on each other as on the first.
   *
   * @param store What the store is called that no other is, nor the same one when it was made again.
   * @throws HelixError HELIX_CURSOR_INVALID for a cursor of another store, or of more than a day ago.
   */
  in(store: string, nowMs: number): Mark & { readonly cursorAt: (place: number) => string };
}

/** A dead letter, and where it stands in the order in which they died: an integer above 0. */
export interface PlacedLetter<L extends DeadLetter = DeadLetter> {
  readonly letter: L;
  readonly place: number;
}

/**
 * @throws HelixError HELIX_FILTER_INVALID, or HELIX_CURSOR_INVALID for what is none or of another filter; TypeError, RangeError for a
 * limit that cannot be.
 */
export function readDeadLetterPage(filter: unknown, options: unknown): ReadPage {
  const { limit, cursor } = readOptions<{ limit: number; cursor: unknown }>("page", PAGE_OPTIONS, options);
  const read = readDeadLetterFilter(filter);
  const given = cursor === undefined ? undefined : readMark("after", cursor, read);
  return {
    filter: read,
    limit,
    in(store, nowMs) {
      const mark = given?.in(store, nowMs) ?? { place: 0, asOfMs: nowMs };
      return { ...mark, cursorAt: (place) => markText("after", { ...mark, place }, store, read) };
    },
  };
}

/** One page of dead letters that match, in the order of their places. */
export async function pageOf<L extends DeadLetter>(
  letters: AsyncIterable<PlacedLetter<L>> | Iterable<PlacedLetter<L>>,
  limit: number,
  cursorAt: (place: number) => string,
): Promise<DeadLetterPage<L>> {
  const page: L[] = [];
  let bytes = 0;
  for await (const { letter, place } of letters) {
    page.push(letter);
    bytes += letter.raw.length;
    if (page.length >= limit || bytes >= PAGE_BYTES) return { letters: page, cursor: cursorAt(place) };
  }
  return { letters: page };
}

/** @throws HelixError HELIX_CURSOR_INVALID for what no `cutOff` has given; TypeError for another option. */
export function readScan(options: unknown): { readonly until: ReadMark | undefined } {
  const { until } = readOptions<{ until: unknown }>("scan", { until: anything }, options);
  return { until: until === undefined ? undefined : readMark("until", until, {}) };
}

/** What `cutOff` gives: after the last that there is. */
export function cutOffAt(mark: Mark, store: string): string {
  return markText("until", mark, store, {});
}
