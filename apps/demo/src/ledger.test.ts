import { seededRandom } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { compare } from "./compare.ts";
import { Ledger, type Row } from "./ledger.ts";
import { type RowChange, type Write, workload } from "./workload.ts";

const insert = (id: number, customer = "c", amount = 1): RowChange => ({
  id,
  set: { customer, amount, note: "n" },
});
const update = (id: number, customer: string): RowChange => ({ id, set: { customer, amount: 2 } });
const remove = (id: number): RowChange => ({ id, set: "deleted" });
const write = (...changes: RowChange[]): Write => ({ statements: [], changes, priority: "high" });

function ledgerOf(...writes: [Write, bigint][]): ReadonlyMap<number, Row> {
  const ledger = new Ledger();
  for (const [one, timestamp] of writes) ledger.record(one, timestamp);
  return ledger.rows();
}

/** Every order of the same writes. */
function* orders<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of orders(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

describe("Ledger", () => {
  test("comes to the same rows in whatever order the calls returned", () => {
    const writes: [Write, bigint][] = [
      [write(insert(1, "first")), 10n],
      [write(update(1, "second")), 20n],
      [write(remove(1)), 15n],
      [write(insert(2)), 12n],
      [write(remove(2), insert(3)), 30n],
    ];
    const expected = new Map([
      [1, { customer: { value: "second", writeTime: 20n }, amount: { value: "2", writeTime: 20n } }],
      [
        3,
        {
          customer: { value: "c", writeTime: 30n },
          amount: { value: "1", writeTime: 30n },
          note: { value: "n", writeTime: 30n },
        },
      ],
    ]);
    for (const order of orders(writes)) expect(ledgerOf(...order)).toEqual(expected);
  });

  test("lets a deletion win a tie, as Cassandra does", () => {
    expect(ledgerOf([write(insert(1), remove(1)), 5n]).size).toBe(0);
    expect(ledgerOf([write(remove(1), insert(1)), 5n]).size).toBe(0);
  });
});

describe("compare", () => {
  const rows = ledgerOf([write(insert(1)), 10n], [write(insert(2)), 11n]);

  test("finds no difference between equal views", () => {
    expect(compare(rows, new Map(rows), new Map(rows))).toEqual({ rows: 2, differences: 0, examples: [] });
  });

  test.each<[string, ReadonlyMap<number, Row>]>([
    ["a missing row", ledgerOf([write(insert(1)), 10n])],
    ["an additional row", ledgerOf([write(insert(1), insert(3)), 10n], [write(insert(2)), 11n])],
    ["another value", ledgerOf([write(insert(1, "other")), 10n], [write(insert(2)), 11n])],
    ["another write time", ledgerOf([write(insert(1)), 10n], [write(insert(2)), 12n])],
    ["a null cell", ledgerOf([write(insert(1)), 10n], [write(update(2, "c")), 11n])],
  ])("finds %s, in whichever view it is", (_what, other) => {
    for (const views of [
      [other, rows, rows],
      [rows, other, rows],
      [rows, rows, other],
    ] as const) {
      const comparison = compare(...views);
      expect(comparison.differences).toBe(1);
      expect(comparison.examples).toHaveLength(1);
    }
  });
});

describe("the workload", () => {
  test("inserts every row, and overwrites, deletes and batches rows of both priorities", () => {
    const writes = [...workload(2000, seededRandom(1))];
    const changes = writes.flatMap((one) => one.changes);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(2000);
    expect(changes.length).toBeGreaterThan(3000);
    expect(changes.filter(({ set }) => set === "deleted").length).toBeGreaterThan(50);
    expect(writes.filter(({ statements }) => statements.length > 1).length).toBeGreaterThan(50);
    expect(new Set(writes.map(({ priority }) => priority))).toEqual(new Set(["high", "low"]));
  });

  test("is the same for the same seed", () => {
    const text = (seed: number) => JSON.stringify([...workload(200, seededRandom(seed))]);
    expect(text(7)).toBe(text(7));
    expect(text(7)).not.toBe(text(8));
  });
});
