import { createPayload, type Operation, type PayloadInput } from "@helix/core";
import { describe, expect, it } from "vitest";
import { isTableInHeader, payloadHeaders, tablesInHeader } from "./index.ts";

const secret = "4111-1111";
const operation: Operation = {
  kind: "statement",
  query: `INSERT INTO ks.t (id, v) VALUES (?, '${secret}')`,
  params: [secret],
};
const headersOf = (more: Partial<PayloadInput>) =>
  payloadHeaders(createPayload({ targetCluster: "A", operation, timestampMicros: 1n, id: "w1-A", ...more }));

describe("payloadHeaders", () => {
  it("lists message id, format version, table and trace context", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(headersOf({ life: 2, tables: ["ks.t"], traceparent })).toEqual({
      "Nats-Msg-Id": "w1-A.2",
      "Helix-Format": "1",
      "Helix-Table": "ks.t",
      traceparent,
    });
  });

  it("lists the tables of a batch, and none where none are known", () => {
    expect(headersOf({ tables: ["ks.b", "own.a"] })["Helix-Table"]).toBe("ks.b,own.a");
    expect(headersOf({})["Helix-Table"]).toBe("");
  });

  it("never holds a bound value or a text of the statement", () => {
    expect(JSON.stringify(headersOf({ tables: ["ks.t"] }))).not.toMatch(/4111|INSERT/);
  });

  it("cannot be made to hold a line break, or anything but plain characters", () => {
    const headers = headersOf({ tables: ["ks.a\r\nNats-Rollup: all é"] });
    expect(headers["Helix-Table"]).toBe("ks.a%0d%0aNats-Rollup%3a%20all%20%c3%a9");
    for (const value of Object.values(headers)) expect(value).toMatch(/^[ -~]*$/);
  });

  it("bounds the tables of a batch of many", () => {
    const headers = headersOf({ tables: Array.from({ length: 1000 }, (_, i) => `ks.table${i}`) });
    expect(headers["Helix-Table"]?.length).toBe(400);
  });

  it.each(["", "00-xyz-1-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX: y"])(
    "leaves a malformed trace context %j out",
    (traceparent) => {
      expect(headersOf({ traceparent })).not.toHaveProperty("traceparent");
    },
  );
});

describe("isTableInHeader", () => {
  const many = Array.from({ length: 100 }, (_, i) => `ks.table${i}`);
  it.each<[string, string[], string, boolean | undefined]>([
    ["is yes for the one table", ["ks.t"], "ks.t", true],
    ["is yes for one of unusual characters", ["ks.é %"], "ks.é %", true],
    ["is no for another", ["ks.t"], "ks.u", false],
    ["is no for a part of it", ["ks.table"], "ks.tab", false],
    ["is no where no table is known", [], "ks.t", false],
    ["is no for what none of several is", ["ks.a", "ks.b"], "ks.t", false],
    ["is left open for one of several", ["ks.a", "ks.b"], "ks.b", undefined],
    ["is left open where a comma may be in its name", ["ks.a,ks.b"], "ks.a,ks.b", undefined],
    ["is left open where a part of a name fits", ["ks.a,ks.b"], "ks.a", undefined],
    ["is left open for what may have been cut off", many, "ks.table99", undefined],
    ["is left open for the table without a name", [], "", undefined],
  ])("%s", (_, tables, table, is) => {
    expect(isTableInHeader(headersOf({ tables })["Helix-Table"], table)).toBe(is);
  });

  it("is left open without a header", () => {
    expect(isTableInHeader(undefined, "ks.t")).toBeUndefined();
  });
});

describe("tablesInHeader", () => {
  it.each([[[]], [["ks.t"]], [["ks.a", "ks.b"]], [["ks.é %", "ks.🙂"]]])("gives back %j", (tables) => {
    expect(tablesInHeader(headersOf({ tables })["Helix-Table"])).toEqual(tables);
  });

  it.each([undefined, "x".repeat(400), "ks.%zz"])("leaves %j to the payload", (header) => {
    expect(tablesInHeader(header)).toBeUndefined();
  });
});
