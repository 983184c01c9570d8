import { describe, expect, test } from "vitest";
import { createPayload, messageId, type PayloadInput, summarize } from "./payload.ts";

const input: PayloadInput = {
  targetCluster: "B",
  operation: {
    kind: "statement",
    query: "INSERT INTO ks.users (id, name) VALUES (?, ?)",
    params: [1, "Alice"],
  },
  timestampMicros: 1_764_000_000_123_456n,
};

describe("createPayload", () => {
  test("fills in id, life, times and the default priority", () => {
    const before = Date.now();
    const payload = createPayload(input);
    expect(payload).toMatchObject({ life: 0, priority: "high", targetCluster: "B" });
    expect(payload.id).toMatch(/^[0-9a-f-]{36}-B$/);
    expect(payload.writtenAtMs).toBeGreaterThanOrEqual(before);
    expect(payload.enqueuedAtMs).toBeLessThanOrEqual(Date.now());
    expect(payload).not.toHaveProperty("keyspace");
    expect([payload.tables, payload]).toEqual([[], expect.not.objectContaining({ schema: undefined })]);
  });

  test("keeps what was known of its tables, and what was decided", () => {
    const known = {
      tables: ["ks.users"],
      disposition: "unsafe",
      schema: {
        gcGraceSeconds: 0,
        tableIds: { "ks.users": "5bc52802-de25-35ed-aeab-188eecebb090", "ks.gone": null },
      },
    } as const;
    expect(createPayload({ ...input, ...known })).toMatchObject(known);
  });

  test("gives two payloads of one write different ids, since de-duplication is per stream", () => {
    expect(createPayload(input).id).not.toBe(createPayload(input).id);
  });

  test("takes a safe integer as timestamp and keeps any int64 exactly", () => {
    expect(createPayload({ ...input, timestampMicros: 5 }).timestampMicros).toBe(5n);
    expect(createPayload({ ...input, timestampMicros: 2n ** 63n - 1n }).timestampMicros).toBe(2n ** 63n - 1n);
    expect(createPayload({ ...input, timestampMicros: -(2n ** 63n) }).timestampMicros).toBe(-(2n ** 63n));
  });

  const statement = input.operation;
  const wrong: [string, object, RegExp][] = [
    [
      "a cluster that does not exist",
      { targetCluster: "C" },
      /`targetCluster` to be "A" or "B", got "C" \(string\)/,
    ],
    [
      "a priority that does not exist",
      { priority: "urgent" },
      /`priority` to be "high" or "low", got "urgent"/,
    ],
    ["an empty query", { operation: { ...statement, query: " " } }, /`query` to be a CQL statement/],
    [
      "no parameters at all",
      { operation: { ...statement, params: null } },
      /`params` to be an array or an object/,
    ],
    ["a Buffer as parameters", { operation: { ...statement, params: Buffer.from("x") } }, /`params`/],
    ["a kind that does not exist", { operation: { kind: "stmt" } }, /`operation.kind`/],
    [
      "a batch type that does not exist",
      { operation: { kind: "batch", batchType: "fast", statements: [statement] } },
      /`batchType` to be "logged" or "unlogged" or "counter", got "fast"/,
    ],
    [
      "an empty batch",
      { operation: { kind: "batch", batchType: "logged", statements: [] } },
      /`statements` to be an array of at least one/,
    ],
    [
      "an empty statement in a batch",
      {
        operation: { kind: "batch", batchType: "logged", statements: [statement, { query: "", params: [] }] },
      },
      /`statements\[1\]\.query`/,
    ],
    ["a timestamp that lost its precision", { timestampMicros: 2 ** 53 }, /safe integer/],
    ["a timestamp with a fraction", { timestampMicros: 1.5 }, /`timestampMicros`/],
    ["a timestamp outside int64", { timestampMicros: 2n ** 63n }, /within int64/],
    ["an id that cannot be part of a subject", { id: "a.b" }, /`id`/],
    ["a negative life", { life: -1 }, /`life`/],
    ["a life after the last", { life: 2 ** 31 }, /`life` to be an integer from 0 to 2147483647/],
    ["a time that is not a number", { writtenAtMs: Number.NaN }, /`writtenAtMs`/],
    ["a time before 1970", { writtenAtMs: -1 }, /`writtenAtMs`/],
    ["a time that no Date holds", { enqueuedAtMs: 8.64e15 + 1 }, /`enqueuedAtMs`/],
    ["a keyspace that is not a string", { keyspace: 5 }, /`keyspace`/],
    ["a keyspace that none is called", { keyspace: "ks; DROP" }, /`keyspace`/],
    ["a keyspace without a name", { keyspace: "" }, /`keyspace`/],
    ["a keyspace of a name without end", { keyspace: "k".repeat(257) }, /`keyspace`/],
    ["a consistency by name", { consistency: "quorum" }, /`consistency`/],
    ["a consistency of reads with conditions", { consistency: 8 }, /`consistency`/],
    ["a consistency that does not exist", { consistency: 11 }, /`consistency`/],
    ["a trace context without end", { traceparent: "0".repeat(513) }, /`traceparent`/],
    ["a trace context that is no text", { traceparent: {} }, /`traceparent`/],
    ["a table's name without end", { tables: ["t".repeat(1025)] }, /`tables`/],
    [
      "an id of a table without end",
      { schema: { tableIds: { ["t".repeat(1025)]: null } } },
      /`schema.tableIds`/,
    ],
    [
      "more statements than a batch can have",
      { operation: { kind: "batch", batchType: "logged", statements: new Array(65_536).fill(statement) } },
      /`statements`.*at most 65535/,
    ],
    ["an unknown disposition", { disposition: "drop" }, /`disposition` to be .*"force", got "drop"/],
    ["tables that are no array", { tables: "ks.users" }, /`tables`/],
    ["a table without a name", { tables: [undefined] }, /`tables`/],
    ["a grace that is no number of seconds", { schema: { gcGraceSeconds: 0.5 } }, /`schema.gcGraceSeconds`/],
    ["a negative grace", { schema: { gcGraceSeconds: -1 } }, /`schema.gcGraceSeconds`/],
    ["a table id that is none", { schema: { tableIds: { "ks.users": "5b" } } }, /`schema.tableIds`/],
    ["table ids that are none", { schema: { tableIds: null } }, /`schema.tableIds`/],
  ];
  test.each(wrong)("refuses %s and names it", (_what, change, message) => {
    expect(() => createPayload({ ...input, ...change } as PayloadInput)).toThrow(message);
  });

  test("never puts a bound value into a refusal", () => {
    const secret = "4111-1111-1111-1111";
    const operation = { kind: "statement", query: "", params: [secret] } as const;
    let message = "";
    try {
      createPayload({ ...input, operation });
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain("query");
    expect(message).not.toContain(secret);
  });
});

describe("summarize", () => {
  test("is JSON-safe and holds neither parameters nor texts", () => {
    const payload = createPayload({ ...input, keyspace: "other", tables: ["ks.users"] });
    const text = JSON.stringify(summarize(payload));
    expect(JSON.parse(text)).toEqual({
      id: payload.id,
      life: 0,
      cluster: "B",
      priority: "high",
      kind: "statement",
      statements: 1,
      tables: ["ks.users"],
      timestampMicros: "1764000000123456",
      writtenAtMs: payload.writtenAtMs,
    });
    expect(text).not.toContain("Alice");
  });

  test("says nothing of a message that could not be decoded", () => {
    expect(summarize(undefined)).toEqual({});
  });

  test("says how many statements a batch has, and of which kind it is", () => {
    const statement = { query: "DELETE FROM ks.a WHERE id = 1", params: [] };
    const operation = { kind: "batch", batchType: "unlogged", statements: [statement, statement] } as const;
    const payload = createPayload({ ...input, operation, tables: ["ks.a"] });
    expect(summarize(payload)).toMatchObject({ kind: "unlogged", statements: 2, tables: ["ks.a"] });
  });
});

test("a message is named by id and life, so that a redrive makes another one of it", () => {
  expect([messageId({ id: "w-A", life: 0 }), messageId({ id: "w-A", life: 2 })]).toEqual(["w-A.0", "w-A.2"]);
});
