import { createPayload, type Operation } from "@helix/core";
import { describe, expect, it } from "vitest";
import { payloadHeaders } from "./index.ts";

const statement = (query: string, params: unknown[] = []) => ({ kind: "statement", query, params }) as const;
const headersOf = (operation: Operation, more: object = {}) =>
  payloadHeaders(createPayload({ targetCluster: "A", operation, timestampMicros: 1n, id: "w1-A", ...more }));

describe("payloadHeaders", () => {
  it("lists message id, format version, table and trace context", () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    expect(headersOf(statement("INSERT INTO ks.t (id) VALUES (1)"), { life: 2, traceparent })).toEqual({
      "Nats-Msg-Id": "w1-A.2",
      "Helix-Format": "1",
      "Helix-Table": "ks.t",
      traceparent,
    });
  });

  it("lists the tables of a batch once each", () => {
    const statements = ["UPDATE ks.b SET v = 1", "DELETE FROM a", "UPDATE ks.b SET v = 2"].map((query) =>
      statement(query),
    );
    const headers = headersOf({ kind: "batch", batchType: "logged", statements }, { keyspace: "own" });
    expect(headers["Helix-Table"]).toBe("ks.b,own.a");
  });

  it("never holds a bound value or a text of the statement", () => {
    const secret = "4111-1111";
    const headers = headersOf(statement(`INSERT INTO ks.t (id, v) VALUES (?, '${secret}')`, [secret]));
    expect(JSON.stringify(headers)).not.toContain(secret);
  });

  it("cannot be made to hold a line break, or anything but plain characters", () => {
    const headers = headersOf(statement('UPDATE ks."a\r\nNats-Rollup: all é" SET v = 1'));
    expect(headers["Helix-Table"]).toBe("ks.a%0d%0aNats-Rollup%3a%20all%20%c3%a9");
    for (const value of Object.values(headers)) expect(value).toMatch(/^[ -~]*$/);
  });

  it("bounds the tables of a batch of many", () => {
    const statements = Array.from({ length: 1000 }, (_, i) =>
      statement(`DELETE FROM ks.table${i} WHERE id = 1`),
    );
    const headers = headersOf({ kind: "batch", batchType: "unlogged", statements });
    expect(headers["Helix-Table"]?.length).toBe(400);
  });

  it.each(["", "00-xyz-1-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX: y"])(
    "leaves a malformed trace context %j out",
    (traceparent) => {
      expect(headersOf(statement("DELETE FROM ks.t"), { traceparent })).not.toHaveProperty("traceparent");
    },
  );
});
