import { describe, expect, it } from "vitest";
import { cell } from "../cql/cells.ts";
import { LwwTable } from "./lww-table.ts";

type Table = LwwTable<"v" | "w">;
type Write = (table: Table) => void;

const insert =
  (timestamp: bigint, v: string | null, w?: string | null): Write =>
  (table) =>
    table.insert(1, { v: v === null ? null : cell.text(v), w: w == null ? w : cell.text(w) }, timestamp);
const update =
  (timestamp: bigint, v: string | null): Write =>
  (table) =>
    table.update(1, { v: v === null ? null : cell.text(v) }, timestamp);
const remove =
  (timestamp: bigint): Write =>
  (table) =>
    table.delete(1, timestamp);

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

/** What is there after the writes, in every order and each of them twice. */
function outcomes(...writes: Write[]): unknown[] {
  const seen = new Set<string>();
  for (const order of permutations([...writes, ...writes])) {
    const table: Table = new LwwTable(["v", "w"]);
    for (const write of order) write(table);
    const plain = table
      .rows()
      .map(({ cells }) =>
        Object.entries(cells).map(([column, found]) => [
          column,
          found && `${found.value}@${found.timestamp}`,
        ]),
      );
    seen.add(JSON.stringify(plain.map((entries) => Object.fromEntries(entries))));
  }
  return [...seen].map((text) => JSON.parse(text));
}

describe("a last-write-wins table, whatever the order of the writes and however often they come,", () => {
  it("keeps the cell with the greater timestamp", () => {
    expect(outcomes(insert(1n, "b", "x"), update(2n, "a"))).toEqual([[{ v: "a@2", w: "x@1" }]]);
  });

  it("keeps the greater value at the same timestamp", () => {
    expect(outcomes(insert(1n, "a"), insert(1n, "ab"), insert(1n, "aa"))).toEqual([[{ v: "ab@1", w: null }]]);
  });

  it("lets a deletion win at the same timestamp, of a cell and of the row", () => {
    expect(outcomes(insert(1n, "a", "x"), update(1n, null))).toEqual([[{ v: null, w: "x@1" }]]);
    expect(outcomes(insert(1n, "a"), remove(1n))).toEqual([[]]);
  });

  it("lets what is written after a deletion live", () => {
    expect(outcomes(insert(1n, "a", "x"), remove(2n), update(3n, "b"))).toEqual([[{ v: "b@3", w: null }]]);
  });

  it("keeps a row that was inserted when its last cell is gone, but not one that was only updated", () => {
    expect(outcomes(insert(1n, "a"), update(2n, null))).toEqual([[{ v: null, w: null }]]);
    expect(outcomes(update(1n, "a"), update(2n, null))).toEqual([[]]);
  });

  it("leaves a column alone that is not set", () => {
    expect(outcomes(insert(1n, "a", "x"), insert(2n, "b", undefined))).toEqual([[{ v: "b@2", w: "x@1" }]]);
  });

  it("takes any timestamp, negative ones included", () => {
    expect(outcomes(insert(-5n, "a"), insert(-6n, "b"))).toEqual([[{ v: "a@-5", w: null }]]);
  });
});

it("lists its rows by key, and none once it is truncated", () => {
  const table: Table = new LwwTable(["v", "w"]);
  for (const key of [3, 1, 2]) table.insert(key, {}, 1n);
  expect(table.rows().map(({ key }) => key)).toEqual([1, 2, 3]);
  table.truncate();
  expect(table.rows()).toEqual([]);
});
