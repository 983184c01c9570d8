import { expect, it } from "vitest";
import { clean, jsonText } from "./clean.ts";
import { paintFor } from "./paint.ts";
import { facts, table } from "./table.ts";

const NO_COLOURS = paintFor({ write() {} }, {});

it("a table has its columns below each other, numbers to the right, and `-` for what is not there", () => {
  const rows = [
    { name: "a", count: 1 },
    { name: "long name", count: 12_310, why: "x" },
  ];
  const columns = [
    { title: "NAME", of: (row: (typeof rows)[number]) => row.name },
    { title: "COUNT", of: (row: (typeof rows)[number]) => String(row.count), align: "right" as const },
    { title: "WHY", of: (row: (typeof rows)[number]) => row.why },
  ];
  expect(table(rows, columns, NO_COLOURS)).toBe(
    ["NAME       COUNT  WHY", "a              1  -", "long name  12310  x", ""].join("\n"),
  );
});

it("what is coloured stays as wide as it is without colours", () => {
  const coloured = paintFor({ write() {}, isTTY: true }, {});
  const columns = [
    { title: "A", of: (row: string) => row, paint: () => "bad" as const },
    { title: "B", of: () => "b" },
  ];
  const plain = table(["x", "xxx"], columns, NO_COLOURS);
  const painted = table(["x", "xxx"], columns, coloured);
  expect(painted).not.toBe(plain);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are these
  expect(painted.replace(/\u001b\[\d+m/g, "")).toBe(plain);
});

it("a text of somebody else's stays on its line", () => {
  expect(facts([["why", "a\u001b[31m\nb\u0007"]], NO_COLOURS)).toBe("why  a\\u001b[31m\\u000ab\\u0007\n");
});

const WIDE = [
  { title: "ID", of: (row: string) => row },
  { title: "DIED AGAIN", of: () => "3", align: "right" as const },
  { title: "WHY", of: () => "the column is there" },
];
const on = (columns: number) =>
  table(["a-long-id"], WIDE, paintFor({ write() {}, isTTY: true, columns }, { NO_COLOR: "1" }));

it("a table that is wider than the terminal has titles of several lines", () => {
  expect(on(42)).toBe("ID         DIED AGAIN  WHY\na-long-id           3  the column is there\n");
  expect(on(41)).toBe(
    ["            DIED", "ID         AGAIN  WHY", "a-long-id      3  the column is there", ""].join("\n"),
  );
});

it("what has no room on the line of a row is below it, whole, and what is longer than a line is one", () => {
  expect(on(20)).toBe(
    ["            DIED", "ID         AGAIN", "  WHY", "a-long-id      3", "  the column is there", ""].join(
      "\n",
    ),
  );
  expect(on(1)).toBe(
    ["ID", "   DIED", "  AGAIN", "  WHY", "a-long-id", "      3", "  the column is there", ""].join("\n"),
  );
});

it("the width is that of COLUMNS, or of the terminal; and none where it is read by a program", () => {
  const width = (env: Record<string, string>, isTTY = true) =>
    paintFor({ write() {}, isTTY, columns: 80 }, env).width;
  expect([width({}), width({ COLUMNS: "60" }), width({ COLUMNS: "60" }, false)]).toEqual([80, 60, 60]);
  expect([width({ COLUMNS: "x" }), width({ COLUMNS: "0" }), width({}, false)]).toEqual([80, 80, Infinity]);
});

it("letters that are two columns wide, and marks that have none, leave the columns below each other", () => {
  const rows = ["東京", "e\u0301", "ab"];
  const columns = [
    { title: "NAME", of: (row: string) => row },
    { title: "N", of: () => "1" },
  ];
  expect(table(rows, columns, NO_COLOURS)).toBe("NAME  N\n東京  1\ne\u0301     1\nab    1\n");
});

it.each([
  ["a mark of direction", "\u061c"],
  ["an override", "\u202e"],
  ["an isolate", "\u2066"],
  ["a space without width", "\u200b"],
  ["a joiner", "\u200d"],
  ["a byte order mark", "\ufeff"],
  ["a soft hyphen", "\u00ad"],
  ["a letter that is not drawn", "\u3164"],
  ["a variation", "\ufe0f"],
  ["a tag", "\u{e0041}"],
  ["half a pair", "\ud800"],
])("%s is shown as what it is, and data stay what they are", (_, one) => {
  const escaped = JSON.stringify({ why: `a${one}b` }).replace(/[^ -~]/gu, (found) =>
    found
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
  expect(clean(`a${one}b`)).toMatch(/^a(\\u[0-9a-f]{4}){1,2}b$/);
  expect(jsonText({ why: `a${one}b` })).toBe(escaped);
  expect(JSON.parse(jsonText({ why: `a${one}b` }))).toEqual({ why: `a${one}b` });
});
