import { expect, test } from "vitest";
import { type PlacedLetter, pageOf, readDeadLetterPage } from "./dead-letter-page.ts";

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

test("a page is over at its limit, and no more is read than it holds", async () => {
  const letters = new Letters(1, 1, 1);
  const page = await pageOf(letters, 2);
  expect([page.letters.length, page.cursor, letters.asked]).toEqual([2, "after-2", 2]);
  expect(readDeadLetterPage({}, { cursor: page.cursor })).toEqual({ filter: {}, limit: 100, after: 2 });
});

test("a page is over when it has 8 MiB, whatever its limit, and one dead letter of any size has a page", async () => {
  expect(await pageOf(new Letters(3 * MB, 4 * MB, MB, 1), 100)).toMatchObject({ cursor: "after-3" });
  expect(await pageOf(new Letters(64 * MB, 1), 100)).toMatchObject({ cursor: "after-1" });
});

test("the last page has no cursor", async () => {
  expect(await pageOf(new Letters(1, 1), 3)).not.toHaveProperty("cursor");
  expect(await pageOf(new Letters(), 3)).toEqual({ letters: [] });
});

test("a first page begins before the first place", () => {
  expect(readDeadLetterPage({ cluster: "A" }, { limit: 1000 })).toEqual({
    filter: { cluster: "A" },
    limit: 1000,
    after: 0,
  });
});

test.each(["", "after-", "after--1", "after-01", "after-1e3", "after-1234567890123456", "after-1 "])(
  "a cursor `%s` is none",
  (cursor) => {
    expect(() => readDeadLetterPage({}, { cursor })).toThrow("`cursor`");
  },
);
