import { expect, it } from "vitest";
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
