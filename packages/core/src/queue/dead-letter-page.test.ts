import { describe, expect, test } from "vitest";
import { isHelixError } from "../errors.ts";
import { cutOffAt, type PlacedLetter, pageOf, readDeadLetterPage, readScan } from "./dead-letter-page.ts";

/** Dead letters of so many bytes, and how many of them were asked for. */
class Letters {
  asked = 0;
  readonly bytes: readonly number[];

  constructor(...bytes: number[]) {
    this.bytes = bytes;
  }

  *[Symbol.iterator](): Generator<PlacedLetter, void, void> {
    for (const [at, bytes] of this.bytes.entries()) {
      this.asked++;
      yield { letter: { raw: { length: bytes } }, place: at + 1 } as unknown as PlacedLetter;
    }
  }
}

const MB = 2 ** 20;
const NOW_MS = 1_764_000_000_000.5;
const DAY_MS = 86_400_000;
const at = (place: number) => `at ${place}`;

function whyOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isHelixError(error, "HELIX_CURSOR_INVALID")) return error.why;
    throw error;
  }
  return "taken";
}

describe("a page", () => {
  test("is over at its limit, and no more is read than it holds", async () => {
    const letters = new Letters(1, 1, 1);
    const page = await pageOf(letters, 2, at);
    expect([page.letters.length, page.cursor, letters.asked]).toEqual([2, "at 2", 2]);
  });

  test("is over when it has 8 MiB, whatever its limit, and one dead letter of any size has a page", async () => {
    expect(await pageOf(new Letters(3 * MB, 4 * MB, MB, 1), 100, at)).toMatchObject({ cursor: "at 3" });
    expect(await pageOf(new Letters(64 * MB, 1), 100, at)).toMatchObject({ cursor: "at 1" });
  });

  test("that is the last has no cursor", async () => {
    expect(await pageOf(new Letters(1, 1), 3, at)).not.toHaveProperty("cursor");
    expect(await pageOf(new Letters(), 3, at)).toEqual({ letters: [] });
  });

  test("that is the first begins before the first place, and counts ages to now", () => {
    const { filter, limit, in: of } = readDeadLetterPage({ cluster: "A" }, { limit: 1000 });
    expect([filter, limit, of("one", NOW_MS)]).toMatchObject([
      { cluster: "A" },
      1000,
      { place: 0, asOfMs: NOW_MS },
    ]);
  });
});

describe("a cursor", () => {
  const filter = { cluster: "A", olderThanMs: 5 } as const;
  const cursor = readDeadLetterPage(filter, {}).in("one", NOW_MS).cursorAt(17);
  const next = (given: unknown, of: object = filter) => readDeadLetterPage(of, { cursor: given as string });

  test("goes on after its place, with ages as on the first page, from page to page", () => {
    const mark = next(cursor).in("one", NOW_MS + DAY_MS / 2);
    expect(mark).toMatchObject({ place: 17, asOfMs: Math.floor(NOW_MS) });
    const again = next(mark.cursorAt(2 ** 52)).in("one", NOW_MS + DAY_MS - 1);
    expect(again).toMatchObject({ place: 2 ** 52, asOfMs: Math.floor(NOW_MS) });
  });

  test("is good for the same filter, however it is written", () => {
    expect(whyOf(() => next(cursor, { olderThanMs: 5, table: undefined, cluster: "A" }))).toBe("taken");
    expect(whyOf(() => next(cursor, { olderThanMs: 6, cluster: "A" }))).toBe("other-filter");
    expect(whyOf(() => next(cursor, {}))).toBe("other-filter");
  });

  test("is good for its store, and for a day", () => {
    expect(whyOf(() => next(cursor).in("two", NOW_MS))).toBe("other-store");
    expect(whyOf(() => next(cursor).in("one", NOW_MS + DAY_MS + 1))).toBe("expired");
    expect(whyOf(() => next(cursor).in("one", NOW_MS - DAY_MS - 1))).toBe("expired");
  });

  test.each([
    "",
    "after-17",
    17,
    null,
    {},
    cursor.toUpperCase(),
    `${cursor} `,
    cursor.slice(1),
    `${cursor}0`,
  ])("is none that is %j", (given) => {
    expect(whyOf(() => next(given))).toBe("broken");
  });

  test("is none with one character changed, wherever", () => {
    for (let place = 0; place < cursor.length; place++) {
      const other = cursor[place] === "1" ? "2" : "1";
      expect(whyOf(() => next(cursor.slice(0, place) + other + cursor.slice(place + 1)))).toBe("broken");
    }
  });
});

describe("a cut-off", () => {
  const until = cutOffAt({ place: 0, asOfMs: NOW_MS }, "one");

  test("is good for its store, whatever the filter, and for ever", () => {
    expect(readScan({ until }).until?.in("one", NOW_MS + 30 * DAY_MS)).toEqual({
      place: 0,
      asOfMs: Math.floor(NOW_MS),
    });
    expect(whyOf(() => readScan({ until }).until?.in("two", NOW_MS))).toBe("other-store");
    expect(readScan(undefined)).toEqual({ until: undefined });
  });

  test("is no cursor, nor a cursor one", () => {
    const cursor = readDeadLetterPage({}, {}).in("one", NOW_MS).cursorAt(1);
    expect(whyOf(() => readScan({ until: cursor }))).toBe("broken");
    expect(whyOf(() => readDeadLetterPage({}, { cursor: until }))).toBe("broken");
    expect(() => readScan({ after: until })).toThrow(TypeError);
  });
});
