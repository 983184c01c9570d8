import { createPayload, type Operation } from "@helix/core";
import { describe, expect, it } from "vitest";
import { tableKeyOf } from "./held-message.ts";

const of = (operation: Operation) =>
  createPayload({ id: "x-A", life: 2, targetCluster: "A", operation, timestampMicros: 1n });
const statement = (query: string) => ({ query, params: [] });
const batch = (...queries: string[]) =>
  of({ kind: "batch", batchType: "logged", statements: queries.map(statement) });

describe("what a message writes", () => {
  it("is the set of its tables, in whatever order a batch names them", () => {
    const [a, b] = ["UPDATE ks.a SET v = 1 WHERE id = 1", "DELETE FROM ks.b WHERE id = 1"];
    expect(tableKeyOf(batch(a, b))).toBe(tableKeyOf(batch(b, a, b)));
    expect(tableKeyOf(batch(a, b))).not.toBe(tableKeyOf(batch(a)));
    expect(tableKeyOf(batch(a))).toBe("ks.a");
  });

  it("is unknown where one of the texts does not say", () => {
    expect(tableKeyOf(of({ kind: "statement", ...statement("TRUNCATE ks.a") }))).toBeUndefined();
    expect(tableKeyOf(batch("UPDATE ks.a SET v = 1 WHERE id = 1", "TRUNCATE ks.b"))).toBeUndefined();
  });
});
