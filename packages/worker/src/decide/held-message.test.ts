import { createPayload } from "@helix/core";
import { describe, expect, it } from "vitest";
import { placeOf, tableKeyOf } from "./held-message.ts";

const of = (...tables: string[]) =>
  createPayload({
    id: "x-A",
    life: 2,
    targetCluster: "A",
    operation: { kind: "statement", query: "UPDATE ks.a SET v = 1 WHERE id = 1", params: [] },
    timestampMicros: 1n,
    tables,
  });

describe("what a message writes", () => {
  it("is the set of its tables", () => {
    expect(tableKeyOf(of("ks.a"))).toBe("ks.a");
    expect(tableKeyOf(of("ks.a", "ks.b"))).toBe(tableKeyOf(of("ks.a", "ks.b")));
    expect(tableKeyOf(of("ks.a", "ks.b"))).not.toBe(tableKeyOf(of("ks.a")));
  });

  it("takes a few bytes, however many tables a batch writes, and is the same for the same ones alone", () => {
    const many = Array.from({ length: 65_535 }, (_, n) => `ks.table_${n}`);
    const key = tableKeyOf(of(...many));
    expect(key?.length).toBeLessThan(300);
    expect(tableKeyOf(of(...many))).toBe(key);
    expect(tableKeyOf(of(...many.slice(1)))).not.toBe(key);
  });

  it("is unknown where no tables are known", () => {
    expect(tableKeyOf(of())).toBeUndefined();
  });
});

describe("the text that a message is compared by", () => {
  const textOf = (...queries: string[]) => {
    const statements = queries.map((query) => ({ query, params: [] }));
    const operation = { kind: "batch", batchType: "logged", statements } as const;
    return placeOf(createPayload({ targetCluster: "A", operation, timestampMicros: 1n })).text;
  };
  const long = "x".repeat(1_000_000);

  it("takes a few bytes, however long it is", () => {
    for (const text of [textOf(long), textOf(long, `${long}y`)]) expect(text?.length).toBeLessThan(300);
  });

  it("is the same for the same texts alone", () => {
    expect(textOf(long, "short")).toBe(textOf(long, "short"));
    expect(new Set([textOf(long), textOf(`${long}y`), textOf(long, "y"), textOf("x")]).size).toBe(4);
  });
});
