import { isHelixError, type Params } from "@helix/core";
import { cqlType, encoderOf, loadForeignDriver } from "@helix/testkit/values";
import { types } from "cassandra-driver";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkValues } from "./check-values.ts";
import type { ColumnEncoding, ColumnType } from "./column-type.ts";
import { byPosition } from "./positions.ts";

const {
  Long,
  Integer,
  BigDecimal,
  Uuid,
  TimeUuid,
  InetAddress,
  LocalDate,
  LocalTime,
  Duration,
  Tuple,
  Vector,
} = types;

const BIGINT: ColumnEncoding = { useBigIntAsLong: true, useBigIntAsVarint: true };
const COLLECTIONS: ColumnEncoding = { map: Map, set: Set };

const UDT: ColumnType = {
  code: 0x30,
  info: {
    fields: [
      { name: "a", type: { code: 0x09 } },
      { name: "items", type: { code: 0x20, info: { code: 0x09 } } },
    ],
  },
};
const MARSHAL = "org.apache.cassandra.db.marshal";
const PREPARED: Readonly<Record<string, ColumnType>> = {
  udt: UDT,
  "list<udt>": { code: 0x20, info: UDT },
  "prepared vector<float,2>": { code: 0, info: `${MARSHAL}.VectorType(${MARSHAL}.FloatType , 2)` },
  "prepared duration": { code: 0, info: `${MARSHAL}.DurationType` },
};

function columnOf(name: string): ColumnType {
  return PREPARED[name] ?? (cqlType(name) as ColumnType);
}

/** What the driver sends, as it would read it again; or that it throws. */
function sentBy(encoding: ColumnEncoding, value: unknown, column: ColumnType): string {
  const encoder = encoderOf(encoding) as ReturnType<typeof encoderOf> & {
    decode(bytes: unknown, type: unknown): unknown;
  };
  let bytes: unknown;
  try {
    bytes = encoder.encode(value, column);
  } catch {
    return "throws";
  }
  if (bytes === null) return "null";
  if (bytes === types.unset) return "unset";
  try {
    return JSON.stringify(encoder.decode(bytes, column), (_, part) => {
      if (part instanceof Set) return [...part];
      if (part instanceof Map) return Object.fromEntries(part);
      return typeof part === "bigint" ? `${part}` : Object.is(part, -0) ? "-0" : part;
    });
  } catch {
    return "unreadable";
  }
}

function refusalOf(value: unknown, column: ColumnType, encoding?: ColumnEncoding) {
  return refusal([value], [column], { encoding });
}

function refusal(
  params: Params,
  columns: readonly (ColumnType | undefined)[],
  { encoding = {}, names = [] }: { encoding?: ColumnEncoding | undefined; names?: readonly string[] } = {},
) {
  try {
    checkValues(byPosition(params, names, "params"), columns, encoding);
    return undefined;
  } catch (error) {
    if (isHelixError(error, "HELIX_PAYLOAD_INVALID")) return error;
    throw error;
  }
}

type Refused = readonly [type: string, value: unknown, sent: string, encoding?: ColumnEncoding];

const noon = new Date("2024-03-10T12:00:00Z");
const anyUuid = Uuid.fromString("00112233-4455-4677-8899-aabbccddeeff");
const anyTimeUuid = TimeUuid.fromString("00112233-4455-1677-8899-aabbccddeeff");
const unsigned = Long.fromString("18446744073709551615", true);

/** In the third column, what the driver makes of the value: why it is refused. */
const REFUSED: Refused[] = [
  ["ascii", "é", '"i"'],
  ["ascii", 1, "throws"],
  ["text", Long.ONE, "throws"],
  ["text", 1, "throws"],
  ["text", true, "throws"],
  ["varchar", anyUuid, "throws"],
  ["bigint", "abc", '"0"'],
  ["bigint", "", "throws"],
  ["bigint", "12abc", '"12"'],
  ["bigint", "1.5", '"1"'],
  ["bigint", "1e3", '"1"'],
  ["bigint", "0x10", '"0"'],
  ["bigint", "12345678 ", '"123456780"'],
  ["bigint", Number.NaN, '"0"'],
  ["bigint", Number.POSITIVE_INFINITY, '"9223372036854775807"'],
  ["bigint", 1.7, '"1"'],
  ["bigint", 2 ** 53 + 2, '"9007199254740994"'],
  ["bigint", 2 ** 63, '"9223372036854775807"'],
  ["bigint", "9223372036854775808", '"-9223372036854775808"'],
  ["bigint", unsigned, '"-1"'],
  ["bigint", 1n, "throws"],
  ["bigint", noon, "throws"],
  ["bigint", true, "throws"],
  ["bigint", Integer.ONE, "throws"],
  ["bigint", 1, "throws", BIGINT],
  ["bigint", Long.ONE, "throws", BIGINT],
  ["bigint", 2n ** 63n, '"-9223372036854775808"', BIGINT],
  ["bigint", "18446744073709551617", '"1"', BIGINT],
  ["bigint", "", '"0"', BIGINT],
  ["bigint", "0x10", '"16"', BIGINT],
  ["counter", "abc", '"0"'],
  ["counter", Number.NaN, '"0"'],
  ["counter", 1.7, '"1"'],
  ["counter", "9223372036854775808", '"-9223372036854775808"'],
  ["counter", 1n, "throws"],
  ["varint", "abc", '"0"'],
  ["varint", "", "throws"],
  ["varint", Number.NaN, '"0"'],
  ["varint", Number.NEGATIVE_INFINITY, '"0"'],
  ["varint", 1.7, '"1"'],
  ["varint", Long.ONE, "throws"],
  ["varint", 1n, "throws"],
  ["varint", Integer.ONE, "throws", BIGINT],
  ["varint", 1, "throws", BIGINT],
  ["varint", "", '"0"', BIGINT],
  ["decimal", Number.NaN, '"0"'],
  ["decimal", Number.POSITIVE_INFINITY, '"0"'],
  ["decimal", 1e21, '"1"'],
  ["decimal", 1e-25, '"0.00000000000000000000"'],
  ["decimal", "1e5", '"1"'],
  ["decimal", "1.2.3", '"0.012"'],
  ["decimal", "abc", '"0"'],
  ["decimal", "1E-5", "throws"],
  ["decimal", "", "throws"],
  ["decimal", 1n, "throws"],
  ["decimal", Integer.ONE, "throws"],
  ["int", "", "0"],
  ["int", " ", "0"],
  ["int", true, "1"],
  ["int", 1.9, "1"],
  ["int", "1.9", "1"],
  ["int", new Date(5), "5"],
  ["int", [7], "7"],
  ["int", BigDecimal.fromString("1.9"), "1"],
  ["int", 2 ** 31, "throws"],
  ["int", "2147483648", "throws"],
  ["int", Long.fromString("2147483648"), "throws"],
  ["int", Number.NaN, "throws"],
  ["int", "abc", "throws"],
  ["int", 1n, "throws"],
  ["smallint", "", "0"],
  ["smallint", false, "0"],
  ["smallint", -1.9, "-1"],
  ["smallint", new Date(5), "5"],
  ["smallint", 2 ** 15, "throws"],
  ["tinyint", "", "0"],
  ["tinyint", true, "1"],
  ["tinyint", 1.9, "1"],
  ["tinyint", -129, "throws"],
  ["float", 1e300, "null"],
  ["float", "1e300", "null"],
  ["float", "1.5abc", "1.5"],
  ["float", "NaN", "throws"],
  ["float", Long.ONE, "throws"],
  ["double", "1e400", "null"],
  ["double", "1,5", "1"],
  ["double", "0x10", "0"],
  ["double", "", "throws"],
  ["double", 1n, "throws"],
  ["double", true, "throws"],
  ["boolean", "false", "true"],
  ["boolean", "", "false"],
  ["boolean", 1, "true"],
  ["boolean", Number.NaN, "false"],
  ["boolean", [], "true"],
  ["boolean", {}, "true"],
  ["blob", "00ff", "throws"],
  ["blob", new Float32Array([1]), "throws"],
  ["timestamp", 1.5, '"1970-01-01T00:00:00.001Z"'],
  ["timestamp", Number.NaN, '"1970-01-01T00:00:00.000Z"'],
  ["timestamp", "2024-02-30T00:00:00Z", '"2024-03-01T00:00:00.000Z"'],
  ["timestamp", "2024-01-01T00:00:00.0009Z", '"2024-01-01T00:00:00.000Z"'],
  ["timestamp", "1700", '"1700-01-01T00:00:00.000Z"'],
  ["timestamp", "1700000000123", "throws"],
  ["timestamp", "garbage", "throws"],
  ["timestamp", 1n, "throws"],
  ["timestamp", true, "throws"],
  ["timestamp", true, '"1970-01-01T00:00:00.001Z"', BIGINT],
  ["timestamp", 1.5, "throws", BIGINT],
  ["timestamp", 2n ** 64n, '"1970-01-01T00:00:00.000Z"', BIGINT],
  ["date", "2024-02-30", '"2024-03-01"'],
  ["date", "2024-01-01T23:00:00Z", '"2024-01-01"'],
  ["date", "2024-1x-01", '"2024-01-01"'],
  ["date", "2147483648", "throws"],
  ["date", "garbage", "throws"],
  ["date", 19_000, "throws"],
  ["time", "garbage", '"00:00:00"'],
  ["time", "10:75", '"11:15:00"'],
  ["time", "10:30:00 PM", '"10:30:00"'],
  ["time", "24:00:00", "throws"],
  ["time", Long.ONE, "throws"],
  ["duration", "1mo", "throws"],
  ["prepared duration", 1, "throws"],
  ["uuid", "no uuid", "throws"],
  ["uuid", InetAddress.fromString("::1"), "throws"],
  ["timeuuid", anyUuid, `"${anyUuid}"`],
  ["timeuuid", `${anyUuid}`, `"${anyUuid}"`],
  ["inet", "300.1.1.1", '"44.1.1.1"'],
  ["inet", "", '"0.0.0.0"'],
  ["inet", "localhost", "throws"],
  ["inet", "::1.2.3.4", "throws"],
  ["inet", "fe80::1%eth0", "throws"],
  ["inet", anyUuid, "throws"],
  ["list<int>", new Set([1]), "throws"],
  ["list<int>", new Set([1]), "throws", COLLECTIONS],
  ["list<int>", new Float32Array([1]), "throws"],
  ["list<int>", [1, null], "throws"],
  ["list<int>", [undefined], "throws"],
  ["list<int>", [types.unset], "throws"],
  ["list<int>", [1, ""], "[1,0]"],
  ["list<list<int>>", [[1], []], "throws"],
  ["list<set<int>>", [new Set()], "throws", COLLECTIONS],
  ["set<int>", new Set([1]), "throws"],
  ["set<int>", [true], "[1]"],
  ["set<int>", new Set([true]), "[1]", COLLECTIONS],
  ["map<text,int>", new Map([["a", 1]]), "{}"],
  ["map<text,int>", "abc", "throws"],
  ["map<int,text>", "abc", '{"0":"a","1":"b","2":"c"}'],
  ["map<int,int>", [7], '{"0":7}'],
  ["map<text,int>", 7, "{}"],
  ["map<text,int>", noon, "{}"],
  ["map<text,int>", { a: null }, "throws"],
  ["map<text,int>", { a: undefined }, "throws"],
  ["map<text,int>", { hasOwnProperty: 1 }, "throws"],
  ["map<text,int>", { a: "" }, '{"a":0}'],
  ["map<bigint,int>", { abc: 1 }, '{"0":1}'],
  ["map<boolean,int>", { false: 1 }, '{"true":1}'],
  ["map<blob,int>", { a: 1 }, "throws"],
  ["map<int,int>", new Map([[null, 1]]), "throws", COLLECTIONS],
  ["map<text,list<int>>", { a: [] }, '{"a":null}'],
  ["tuple<int,text>", [1, "a"], "throws"],
  ["tuple<int,text>", new Tuple(1, "a", "b"), '[1,"a"]'],
  ["tuple<int,text>", new Tuple(1, undefined), "[1,null]"],
  ["tuple<int,text>", new Tuple(types.unset, "a"), '[null,"a"]'],
  ["tuple<int,text>", new Tuple(true, "a"), '[1,"a"]'],
  ["udt", Object.create({ a: 1 }), '{"a":1,"items":null}'],
  ["udt", { a: 1, other: 2 }, '{"a":1,"items":null}'],
  ["udt", new Map([["a", 1]]), '{"a":null,"items":null}'],
  ["udt", "text", '{"a":null,"items":null}'],
  ["udt", [1], '{"a":null,"items":null}'],
  ["udt", { a: 1, items: [] }, '{"a":1,"items":null}'],
  ["udt", { a: "" }, '{"a":0,"items":null}'],
  ["vector<float,2>", [1, 2], "throws"],
  ["vector<float,2>", new Vector([1, 2, 3]), "throws"],
  ["vector<float,2>", new Float32Array(3), "throws"],
  ["vector<float,2>", new Vector([1, null]), "throws"],
  ["vector<int,2>", new Vector([1, 1.5]), '{"0":1,"1":1,"length":2}'],
  ["vector<int,2>", new Float32Array([1, 1.5]), '{"0":1,"1":1,"length":2}'],
  ["vector<float,2>", new Vector([Buffer.alloc(3), Buffer.alloc(5)]), '{"0":0,"1":0,"length":2}'],
  ["prepared vector<float,2>", new Vector([1, 2, 3]), "throws"],
];

/** In the third column, what the driver makes of the value, where that is not the value itself. */
const TAKEN: Refused[] = [
  ["ascii", "~a\n", '"~a\\n"'],
  ["text", "", '""'],
  ["bigint", "-9223372036854775808", '"-9223372036854775808"'],
  ["bigint", "+0012", '"12"'],
  ["bigint", Number.MAX_SAFE_INTEGER, '"9007199254740991"'],
  ["bigint", Long.MIN_VALUE, '"-9223372036854775808"'],
  ["bigint", -1n, '"-1"', BIGINT],
  ["bigint", "-1", '"-1"', BIGINT],
  ["counter", 1, '"1"'],
  ["varint", "-123456789012345678901234567890", '"-123456789012345678901234567890"'],
  ["varint", 2n ** 80n, '"1208925819614629174706176"', BIGINT],
  ["varint", Integer.fromString("-1208925819614629174706176"), '"-1208925819614629174706176"'],
  ["decimal", 1e-7, '"0.00000010000000000000"'],
  ["decimal", "-.5", '"-0.5"'],
  ["decimal", 1e20, '"100000000000000000000"'],
  ["decimal", BigDecimal.fromString("-12.50"), '"-12.50"'],
  ["int", "-7", "-7"],
  ["int", -0, "0"],
  ["int", Long.fromNumber(-1), "-1"],
  ["smallint", -(2 ** 15), "-32768"],
  ["tinyint", 127, "127"],
  ["float", Number.POSITIVE_INFINITY, "null"],
  ["double", "-Infinity", "null"],
  ["double", ".5e-1", "0.05"],
  ["double", -0, '"-0"'],
  ["double", Number.NaN, "null"],
  ["boolean", false, "false"],
  ["blob", Buffer.alloc(0), '{"type":"Buffer","data":[]}'],
  ["timestamp", noon, '"2024-03-10T12:00:00.000Z"'],
  ["timestamp", "2024-03-10", '"2024-03-10T00:00:00.000Z"'],
  ["timestamp", noon.getTime(), '"2024-03-10T12:00:00.000Z"'],
  ["timestamp", "2024-03-10T14:00:00+02:00", '"2024-03-10T12:00:00.000Z"'],
  ["timestamp", Long.ONE, '"1970-01-01T00:00:00.001Z"', BIGINT],
  ["timestamp", 1n, '"1970-01-01T00:00:00.001Z"', BIGINT],
  ["date", "2024-02-29", '"2024-02-29"'],
  ["date", "-1", '"1969-12-31"'],
  ["date", LocalDate.fromString("2024-02-29"), '"2024-02-29"'],
  ["time", "23:59:59.5", '"23:59:59.5"'],
  ["time", "10:30", '"10:30:00"'],
  ["time", LocalTime.fromString("10:30:00"), '"10:30:00"'],
  ["duration", new Duration(1, 0, 0), '{"months":1,"days":0,"nanoseconds":"0"}'],
  ["uuid", `${anyUuid}`, `"${anyUuid}"`],
  ["uuid", anyUuid, `"${anyUuid}"`],
  ["uuid", anyTimeUuid, `"${anyTimeUuid}"`],
  ["timeuuid", anyTimeUuid, `"${anyTimeUuid}"`],
  ["timeuuid", `${anyTimeUuid}`, `"${anyTimeUuid}"`],
  ["inet", "::ffff:1.2.3.4", '"::ffff:102:304"'],
  ["inet", "2001:db8::1", '"2001:db8::1"'],
  ["inet", InetAddress.fromString("10.0.0.1"), '"10.0.0.1"'],
  ["list<int>", [], "null"],
  ["set<int>", new Set(), "null", COLLECTIONS],
  ["set<int>", [1, 2], "[1,2]"],
  ["set<int>", new Set([1, 2]), "[1,2]", COLLECTIONS],
  ["map<int,list<text>>", new Map([[1, ["a"]]]), '{"1":["a"]}', COLLECTIONS],
  ["map<text,int>", {}, "{}"],
  ["list<map<text,int>>", [{}], "[{}]"],
  ["tuple<int,text>", new Tuple(1), "[1,null]"],
  ["tuple<int,text>", new Tuple(null, ""), '[null,""]'],
  ["udt", { a: 1 }, '{"a":1,"items":null}'],
  ["udt", { a: null, items: [1] }, '{"a":null,"items":[1]}'],
  ["udt", { a: 1, items: undefined }, '{"a":1,"items":null}'],
  ["prepared vector<float,2>", new Float32Array([1, 2]), '{"0":1,"1":2,"length":2}'],
  ["list<int>", [Buffer.from("00000001", "hex")], "[1]"],
  ["int", null, "null"],
  ["int", undefined, "unset"],
  ["int", types.unset, "unset"],
];

function named(cases: readonly Refused[]) {
  return cases.map(([type, value, result, encoding = {}]) => ({
    type,
    value,
    result,
    encoding,
    column: columnOf(type),
    label: `${type} ← ${typeof value} ${typeof value === "object" ? (value?.constructor.name ?? null) : String(value)}`,
  }));
}

describe("a value for a column", () => {
  it.each(named(REFUSED))("is refused where the driver would send another: $label is $result", (test) => {
    expect(sentBy(test.encoding, test.value, test.column)).toBe(test.result);
    const error = refusalOf(test.value, test.column, test.encoding);
    expect(error?.path).toMatch(/^params\[0\]/);
    expect(refusalOf(test.value, test.column, test.encoding)?.cause).toBeUndefined();
    // Without its type, the value is the driver's own to refuse.
    expect(refusal([test.value], [])).toBeUndefined();
  });

  it.each(named(TAKEN))("is taken where the driver sends just that: $label is $result", (test) => {
    expect(sentBy(test.encoding, test.value, test.column)).toBe(test.result);
    expect(refusalOf(test.value, test.column, test.encoding)).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ["date", new Date("2024-03-10T02:00:00Z")],
    ["timestamp", "2024-03-10T02:00:00"],
    ["timestamp", "Mar 10, 2024 02:00"],
  ])("is refused where the driver sends what the zone of the machine makes of it: %s", (type, value) => {
    const column = columnOf(type);
    const inZone = (zone: string) => {
      const before = process.env.TZ;
      process.env.TZ = zone;
      try {
        return sentBy({}, value, column);
      } finally {
        if (before === undefined) delete process.env.TZ;
        else process.env.TZ = before;
      }
    };
    expect(inZone("America/New_York")).not.toBe(inZone("UTC"));
    expect(refusalOf(value, column)?.path).toBe("params[0]");
  });

  it("is judged the same if another copy of the driver made it", () => {
    const foreign = loadForeignDriver().types;
    expect(refusalOf(foreign.Long.ONE, columnOf("bigint"))).toBeUndefined();
    expect(refusalOf(foreign.Long.ONE, columnOf("text"))?.message).toContain("as text: it is a Long");
    expect(refusalOf(foreign.unset, columnOf("boolean"))).toBeUndefined();
    expect(refusalOf(new foreign.Tuple(1, "a"), columnOf("tuple<int,text>"))).toBeUndefined();
  });

  it.each<[string, Params, readonly ColumnType[], string, string[]?]>([
    ["params[1]", [1, "secret"], [columnOf("int"), columnOf("int")], "int: it is a string that is no whole"],
    ["params.id", { id: "secret" }, [columnOf("int")], "int: it is a string", ["id"]],
    ["params.Id", { Id: "secret" }, [columnOf("int")], "int: it is a string", ["id"]],
    ["params.v", { v: "secret" }, [columnOf("text"), columnOf("int")], "int: it is a string", ["v", "v"]],
    ["params{0}", { "[ttl]": "secret" }, [columnOf("int")], "int: it is a string", ["[ttl]"]],
    ["params[0].items[1]", [{ a: 1, items: [1, "secret"] }], [UDT], "int: it is a string"],
    ["params[0]{1}", [{ a: 1, "my secret": 1 }], [UDT], "user-defined type: it is a field"],
    ["params[0].keys[1]", [{ 1: 1, secret: 1 }], [columnOf("map<int,int>")], "int: it is a string"],
    ["params[0].values[0]", [{ secret: "secret" }], [columnOf("map<text,int>")], "int: it is a string"],
    ["params[0][1]", [new Tuple(1, 2)], [columnOf("tuple<int,text>")], "text: it is a number"],
    ["params[0][1][0]", [[["a"], [2]]], [columnOf("list<list<text>>")], "text: it is a number"],
  ])("is named by its path and the type, and never said: %s", (path, params, types, message, names = []) => {
    const error = refusal(params, types, { names });
    expect(error).toMatchObject({ path, message: expect.stringContaining(`\`${path}\` as ${message}`) });
    expect(error?.message).not.toContain("secret");
  });

  it("is not checked where its type is not given", () => {
    expect(refusal([1, "a"], [columnOf("int")])).toBeUndefined();
    expect(refusal([1, "a"], [columnOf("int"), undefined])).toBeUndefined();
    expect(refusalOf("a", { code: 0, info: `${MARSHAL}.CounterColumnType` })).toBeUndefined();
  });

  it("is not checked where its type does not say of what it consists", () => {
    expect(refusalOf(["a"], { code: 0x20 })).toBeUndefined();
    expect(refusalOf({ a: 1 }, { code: 0x30, info: "ks.udt" })).toBeUndefined();
    expect(refusalOf({ a: 1 }, { code: 0x21, info: null })).toBeUndefined();
  });

  it("that is taken is never refused by the driver, and a number in it is the number that was meant", () => {
    const junk = fc.oneof(
      fc.double(),
      fc.maxSafeInteger(),
      fc.integer(),
      fc.bigInt(),
      fc.boolean(),
      fc.date({ noInvalidDate: true }),
      fc.string(),
      fc.stringMatching(/^[+-]?[0-9.]{0,21}(e[+-]?[0-9]{1,3})?$/),
      fc.stringMatching(/^[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z?)?$/),
      fc.stringMatching(/^[0-2]?[0-9]:[0-6][0-9](:[0-9]{1,2}(\.[0-9]{1,9})?)?$/),
      fc.ipV4(),
      fc.ipV6(),
      fc.uuid(),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map((value) => Long.fromString(`${value}`)),
      fc.bigInt().map((value) => Integer.fromString(`${value}`)),
      fc.array(fc.integer()),
      fc.array(fc.oneof(fc.string(), fc.constant(null), fc.array(fc.integer()))),
      fc.dictionary(fc.oneof(fc.string(), fc.integer().map(String)), fc.oneof(fc.integer(), fc.string()), {
        noNullPrototype: true,
      }),
    );
    const names = [
      ...["ascii", "text", "bigint", "counter", "varint", "decimal", "int", "smallint", "tinyint", "float"],
      ...["double", "boolean", "blob", "timestamp", "date", "time", "duration", "uuid", "timeuuid", "inet"],
      ...[
        "list<int>",
        "set<text>",
        "list<list<int>>",
        "map<int,text>",
        "map<text,int>",
        "udt",
        "vector<int,2>",
      ],
    ];
    let taken = 0;
    fc.assert(
      fc.property(
        junk,
        fc.constantFrom(...names),
        fc.constantFrom({}, BIGINT, COLLECTIONS),
        (value, name, encoding) => {
          const column = columnOf(name);
          if (refusalOf(value, column, encoding) !== undefined) return;
          taken++;
          const sent = sentBy(encoding, value, column);
          expect(sent).not.toMatch(/throws|unreadable/);
          if (/int$|^counter/.test(name) && sent !== "null") {
            expect(BigInt(sent.replaceAll('"', "").replace("-0", "0"))).toBe(BigInt(`${value}`));
          }
        },
      ),
      { numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(1_000);
  }, 120_000);
});
