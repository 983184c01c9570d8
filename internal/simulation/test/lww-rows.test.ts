import { describe, expect, it } from "vitest";
import { LwwRows, supersedes } from "../src/cluster/lww-rows.ts";

const at = (timestamp: bigint) => ({ timestamp, nowMs: 1_000_000 });

describe("of two writes to a cell", () => {
  const cell = (timestamp: bigint, value: string | null, expiresAt?: number) => ({
    timestamp,
    value,
    expiresAt,
  });

  it.each([
    ["the later one wins", cell(2n, "a"), cell(1n, "b")],
    ["at the same time a tombstone wins", cell(1n, null), cell(1n, "b", 9)],
    ["then one that expires", cell(1n, "a", 9), cell(1n, "b")],
    ["then the later expiry", cell(1n, "a", 9), cell(1n, "b", 8)],
    ["then the greater value", cell(1n, "b", 9), cell(1n, "a", 9)],
  ])("%s", (_, winner, loser) => {
    expect([supersedes(winner, loser), supersedes(loser, winner)]).toEqual([true, false]);
  });
});

it("what a row holds does not depend on the order in which its writes arrive, or how often", () => {
  const writes = [
    (rows: LwwRows) => rows.insert("k", { v: "1", w: "1" }, at(1n)),
    (rows: LwwRows) => rows.update("k", { v: "2" }, at(3n)),
    (rows: LwwRows) => rows.delete("k", 2n),
    (rows: LwwRows) => rows.update("k", { w: null }, at(4n)),
  ];
  const seen = new Set<string>();
  for (let order = 0; order < 24; order++) {
    const rows = new LwwRows();
    const left = [...writes];
    for (let rest = order; left.length > 0; rest = Math.floor(rest / 4)) {
      const [write] = left.splice(rest % left.length, 1);
      write?.(rows);
      write?.(rows);
    }
    seen.add(rows.describe("k"));
  }
  expect([...seen]).toEqual(["deleted at 2 v=2@3 w=null@4"]);
});
