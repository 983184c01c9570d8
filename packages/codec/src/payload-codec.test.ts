import {
  createPayload,
  type Disposition,
  isHelixError,
  type Operation,
  type PayloadInput,
  type ReplayPayload,
} from "@helix/core";
import { decode, ExtData, encode } from "@msgpack/msgpack";
import { types } from "cassandra-driver";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payloadOf, QUERY, roundTrip } from "../test/round-trip.ts";
import { decodePayload, encodePayload } from "./index.ts";

const GO_BODY = {
  target_cluster: "A",
  query: QUERY,
  args: ["x", 1],
  timestamp: 1_764_000_000_123_456,
  priority: 0,
  is_batch: false,
  batch_type: 0,
  batch_statements: [],
};

const BATCH: Operation = {
  kind: "batch",
  batchType: "unlogged",
  statements: [
    { query: "INSERT INTO t (id) VALUES (?)", params: ["a"] },
    { query: "DELETE FROM t WHERE id = :id", params: { id: "b" } },
    { query: "DELETE FROM t WHERE id = 'c'", params: [] },
  ],
};

const TABLE_ID = "5bc52802-de25-35ed-aeab-188eecebb090";

function payload(input: Partial<PayloadInput>): ReplayPayload {
  return createPayload({ ...payloadOf(["x", 1]), ...input });
}

function goBody(changes: object): Uint8Array {
  return encode({ ...GO_BODY, ...changes });
}

/** In the keyspace `ks`. */
function batchBody(...queries: string[]): object {
  const batch_statements = queries.map((query) => ({ query, args: null }));
  return { is_batch: true, query: "", args: null, batch_statements, keyspace: "ks" };
}

function withoutKey(key: keyof typeof GO_BODY): Uint8Array {
  const { [key]: _, ...rest } = GO_BODY;
  return encode(rest);
}

function refusalOf(run: () => unknown): { path?: string | undefined; message: string } {
  try {
    run();
  } catch (error) {
    if (isHelixError(error, "HELIX_PAYLOAD_INVALID")) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("encodePayload and decodePayload", () => {
  it.each<[string, Partial<PayloadInput>]>([
    ["one statement", {}],
    ["no parameters", { operation: { kind: "statement", query: QUERY, params: [] } }],
    ["named parameters", { operation: { kind: "statement", query: QUERY, params: { id: "x", v: null } } }],
    [
      "named parameters of which there are none",
      { operation: { kind: "statement", query: QUERY, params: {} } },
    ],
    ["a batch", { operation: BATCH, tables: ["t"] }],
    ["a logged batch", { operation: { ...BATCH, batchType: "logged" }, tables: ["t"] }],
    ["a counter batch", { operation: { ...BATCH, batchType: "counter" }, tables: ["t"] }],
    ["low priority and a redrive", { priority: "low", life: 3 }],
    ["the least timestamp", { timestampMicros: -(2n ** 63n) }],
    ["the greatest timestamp", { timestampMicros: 2n ** 63n - 1n }],
    ["a timestamp that no number holds", { timestampMicros: 2n ** 53n + 1n }],
    ["the first and the last time", { writtenAtMs: 0, enqueuedAtMs: 8.64e15 }],
    [
      "all that is optional",
      { keyspace: "ks", consistency: 6, disposition: "hold", traceparent: "00-ab-cd-01" },
    ],
    ["a write that nobody may hold back", { disposition: "force" }],
    ["the grace of its tables", { schema: { gcGraceSeconds: 0 } }],
    ["the ids of its tables", { schema: { tableIds: { "ks.t": TABLE_ID, 'ks."Ünlike"': null } } }],
    ["that it had no tables", { schema: { gcGraceSeconds: 864_000, tableIds: {} } }],
  ])("bring back %s", (_name, input) => {
    const before = payload(input);
    expect(decodePayload(encodePayload(before))).toEqual(before);
  });

  it("write the keys of Go first, in its order, then ours, which Go skips", () => {
    const keys = Object.keys(
      decode(encodePayload(payload({ keyspace: "ks" })), { useBigInt64: true }) as object,
    );
    expect(keys).toEqual([
      ...Object.keys(GO_BODY),
      "v",
      "id",
      "life",
      "written_at",
      "enqueued_at",
      "keyspace",
    ]);
  });

  it("write what was known of the tables behind all else, ids as UUIDs and null as nil", () => {
    const schema = { gcGraceSeconds: 864_000, tableIds: { "ks.t": TABLE_ID, "ks.u": null } };
    const body = decode(encodePayload(payload({ traceparent: "00", schema })), {
      useBigInt64: true,
    }) as object;
    const id = Uint8Array.from(Buffer.from(TABLE_ID.replaceAll("-", ""), "hex"));
    expect(Object.entries(body).slice(-3)).toEqual([
      ["traceparent", "00"],
      ["gc_grace_seconds", 864_000],
      ["table_ids", { "ks.t": new ExtData(10, id), "ks.u": null }],
    ]);
  });

  it("bring back every payload as it was", () => {
    const uuid = fc.uuid();
    const table = fc.string({ unit: "grapheme", maxLength: 12 }).map((name) => `ks.${name}`);
    const input = fc.record(
      {
        disposition: fc.constantFrom<Disposition>("replay", "hold", "unsafe", "force"),
        schema: fc
          .record(
            { gcGraceSeconds: fc.maxSafeNat(), tableIds: fc.dictionary(table, fc.option(uuid)) },
            { requiredKeys: [] },
          )
          .filter((schema) => Object.keys(schema).length > 0),
        keyspace: fc.stringMatching(/^\w{1,48}$/),
        consistency: fc.nat(7),
        life: fc.nat(),
        traceparent: fc.string({ unit: "grapheme", maxLength: 100 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(input, (more) => {
        const before = payload(more);
        const bytes = encodePayload(before);
        expect(decodePayload(bytes)).toEqual(before);
        expect(encodePayload(decodePayload(bytes))).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it("write named parameters where Go finds no parameters at all", () => {
    const named = payload({ operation: { kind: "statement", query: QUERY, params: { id: "x" } } });
    expect(decode(encodePayload(named), { useBigInt64: true })).toMatchObject({
      args: null,
      named_args: { id: "x" },
    });
  });

  it("write the timestamp as an integer of 64 bits, and large integer numbers as integers", () => {
    const bytes = encodePayload(
      payload({ operation: { kind: "statement", query: QUERY, params: [2 ** 40] } }),
    );
    expect(decode(bytes, { useBigInt64: true })).toMatchObject({
      timestamp: 1_764_000_000_123_456n,
      args: [2n ** 40n],
      written_at: 1_764_000_000_123n,
    });
  });

  it("take a snapshot: bytes and payload share no memory", () => {
    const blob = Buffer.from("before");
    const before = payloadOf([blob]);
    const bytes = encodePayload(before);
    blob.fill(0);
    const after = decodePayload(bytes);
    bytes.fill(0);
    expect(after).toEqual(payloadOf([Buffer.from("before")]));
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
  });

  it("leave the bytes alone, and what was decoded of them, when others are decoded, whatever their length", () => {
    const bytesOf = (length: number) => encodePayload(payloadOf([Buffer.alloc(length, 1), "text"]));
    const other = encodePayload(payloadOf([Buffer.alloc(50, 2), "another text"]));
    const overhead = bytesOf(1000).length - 1000;
    for (const length of [500, 4088, 4095, 4096, 4097, 4104, 9000]) {
      const bytes = bytesOf(length - overhead);
      expect(bytes).toHaveLength(length);
      const [before, decoded] = [bytes.slice(), decodePayload(bytes)];
      decodePayload(other);
      expect(bytes).toEqual(before);
      expect(encodePayload(decoded)).toEqual(before);
    }
  });

  it("give a Buffer back as a Buffer, and a number as a number", () => {
    expect(Buffer.isBuffer(roundTrip(Buffer.from("x")))).toBe(true);
    expect(roundTrip(Number.MAX_SAFE_INTEGER)).toBe(Number.MAX_SAFE_INTEGER);
    expect(roundTrip(2 ** 60)).toBe(2 ** 60);
  });

  it.each([3, 15, 64, 199, 300, 5_000])(
    "keep the byte order mark before %i characters, in a text and in a name, each time",
    (length) => {
      const marked = `\ufeff${"x".repeat(length)}`;
      for (let time = 0; time < 3; time++) {
        expect(roundTrip([marked, { [marked]: marked }])).toEqual([marked, { [marked]: marked }]);
      }
    },
  );

  it("cope with a payload of megabytes, and with the next one", () => {
    const before = payloadOf([Buffer.alloc(3_000_000, 1), "x".repeat(1_000_000)]);
    expect(decodePayload(encodePayload(before))).toEqual(before);
    expect(roundTrip("next")).toBe("next");
  });
});

describe("encodePayload", () => {
  it.each<[string, Operation, string]>([
    [
      "a class that it does not know",
      { kind: "statement", query: QUERY, params: [1, { items: [new Error()] }] },
      "params[1]{0}[0]",
    ],
    [
      "a function in the second statement of a batch",
      {
        kind: "batch",
        batchType: "logged",
        statements: [
          { query: QUERY, params: [1] },
          { query: QUERY, params: { v: () => {} } },
        ],
      },
      "statements[1].params{0}",
    ],
    ["a Map as parameters", { kind: "statement", query: QUERY, params: new Map() as never }, "params"],
    ["a text without UTF-8", { kind: "statement", query: QUERY, params: ["\ud800"] }, "params[0]"],
    ["a query without UTF-8", { kind: "statement", query: "SELECT '\udc00'", params: [] }, "query"],
  ])("refuses %s, naming the place", (_name, operation, path) => {
    expect(refusalOf(() => encodePayload(payload({ operation }))).path).toBe(path);
  });

  it("refuses a trace context without UTF-8", () => {
    expect(refusalOf(() => encodePayload(payload({ traceparent: "\ud800" }))).path).toBe("traceparent");
  });

  it("leaves a payload of the wrong shape to checkPayload, which throws a TypeError", () => {
    expect(() => encodePayload({ ...payloadOf([]), targetCluster: "C" as never })).toThrow(TypeError);
  });
});

describe("decodePayload of a body that Go made", () => {
  it("fills in what Go does not write", () => {
    const decoded = decodePayload(goBody({}));
    expect(decoded).toEqual({
      id: expect.stringMatching(/^go-[0-9a-f]{32}$/),
      tables: ["ks.t"],
      life: 0,
      targetCluster: "A",
      operation: { kind: "statement", query: QUERY, params: ["x", 1] },
      timestampMicros: 1_764_000_000_123_456n,
      writtenAtMs: 1_764_000_000_123,
      enqueuedAtMs: 1_764_000_000_123,
      priority: "high",
    });
  });

  it.each<[string, object, readonly string[]]>([
    ["the text", { query: "UPDATE Shop.t SET v = 1 WHERE id = 1" }, ["shop.t"]],
    [
      "the text, before the keyspace",
      { keyspace: "ks", query: "DELETE FROM shop.t WHERE id = 1" },
      ["shop.t"],
    ],
    ["text and keyspace", { keyspace: "Ks", query: 'DELETE FROM "T" WHERE id = 1' }, ["Ks.T"]],
    ["the text alone", { query: "DELETE FROM t WHERE id = 1" }, ["t"]],
    [
      "all texts of a batch",
      batchBody("UPDATE ks.b SET v = 1 WHERE id = 1", "DELETE FROM a WHERE id = 1"),
      ["ks.a", "ks.b"],
    ],
    [
      "a batch in a text",
      { query: "BEGIN BATCH DELETE FROM ks.b WHERE id = 1 DELETE FROM ks.a WHERE id = 1 APPLY BATCH" },
      ["ks.a", "ks.b"],
    ],
    ["no text that has none", { query: "what is this" }, []],
    ["no batch of which one text has none", batchBody("DELETE FROM a WHERE id = 1", "what is this"), []],
  ])("tells its tables by %s", (_name, changes, tables) => {
    const decode = () => decodePayload(goBody(changes)).tables;
    expect([decode(), decode()]).toEqual([tables, tables]);
  });

  it("tells the tables of one text by the keyspace of each message", () => {
    const decode = (keyspace: string) =>
      decodePayload(goBody({ query: "DELETE FROM t WHERE id = 1", keyspace }));
    expect(["a", "b", "a"].map((keyspace) => decode(keyspace).tables)).toEqual([["a.t"], ["b.t"], ["a.t"]]);
  });

  it("takes a timestamp that is no time for the first or the last one", () => {
    const writtenAt = (timestamp: bigint) =>
      decodePayload(encode({ ...GO_BODY, timestamp }, { useBigInt64: true })).writtenAtMs;
    expect([writtenAt(-(2n ** 63n)), writtenAt(2n ** 63n - 1n)]).toEqual([0, 8.64e15]);
  });

  it("derives the same id from the same bytes, and another from others", () => {
    expect(decodePayload(goBody({})).id).toBe(decodePayload(goBody({})).id);
    expect(decodePayload(goBody({})).id).not.toBe(decodePayload(goBody({ args: ["y", 1] })).id);
  });

  it("reads a number beyond the safe ones as the class that its column takes", () => {
    const args = [2n ** 53n, -(2n ** 63n), 2n ** 64n - 1n];
    const bytes = encode({ ...GO_BODY, timestamp: 1n, args }, { useBigInt64: true });
    const { operation } = decodePayload(bytes);
    const params = (operation as unknown as { params: object[] }).params;
    expect(params.map((value) => value.constructor.name)).toEqual(["Long", "Long", "Integer"]);
    expect(params.map(String)).toEqual(args.map(String));
  });

  it("skips keys that it does not know, whatever they hold", () => {
    expect(decodePayload(goBody({ later: { deep: [new Date(0)] } })).targetCluster).toBe("A");
  });

  it.each<[string, object | keyof typeof GO_BODY, string | undefined]>([
    ...(Object.keys(GO_BODY) as (keyof typeof GO_BODY)[]).map(
      (key) => [`a body without ${key}`, key, key] as [string, keyof typeof GO_BODY, string],
    ),
    ["an unknown cluster", { target_cluster: "C" }, undefined],
    ["an empty query", { query: " " }, undefined],
    ["a query that is nil", { query: null }, "query"],
    ["parameters that are a map", { args: {} }, "args"],
    ["a timestamp that is a float", { timestamp: 1.5 }, "timestamp"],
    ["a batch flag that is a number", { is_batch: 1 }, "is_batch"],
    ["an unknown batch type", { is_batch: true, batch_type: 3, batch_statements: [] }, "batch_type"],
    ["a batch of no statements", { is_batch: true }, undefined],
    ["a statement that is no map", { is_batch: true, batch_statements: [1] }, "statements[0]."],
    ["an unknown format version", { v: 2 }, "v"],
    ["a disposition that only a newer version knows", { disposition: "later" }, undefined],
    ["a life that has no next one", { life: 2 ** 31 }, undefined],
    ["a time before 1970", { written_at: -1 }, undefined],
    ["a consistency of reads with conditions", { consistency: 9 }, undefined],
    ["a keyspace that none is called", { keyspace: 'ks"; DROP' }, undefined],
    [
      "a table of a name without end",
      { query: `DELETE FROM ks.${"t".repeat(2_000)} WHERE id = 1` },
      undefined,
    ],
    ["a grace that is a text", { gc_grace_seconds: "1" }, "gc_grace_seconds"],
    ["a grace that is negative", { gc_grace_seconds: -1 }, undefined],
    ["table ids that are a list", { table_ids: [] }, "table_ids"],
    ["a table id that is a text", { table_ids: { "ks.t": TABLE_ID } }, "table_ids"],
    ["a table id of 15 bytes", { table_ids: { "ks.t": new ExtData(10, new Uint8Array(15)) } }, "table_ids"],
    [
      "a table id of another type",
      { table_ids: { "ks.t": new ExtData(11, new Uint8Array(16)) } },
      "table_ids",
    ],
    ["a malformed id", { id: "a.b" }, undefined],
    ["both kinds of parameters", { named_args: { a: 1 } }, "params"],
  ])("refuses %s", (_name, change, path) => {
    const bytes = typeof change === "string" ? withoutKey(change) : goBody(change);
    expect(refusalOf(() => decodePayload(bytes)).path).toBe(path);
  });
});

describe("decodePayload of any bytes", () => {
  const good = encodePayload(
    payloadOf([new Date(0), Buffer.from("b"), { a: [1.5, "é"] }, new Set([new Map([[1, 2n]])])]),
  );
  const hex = (text: string) => Buffer.from(text, "hex");
  /** A good body with one parameter, which these bytes stand for. */
  const withParam = (param: Buffer) => {
    const body = Buffer.from(encode({ ...GO_BODY, args: ["?"] }));
    const at = body.indexOf(hex("91a13f"));
    return Buffer.concat([body.subarray(0, at + 1), param, body.subarray(at + 3)]);
  };

  it("reads a parameter put in by hand (control for the refusals below)", () => {
    expect(decodePayload(withParam(hex("07"))).operation).toMatchObject({ params: [7] });
  });

  it.each([
    ["an extension of nobody", hex("d40b00")],
    ["a complex number of Go", hex("d7030000000000000000")],
    ["MessagePack's timestamp of 4 bytes", hex("d6ff00000000")],
    ["a time of 8 bytes", hex("d7050000000069248100")],
    ["a time that no Date holds", hex("c70c057fffffffffffffff00000000")],
    ["a UUID of 8 bytes", hex("d70a1111111111111111")],
    ["an unset with bytes", hex("d41500")],
    ["a decimal of 4 bytes", hex("d61900000000")],
    ["an address of 8 bytes", hex("d71a0000000000000000")],
    ["a time of day beyond midnight", hex("d71c7fffffffffffffff")],
    ["a duration that ends too early", hex("d41dff")],
    ["a tuple that is no array", hex("d41e01")],
    ["a map with a key and no value", hex("d5209101")],
    ["a part of a float", hex("d5220000")],
    ["a name that is not UTF-8", hex("81a2c32801")],
    ["a name that is nil", hex("81c001")],
    ["a field named __proto__", Buffer.concat([hex("81a9"), Buffer.from("__proto__"), hex("01")])],
    ["an array of four billion", hex("ddffffffff")],
    ["arrays of four billion inside each other", hex("ddffffffff".repeat(1000))],
    ["a map of four billion", hex("dfffffffff")],
    ["a string of four billion", hex("dbffffffff")],
    ["a byte that MessagePack never uses", hex("c1")],
    ["lists a hundred thousand deep", Buffer.concat([Buffer.alloc(100_000, 0x91), hex("01")])],
  ])("refuses %s", (_name, param) => {
    refusalOf(() => decodePayload(withParam(param)));
  });

  it.each([
    ["fixstr", hex("a2c328")],
    ["str8", hex("d902c328")],
    ["str16", hex("da0002c328")],
    ["str32", hex("db00000002c328")],
    ["a list, beside one that is", hex("93a161a2c328a162")],
    ["a tuple", hex("c7041e91a2c328")],
  ])("takes a string of Go that is not UTF-8 for the bytes that it is, in %s", (form, param) => {
    const { operation } = decodePayload(withParam(param));
    const [value] = (operation as unknown as { params: unknown[] }).params;
    const bytes = hex("c328");
    const elements = form === "a tuple" ? (value as { elements: unknown[] }).elements : value;
    expect(elements).toEqual(
      form.startsWith("a ") ? (form === "a tuple" ? [bytes] : ["a", bytes, "b"]) : bytes,
    );
  });

  it("keeps equal Longs apart where a Set or a Map has them as two", () => {
    const one = () => types.Long.fromNumber(1);
    expect(roundTrip(new Set([one(), one(), 1]))).toEqual(new Set([one(), one(), 1]));
    const map = new Map<unknown, unknown>([
      [one(), "a"],
      [one(), one()],
    ]);
    expect([...(roundTrip(map) as Map<unknown, unknown>).keys()]).toEqual([one(), one()]);
  });

  it("refuses a value that only looks like what is written for one", () => {
    expect(() => roundTrip(new ExtData(10, new Uint8Array(16)))).toThrow("Cannot bind `params[0]{1}`");
    expect(roundTrip(new ExtData(10, Buffer.alloc(16) as never))).toEqual({
      type: 10,
      data: Buffer.alloc(16),
    });
  });

  it("refuses tuples that are nested deeper than any value", () => {
    let param = hex("01");
    for (let level = 0; level < 1000; level++) {
      const header = hex("c9000000001e");
      header.writeUInt32BE(param.length + 1, 1);
      param = Buffer.concat([header, hex("91"), param]);
    }
    refusalOf(() => decodePayload(withParam(param)));
  });

  it("refuses every truncation, and every body with something behind it", () => {
    for (let length = 0; length < good.length; length++)
      refusalOf(() => decodePayload(good.subarray(0, length)));
    refusalOf(() => decodePayload(Buffer.concat([good, hex("c0")])));
  });

  it("gives a payload or HELIX_PAYLOAD_INVALID, whatever one byte is changed to", () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        expectPayloadOrRefusal(bytes);
      }),
      { numRuns: 3_000 },
    );
  });

  it("gives a payload or HELIX_PAYLOAD_INVALID for random bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), expectPayloadOrRefusal), { numRuns: 2_000 });
  });
});

function expectPayloadOrRefusal(bytes: Uint8Array): void {
  try {
    expect(decodePayload(bytes).operation.kind).toMatch(/statement|batch/);
  } catch (error) {
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID"), String(error)).toBe(true);
  }
}
