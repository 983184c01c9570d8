import { decodePayload, encodePayload } from "@helix/codec";
import { createPayload, isHelixError, statementsOf } from "@helix/core";
import { cqlType, encoderOf, encodings, sent, typedValue } from "@helix/testkit/values";
import { types } from "cassandra-driver";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { adaptValues } from "./adapt-values.ts";
import { checkValues } from "./check-values.ts";
import type { ColumnEncoding, ColumnType } from "./column-type.ts";
import { byPosition } from "./positions.ts";

const { Integer, Long, Tuple, Uuid } = types;

const PLAIN: ColumnEncoding = {};
const BIGINT: ColumnEncoding = { useBigIntAsLong: true, useBigIntAsVarint: true };
const COLLECTIONS: ColumnEncoding = { map: Map, set: Set };

const column = (name: string) => cqlType(name) as ColumnType;

function normalized(value: unknown, type: string): unknown {
  const [result] = adaptValues(byPosition([value], [], "params"), [column(type)]);
  return result;
}

/** After it has been in a durable queue. */
function roundTrip(value: unknown): unknown {
  const operation = { kind: "statement", query: "INSERT INTO t (v) VALUES (?)", params: [value] } as const;
  const payload = createPayload({ targetCluster: "B", operation, timestampMicros: 1n });
  const [statement] = statementsOf(decodePayload(encodePayload(payload)));
  return (statement as unknown as { params: unknown[] }).params[0];
}

afterEach(() => void vi.unstubAllEnvs());

describe("adaptValues", () => {
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

  it.each<[string, unknown, string]>([
    ["the day in UTC, of a time for a date", new Date("2024-03-10T23:30:00Z"), "80004d50"],
    ["an empty list, within a list", [[], [1]], "0000000200000004000000000000000c000000010000000400000001"],
  ])("sends what Go means: %s", (_, value, bytes) => {
    const type = column(value instanceof Date ? "date" : "list<list<int>>");
    vi.stubEnv("TZ", "Asia/Tokyo");
    checkValues(byPosition([value], [], "params"), [type], { either: true });
    const [adapted] = adaptValues(byPosition([value], [], "params"), [type]);
    expect(sent(encoderOf(PLAIN), adapted, type)).toBe(bytes);
  });

  it("leaves the values as they are, and passes on what every mode takes or has no type", () => {
    const list = [1n];
    const values = [1n, list, "a", 1n, undefined];
    const columns = ["bigint", "list<bigint>", "text"].map(column);
    const one = Buffer.from("0000000000000001", "hex");
    expect(adaptValues(byPosition(values, [], "params"), columns)).toEqual([
      one,
      [one],
      "a",
      1n,
      types.unset,
    ]);
    expect(list).toEqual([1n]);
    expect(values[0]).toBe(1n);
  });

  it.each<[string, unknown[], readonly ColumnType[]]>([
    ["params[1]", [1, new Map([["secret", null]])], [column("int"), column("map<text,int>")]],
    ["params[0]", [Integer.fromNumber(4711)], [column("bigint")]],
  ])("refuses what no session could send, with the path of the value only: %s", (path, values, columns) => {
    let refusal: unknown;
    try {
      adaptValues(byPosition(values, [], "params"), columns);
    } catch (error) {
      refusal = error;
    }
    expect(isHelixError(refusal, "HELIX_PAYLOAD_INVALID")).toBe(true);
    expect(refusal).toMatchObject({ path, message: `Cannot bind \`${path}\`: the driver refuses it` });
    expect((refusal as Error).cause).toBeUndefined();
  });

  it("sends any value that is taken from any mode, through a queue, by any other mode, as the same bytes", () => {
    fc.assert(
      fc.property(typedValue(), encodings(), ({ type, value, encoding }, otherMode) => {
        checkValues(byPosition([value], [], "params"), [type], encoding);
        const [adapted] = adaptValues(byPosition([roundTrip(value)], [], "params"), [type]);
        expect(sent(encoderOf(otherMode), adapted, type)).toBe(sent(encoderOf(encoding), value, type));
      }),
      { numRuns: 3_000 },
    );
  }, 120_000);
});
