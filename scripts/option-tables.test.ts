import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { integer } from "../packages/core/src/options/index.ts";
import { DOCUMENTED, docMistakes, docOf, missingFrom, TABLES, withTable } from "./option-tables.ts";

describe("the options as they are declared", () => {
  test.each(TABLES)("are the table $name of the README", (table) => {
    const text = readFileSync(table.readme, "utf8");
    expect(text === withTable(text, table), "run `npx -y pnpm@12 readme`").toBe(true);
  });

  test.each(DOCUMENTED)("are what the docstrings of $name say: range, unit and default", (documented) => {
    expect(docMistakes(documented)).toEqual([]);
  });

  test.each(DOCUMENTED)("have a sentence each ($name)", ({ options }) => {
    const without = Object.entries(options).filter(([, { about }]) => !/^[A-Z`].*\.$/.test(about));
    expect(without.map(([name]) => name)).toEqual([]);
  });
});

test("a table is replaced where its marker stands, and nowhere else", () => {
  const marker = "<!-- One: made by `npx -y pnpm@12 readme` -->\n";
  const table = { name: "One", readme: new URL("file:///readme"), table: "| new |\n" };
  const other = "| other |\n";
  expect(withTable(`a\n\n${marker}| old |\n| old |\n\nb\n\n${other}`, table)).toBe(
    `a\n\n${marker}| new |\n\nb\n\n${other}`,
  );
  expect(() => withTable(other, table)).toThrow("There is no line");
});

test("a docstring that says another range, unit or default is found", () => {
  const size = integer({ min: 1, max: 10_000, fallback: 2_500, unit: "ms" });
  const source = (text: string) => `/** Other. @default 5 */\nreadonly other?: number;\n${text}\n`;
  const doc = (text: string) =>
    docOf(source(`  /**\n   * ${text}\n   */\n  readonly size?: number;`), "size");
  const missing = (text: string) => missingFrom(doc(text) ?? "", size);
  expect(missing("The size. Milliseconds, 1 to 10 000. @default 2_500")).toEqual([]);
  expect(missing("The size. Milliseconds, 1 to 1 000. @default 2_500")).toEqual(["1 to 10000"]);
  expect(missing("The size. Seconds, 1 to 10_000. @default 2_500")).toEqual(["Milliseconds"]);
  expect(missing("The size. Milliseconds, 1 to\n   * 10_000. @default 250")).toEqual(["@default 2500"]);
  expect(docOf(source(""), "size")).toBeUndefined();
});
