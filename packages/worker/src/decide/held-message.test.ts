import { createPayload } from "@helix/core";
import { describe, expect, it } from "vitest";
import { tableKeyOf } from "./held-message.ts";

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

  it("is unknown where no tables are known", () => {
    expect(tableKeyOf(of())).toBeUndefined();
  });
});
