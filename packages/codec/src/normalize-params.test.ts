import { isHelixError, type Params } from "@helix/core";
import { types } from "cassandra-driver";
import { describe, expect, it } from "vitest";
import { cqlType, encoderOf, sent } from "../test/driver-copies.ts";
import { roundTrip } from "../test/round-trip.ts";
import type { ColumnEncoding, ColumnType } from "./columns/column-type.ts";
import { normalizeParams } from "./index.ts";

const { Integer, Long, Tuple, Uuid } = types;

const PLAIN: ColumnEncoding = {};
const BIGINT: ColumnEncoding = { useBigIntAsLong: true, useBigIntAsVarint: true };
const COLLECTIONS: ColumnEncoding = { map: Map, set: Set };

const column = (name: string) => cqlType(name) as ColumnType;

function normalized(value: unknown, type: string): unknown {
  const [result] = normalizeParams([value], [column(type)]) as unknown[];
  return result;
}

describe("normalizeParams", () => {
  it.each<[string, unknown, ColumnEncoding, ColumnEncoding]>([
    ["bigint", Long.MAX_VALUE, PLAIN, BIGINT],
    ["bigint", 7, PLAIN, BIGINT],
    ["bigint", -(2n ** 63n), BIGINT, PLAIN],
    ["counter", 1n, BIGINT, PLAIN],
    ["varint", Integer.fromString("123456789012345678901234567890"), PLAIN, BIGINT],
    ["varint", 7, PLAIN, BIGINT],
    ["varint", -(2n ** 80n), BIGINT, PLAIN],
    ["timestamp", 1_764_000_000_123n, BIGINT, PLAIN],
    ["set<int>", new Set([1, 2]), COLLECTIONS, PLAIN],
    ["list<bigint>", [1n, 2n], BIGINT, PLAIN],
    ["map<text,bigint>", { a: Long.ONE }, PLAIN, BIGINT],
    ["tuple<bigint,int>", new Tuple(1n, 1), BIGINT, PLAIN],
    ["vector<bigint,2>", new types.Vector([1n, 2n]), BIGINT, PLAIN],
  ])(
    "makes a client send what one of another mode sent, which it would refuse: %s",
    (type, value, origin, target) => {
      const before = sent(encoderOf(origin), value, column(type));
      const decoded = roundTrip(value);
      expect(() => sent(encoderOf(target), decoded, column(type))).toThrow();
      expect(sent(encoderOf(target), normalized(decoded, type), column(type))).toBe(before);
    },
  );

  it.each<[string, Map<unknown, unknown>]>([
    ["map<text,int>", new Map([["a", 1]])],
    ["map<uuid,text>", new Map([[Uuid.random(), "a"]])],
    ["map<blob,set<int>>", new Map([[Buffer.from("k"), new Set([1])]])],
  ])("makes a client without its option send the entries of a Map, not an empty one: %s", (type, value) => {
    const before = sent(encoderOf(COLLECTIONS), value, column(type));
    expect(sent(encoderOf(PLAIN), roundTrip(value), column(type))).toBe("00000000");
    expect(sent(encoderOf(PLAIN), normalized(roundTrip(value), type), column(type))).toBe(before);
  });

  it("sends a varint that Go wrote as an int64, which is read as a Long", () => {
    const decoded = Long.MAX_VALUE;
    expect(() => sent(encoderOf(PLAIN), decoded, column("varint"))).toThrow();
    expect(sent(encoderOf(PLAIN), normalized(decoded, "varint"), column("varint"))).toBe("7fffffffffffffff");
  });

  it("leaves the parameters as they are, and passes on what every mode takes or has no type", () => {
    const list = [1n];
    const params: Params = { Big: 1n, list, text: "a", untyped: 1n, nothing: undefined };
    const result = normalizeParams(params, {
      big: column("bigint"),
      list: column("list<bigint>"),
      text: column("text"),
      nothing: column("bigint"),
    });
    const one = Buffer.from("0000000000000001", "hex");
    expect(result).toEqual({ Big: one, list: [one], text: "a", untyped: 1n, nothing: undefined });
    expect(list).toEqual([1n]);
    expect(params.Big).toBe(1n);
  });

  it.each<[string, Params, readonly ColumnType[] | Record<string, ColumnType>]>([
    ["params[1]", [1, new Map([["secret", null]])], [column("int"), column("map<text,int>")]],
    ["params.big", { big: Integer.fromNumber(4711) }, { big: column("bigint") }],
  ])(
    "refuses what no client could send, with the path of the parameter only: %s",
    (path, params, columns) => {
      let refusal: unknown;
      try {
        normalizeParams(params, columns);
      } catch (error) {
        refusal = error;
      }
      expect(isHelixError(refusal, "HELIX_PAYLOAD_INVALID")).toBe(true);
      expect(refusal).toMatchObject({ path, message: `Cannot bind \`${path}\`: the driver refuses it` });
      expect((refusal as Error).cause).toBeUndefined();
    },
  );
});
