import {
  cqlType,
  type DriverCopy,
  ENCODERS,
  encoderOf,
  loadForeignDriver,
  ownDriver,
  sent,
} from "@helix/testkit/values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkLaw } from "../test/law.ts";
import { roundTrip } from "../test/round-trip.ts";
import * as codec from "./index.ts";

type Case = readonly [type: string, value: unknown, mode?: keyof typeof ENCODERS];

const foreignDriver = loadForeignDriver();
const userType = {
  code: 0x30,
  info: {
    fields: [
      { name: "a", type: { code: 0x09 } },
      { name: "b", type: { code: 0x0c } },
      { name: "c", type: { code: 0x0d } },
    ],
  },
};
const tupleType = { code: 0x31, info: [{ code: 0x02 }, { code: 0x10 }] };

function typeOf(name: string): unknown {
  return { udt: userType, tuple: tupleType }[name] ?? cqlType(name);
}

function classCases({ types }: DriverCopy): Case[] {
  const { Long, Integer, BigDecimal, Uuid, TimeUuid, InetAddress, LocalDate, LocalTime, Duration, Tuple } =
    types;
  const days = (value: number) => Reflect.construct(LocalDate, [value]);
  const decimal = (unscaled: string, scale: number) =>
    Reflect.construct(BigDecimal, [Integer.fromString(unscaled), scale]);
  return [
    ["bigint", Long.fromString("-9007199254740993")],
    ["bigint", Long.MAX_VALUE],
    ["counter", Long.fromNumber(1)],
    ["timestamp", Long.fromNumber(1_764_000_000_123)],
    ["varint", Integer.fromString("-170141183460469231731687303715884105729")],
    ["varint", Integer.ZERO],
    ["varint", Integer.fromNumber(-1)],
    ["decimal", decimal("123456789012345678901234567890", -7)],
    ["decimal", decimal("-1", 2 ** 31 - 1)],
    ["uuid", Uuid.random()],
    ["timeuuid", TimeUuid.now()],
    ["uuid", TimeUuid.now()],
    ["inet", InetAddress.fromString("2001:db8::1")],
    ["inet", InetAddress.fromString("192.168.0.1")],
    ["date", days(-(2 ** 31))],
    ["date", days(2 ** 31 - 1)],
    ["date", LocalDate.fromString("2024-02-29")],
    ["time", LocalTime.fromString("23:59:59.999999999")],
    ["time", LocalTime.fromString("00:00:00")],
    ["duration", new Duration(-1, -2, Long.MIN_VALUE)],
    ["duration", new Duration(2 ** 31 - 1, 2 ** 31 - 1, Long.MAX_VALUE)],
    ["tuple", new Tuple(Long.ONE, InetAddress.fromString("1.2.3.4"))],
    ["tuple", new Tuple(Long.ONE, undefined)],
    ["tuple", new Tuple(null, null)],
    ["vector<float,3>", new types.Vector([1, -0, Number.NaN])],
    ["vector<float,2>", new types.Vector([1.5, 2], "float")],
    ["udt", { a: 1, b: Uuid.random(), c: undefined }],
    ["list<uuid>", [Uuid.random(), TimeUuid.now()]],
    ["map<text,decimal>", { a: decimal("15", 1), "": decimal("0", 0) }],
    ["map<uuid,text>", new Map([[Uuid.random(), "x"]]), "collections"],
    ["int", types.unset],
    ["boolean", types.unset],
  ];
}

const builtIn: Case[] = [
  ["double", -0],
  ["double", Number.NaN],
  ["double", Number.NEGATIVE_INFINITY],
  ["double", 5e-324],
  ["double", Number.MAX_VALUE],
  ["float", 1.5],
  ["int", -(2 ** 31)],
  ["int", "7"],
  ["bigint", 2 ** 32],
  ["bigint", -(2 ** 31) - 1],
  ["bigint", Number.MIN_SAFE_INTEGER],
  ["bigint", "9223372036854775807"],
  ["varint", "-123456789012345678901234567890"],
  ["timestamp", new Date(1_764_000_000_123)],
  ["timestamp", new Date(-1)],
  ["timestamp", new Date(8.64e15)],
  ["timestamp", new Date(-8.64e15)],
  ["timestamp", "2024-01-01T00:00:00Z"],
  ["int", undefined],
  ["int", null],
  ["text", ""],
  ["text", "é日本語 😀 \u0000"],
  ["text", "x".repeat(100_000)],
  ["blob", Buffer.from("00ff", "hex")],
  ["blob", Buffer.alloc(0)],
  ["blob", Buffer.alloc(70_000, 7)],
  ["boolean", true],
  ["boolean", false],
  ["list<int>", []],
  ["list<text>", ["a", ""]],
  ["set<int>", [3, 1]],
  ["map<text,int>", { a: -1 }],
  ["map<text,int>", {}],
  ["map<text,int>", { constructor: 1, toString: 2 }],
  ["map<text,bigint>", new Map([["a", "1"]]), "collections"],
  ["set<int>", new Set([1, 2]), "collections"],
  ["set<blob>", new Set([Buffer.alloc(0), Buffer.alloc(0)]), "collections"],
  ["map<blob,int>", new Map([1, 2].map((value) => [Buffer.alloc(0), value])), "collections"],
  ["map<int,list<text>>", new Map([[1, ["a"]]]), "collections"],
  ["varint", 2n ** 70n, "bigint"],
  ["varint", -1n, "bigint"],
  ["bigint", -(2n ** 63n), "bigint"],
  ["vector<float,2>", new Float32Array([1, -0])],
];

/** What a random value has to have been at least once. */
const SPECIALS = new Map<string, (value: unknown) => boolean>([
  ["null", (value) => value === null],
  ["undefined", (value) => value === undefined],
  ["unset", (value) => value === ownDriver.types.unset],
  ["-0", (value) => Object.is(value, -0)],
  ["NaN", (value) => Number.isNaN(value)],
  ["Infinity", (value) => value === Number.POSITIVE_INFINITY],
  ["-Infinity", (value) => value === Number.NEGATIVE_INFINITY],
  ["empty string", (value) => value === ""],
  ["empty blob", (value) => Buffer.isBuffer(value) && value.length === 0],
  ["empty list or set", (value) => Array.isArray(value) && value.length === 0],
  ["empty Set", (value) => value instanceof Set && value.size === 0],
  ["empty Map", (value) => value instanceof Map && value.size === 0],
]);

function specialOf(value: unknown): string {
  for (const [name, test] of SPECIALS) if (test(value)) return name;
  return "";
}

function named(cases: readonly Case[]) {
  return cases.map(([type, value, mode], index) => ({ index, type, value, mode: mode ?? "plain" }));
}

describe("the law: the driver sends the same bytes before encoding and after decoding", () => {
  it.each(named([...builtIn, ...classCases(ownDriver)]))("value $index: $type", ({ type, value, mode }) => {
    const column = typeOf(type);
    expect(sent(ENCODERS[mode], roundTrip(value), column)).toBe(sent(ENCODERS[mode], value, column));
  });

  it.each(named(classCases(foreignDriver)))(
    "value $index of a foreign copy of the driver: $type",
    ({ index, type, value, mode }) => {
      const decoded = roundTrip(value);
      const twin = classCases(ownDriver)[index]?.[1];
      expect(Object.getPrototypeOf(Object(decoded))).toBe(Object.getPrototypeOf(Object(roundTrip(twin))));
      // The encoder of the copy that made the value says what its application would have sent.
      const foreign = encoderOf(mode === "collections" ? { map: Map, set: Set } : {}, foreignDriver);
      const column = typeOf(type);
      expect(sent(ENCODERS[mode], decoded, column)).toBe(sent(foreign, value, column, foreignDriver));
    },
  );

  it("holds for every value of every type and nesting, in any mode of the driver", () => {
    const cases = Number(process.env.HELIX_LAW_CASES ?? 5_000);
    const seed = Number(process.env.HELIX_LAW_SEED ?? Math.floor(Math.random() * 2 ** 31));
    process.stdout.write(`the law: ${cases} cases, HELIX_LAW_SEED=${seed}\n`);
    const codes = new Set<number>();
    const specials = new Set<string>();
    const result = checkLaw(codec, {
      cases,
      seed,
      onCase: ({ type, value }) => {
        codes.add(type.code);
        specials.add(specialOf(value));
      },
    });
    expect(fc.defaultReportMessage(result)).toBeUndefined();
    const { varchar, ...dataTypes } = ownDriver.types.dataTypes;
    const all = Object.values(dataTypes).filter((code) => typeof code === "number");
    expect(codes).toEqual(new Set(all));
    expect(specials).toEqual(new Set(["", ...SPECIALS.keys()]));
  }, 900_000);

  it("would notice a value that comes back as another (control)", () => {
    const encoder = ENCODERS.plain;
    expect(sent(encoder, 0, cqlType("double"))).not.toBe(sent(encoder, -0, cqlType("double")));
    expect(sent(encoder, null, cqlType("int"))).not.toBe(sent(encoder, undefined, cqlType("int")));
  });
});
