import { isHelixError } from "@helix/core";
import { types } from "cassandra-driver";
import { describe, expect, it } from "vitest";
import { cqlType, encoderOf } from "../test/driver-copies.ts";
import { payloadOf } from "../test/round-trip.ts";
import { userType } from "../test/typed-values.ts";
import { type ColumnEncoding, type ColumnType, encodePayload } from "./index.ts";

const {
  BigDecimal,
  Duration,
  InetAddress,
  Integer,
  LocalDate,
  LocalTime,
  Long,
  TimeUuid,
  Tuple,
  Uuid,
  Vector,
} = types;

const BIGINT: ColumnEncoding = { useBigIntAsLong: true, useBigIntAsVarint: true };
const COLLECTIONS: ColumnEncoding = { map: Map, set: Set };

function typeOf(name: string): ColumnType {
  if (name === "udt") return userType;
  if (name === "tuple") return { code: 0x31, info: [{ code: 0x02 }, { code: 0x0d }] };
  return cqlType(name) as ColumnType;
}

function refusalOf(value: unknown, type: string, encoding: ColumnEncoding = {}): unknown {
  try {
    encodePayload(payloadOf([value]), { types: [typeOf(type)], encoding });
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What the driver would have done: the bytes in hex, or the error. */
function driverDoes(value: unknown, type: string, encoding: ColumnEncoding = {}): string {
  try {
    const bytes = encoderOf(encoding).encode(value, typeOf(type));
    return bytes === null ? "null" : Buffer.from(bytes as Uint8Array).toString("hex");
  } catch (error) {
    return (error as Error).name;
  }
}

const int64 = (value: bigint) => BigInt.asUintN(64, value).toString(16).padStart(16, "0");

describe("a value that the driver would send as another one is refused", () => {
  it.each<[type: string, what: string, value: unknown, corrupted: string, encoding?: ColumnEncoding]>([
    ["bigint", "no number", "abc", int64(0n)],
    ["bigint", "NaN", Number.NaN, int64(0n)],
    ["bigint", "a fraction", 1.7, int64(1n)],
    ["bigint", "Infinity", Number.POSITIVE_INFINITY, int64(2n ** 63n - 1n)],
    ["bigint", "a text beyond int64", "18446744073709551617", int64(1n)],
    ["bigint", "a bigint beyond int64", 2n ** 64n + 1n, int64(1n), BIGINT],
    ["counter", "a fraction", 1.7, int64(1n)],
    ["varint", "NaN", Number.NaN, "00"],
    ["varint", "no number", "abc", "00"],
    ["decimal", "NaN", Number.NaN, "0000000000"],
    ["decimal", "a number that is written with an exponent", 1e21, "0000000001"],
    ["decimal", "a text with an exponent", "1e5", "0000000001"],
    ["int", "a fraction", 1.9, "00000001"],
    ["int", "true", true, "00000001"],
    ["int", "an empty text", "", "00000000"],
    ["boolean", "a text", "false", "01"],
    ["boolean", "a number", 7, "01"],
    ["timestamp", "a fraction", 1.5, int64(1n)],
    ["time", "no time", "garbage", int64(0n)],
    ["inet", "no address", "300.1.1.1", "2c010101"],
    ["map<text,int>", "a Map", new Map([["a", 1]]), "00000000"],
    [
      "map<text,text>",
      "a text",
      "abc",
      "00000003000000013000000001610000000131000000016200000001320000000163",
    ],
    ["ascii", "a letter that it has not", "é", "e9"],
    ["tuple", "an undefined element", new Tuple(Long.ONE, undefined), "000000080000000000000001fffffffe"],
    ["udt", "a field that it has not", { a: 1, d: 2 }, driverDoes({ a: 1 }, "udt")],
  ])("%s: %s", (type, _what, value, corrupted, encoding) => {
    // The control: were the driver to mend it, this line would say so.
    expect(driverDoes(value, type, encoding)).toBe(corrupted);
    const refusal = refusalOf(value, type, encoding);
    expect(isHelixError(refusal, "HELIX_PAYLOAD_INVALID")).toBe(true);
    expect(refusal).toMatchObject({ path: expect.stringMatching(/^params\[0\]/) });
  });

  it("date: a Date, whose day depends on the zone of the machine", () => {
    expect(isHelixError(refusalOf(new Date(), "date"), "HELIX_PAYLOAD_INVALID")).toBe(true);
  });

  it.each(["2025-11-24T10:00:00", "24 Nov 2025 10:00", "1700000000123"])(
    "timestamp: %s, which has no zone",
    (value) => {
      expect(isHelixError(refusalOf(value, "timestamp"), "HELIX_PAYLOAD_INVALID")).toBe(true);
    },
  );
});

describe("a value that the driver refuses is refused before", () => {
  it.each<[type: string, what: string, value: unknown, encoding?: ColumnEncoding]>([
    ["text", "a number", 5],
    ["bigint", "a bigint without the option", 5n],
    ["bigint", "a Long with it", Long.ONE, BIGINT],
    ["varint", "a Long", Long.ONE],
    ["decimal", "a bigint", 5n],
    ["int", "one too great", 2 ** 31],
    ["smallint", "one too great", 2 ** 15],
    ["tinyint", "one too small", -129],
    ["int", "NaN", Number.NaN],
    ["double", "a Long", Long.ONE],
    ["double", "no number", "abc"],
    ["blob", "a text", "abc"],
    ["uuid", "no UUID", "abc"],
    ["duration", "a text", "1h"],
    ["date", "a number", 5],
    ["list<int>", "a null", [1, null]],
    ["list<list<int>>", "an empty list inside", [[1], []]],
    ["set<int>", "a Set without the option", new Set([1])],
    ["map<text,int>", "a null", { a: null }],
    ["tuple", "an array", [1, "a"]],
    ["vector<float,3>", "another dimension", new Vector([1, 2], "float")],
    ["vector<float,3>", "an array", [1, 2, 3]],
  ])("%s: %s", (type, _what, value, encoding) => {
    expect(driverDoes(value, type, encoding)).toMatch(/Error/);
    expect(isHelixError(refusalOf(value, type, encoding), "HELIX_PAYLOAD_INVALID")).toBe(true);
  });
});

describe("a value that the driver sends as it is meant is let through", () => {
  const uuid = Uuid.fromString("550e8400-e29b-41d4-a716-446655440000");
  const timeuuid = TimeUuid.fromString("02000000-0e2d-1c72-ac00-000000001320");
  it.each<[type: string, value: unknown, encoding?: ColumnEncoding]>([
    ["text", "Grüße"],
    ["ascii", "abc"],
    ["bigint", Long.MAX_VALUE],
    ["bigint", -5],
    ["bigint", "-9223372036854775808"],
    ["bigint", -(2n ** 63n), BIGINT],
    ["bigint", "5", BIGINT],
    ["counter", 1],
    ["varint", Integer.fromString("170141183460469231731687303715884105729")],
    ["varint", 2n ** 200n, BIGINT],
    ["varint", "170141183460469231731687303715884105729"],
    ["decimal", BigDecimal.fromString("1.5")],
    ["decimal", 1.5],
    ["decimal", "-12.50"],
    ["int", -(2 ** 31)],
    ["int", "12"],
    ["smallint", 32_767],
    ["tinyint", -128],
    ["double", Number.NaN],
    ["double", Number.NEGATIVE_INFINITY],
    ["float", "1.5"],
    ["boolean", false],
    ["blob", Buffer.from("x")],
    ["timestamp", new Date(0)],
    ["timestamp", 1_764_000_000_123],
    ["timestamp", "2025-11-24T10:00:00Z"],
    ["timestamp", "2025-11-24T10:00:00.123+01:00"],
    ["timestamp", "2025-11-24"],
    ["date", new LocalDate(2025, 11, 24)],
    ["date", "2025-11-24"],
    ["time", LocalTime.fromString("10:00:00")],
    ["time", "23:59:59.999999999"],
    ["duration", new Duration(1, 2, Long.ONE)],
    ["uuid", uuid],
    ["uuid", timeuuid],
    ["uuid", String(uuid)],
    ["timeuuid", timeuuid],
    ["inet", InetAddress.fromString("::1")],
    ["inet", "10.0.0.1"],
    ["list<int>", []],
    ["list<int>", [1, 2]],
    ["set<text>", ["a"]],
    ["set<text>", new Set(["a"]), COLLECTIONS],
    ["map<text,int>", { a: 1 }],
    ["map<int,list<text>>", new Map([[1, ["a"]]]), COLLECTIONS],
    ["tuple", new Tuple(Long.ONE, null)],
    ["udt", { a: 1, b: uuid, c: undefined }],
    ["udt", { a: 1 }],
    ["vector<float,3>", new Vector([1, 2, 3], "float")],
    ["vector<float,2>", Float32Array.of(1, 2)],
    ["int", null],
    ["int", undefined],
    ["int", types.unset],
    ["int", Buffer.from("00000001", "hex")],
  ])("%s: value %#", (type, value, encoding) => {
    expect(refusalOf(value, type, encoding)).toBeUndefined();
    if (value !== types.unset && value !== undefined) {
      expect(driverDoes(value, type, encoding)).not.toMatch(/Error/);
    }
  });
});

describe("the types of a statement", () => {
  it("name the place in a nested value, and never the value", () => {
    const secret = "4111-1111";
    const refusal = refusalOf([[{ a: 1 }], [{ b: secret }]], "list<list<map<text,int>>>");
    expect(refusal).toMatchObject({ path: "params[0][1][0].values[0]" });
    expect(String(refusal)).not.toContain(secret);
  });

  it("are given by name for named parameters, and per statement for a batch", () => {
    const named = payloadOf({ a: 1.5 });
    expect(() => encodePayload(named, { types: { a: typeOf("int") } })).toThrow(/`params\.a`/);
    expect(() => encodePayload(named, { types: { b: typeOf("int") } })).not.toThrow();
    const statements = [
      { query: "UPDATE t SET v = 1", params: [] },
      { query: "INSERT INTO t (id) VALUES (?)", params: [1.5] },
    ];
    const batch = {
      ...payloadOf([]),
      operation: { kind: "batch", batchType: "logged", statements } as const,
    };
    expect(() => encodePayload(batch, { types: [undefined, [typeOf("int")]] })).toThrow(
      /`statements\[1\]\.params\[0\]`/,
    );
    expect(() => encodePayload(batch, { types: [[typeOf("int")], undefined] })).not.toThrow();
  });

  it("are not looked at where there are none", () => {
    expect(() => encodePayload(payloadOf([Number.NaN, 1e21]))).not.toThrow();
  });
});
