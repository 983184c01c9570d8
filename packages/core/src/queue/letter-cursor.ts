import { crc32 } from "node:zlib";
import { type HelixErrors, helixError } from "../errors.ts";

/** A place in the order in which dead letters died, as a store gives it to a caller who may come back with it. */
export interface Mark {
  /** An integer; 0: before the first. */
  readonly place: number;
  /** To when ages are counted. Milliseconds since 1970. */
  readonly asOfMs: number;
}

type Why = HelixErrors["HELIX_CURSOR_INVALID"]["why"];

/** Whose it is, and where and when: a number each, then a check over all before. */
const TEXT =
  /^(after|until)-([0-9a-z]{1,11})-([0-9a-z]{1,11})-([0-9a-z]{1,7})-([0-9a-z]{1,7})-([0-9a-z]{1,7})$/;

/** Whoever pages for so long gets what has become of the rest by beginning anew. */
const CURSOR_LIVES_MS = 86_400_000;

const TOLD: Readonly<Record<Why, string>> = {
  broken: "is none that a store of dead letters has given",
  "other-store": "is of another store, or of one that was deleted and made again",
  "other-filter": "is of another filter: the next page has the filter of the first",
  expired: "is older than a day; begin with the first page",
};

/**
 * A text that names a mark, for one kind of use, store and filter: by it a slip is told from the right one. It is no secret and no
 * proof.
 */
export function markText(
  kind: "after" | "until",
  { place, asOfMs }: Mark,
  store: string,
  filter: unknown,
): string {
  const body = [
    kind,
    number(place),
    number(Math.floor(asOfMs)),
    checkOf(store),
    checkOf(filterText(filter)),
  ].join("-");
  return `${body}-${checkOf(body)}`;
}

/** A mark that somebody came back with, of which is known that it is one: {@link ReadMark.in} says whether it is of that store. */
export interface ReadMark {
  /** @throws HelixError HELIX_CURSOR_INVALID for another store's, or for a page's that is too old. */
  in(store: string, nowMs: number): Mark;
}

/** @throws HelixError HELIX_CURSOR_INVALID unless it is a mark of that kind and for that filter. */
export function readMark(kind: "after" | "until", text: unknown, filter: unknown): ReadMark {
  const [all, of, place = "", asOf = "", store, filtered, check] = TEXT.exec(String(text)) ?? [];
  if (typeof text !== "string" || of !== kind || all === undefined) throw invalid(kind, "broken");
  if (checkOf(all.slice(0, all.lastIndexOf("-"))) !== check) throw invalid(kind, "broken");
  if (checkOf(filterText(filter)) !== filtered) throw invalid(kind, "other-filter");
  const mark = { place: Number.parseInt(place, 36), asOfMs: Number.parseInt(asOf, 36) };
  return {
    in(here, nowMs) {
      if (checkOf(here) !== store) throw invalid(kind, "other-store");
      if (kind === "after" && Math.abs(nowMs - mark.asOfMs) > CURSOR_LIVES_MS) throw invalid(kind, "expired");
      return mark;
    },
  };
}

function number(value: number): string {
  return value.toString(36);
}

function checkOf(text: string): string {
  return number(crc32(text));
}

/** The same for the same conditions, in whatever order. */
function filterText(filter: unknown): string {
  const conditions = Object.entries(Object(filter)).filter(([, value]) => value !== undefined);
  return JSON.stringify(conditions.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function invalid(kind: "after" | "until", why: Why): Error {
  const what = kind === "after" ? "cursor" : "until";
  return helixError("HELIX_CURSOR_INVALID", `The \`${what}\` ${TOLD[why]}`, { why });
}
