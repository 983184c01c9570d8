import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  cqlType,
  type DriverCopy,
  ENCODERS,
  encoderOf,
  loadForeignDriver,
  ownDriver,
  sent,
} from "../test/driver-copies.ts";
import { roundTrip } from "../test/round-trip.ts";
import { typedValue, userType } from "../test/typed-values.ts";
import { timeFromBytes } from "./wire-time.ts";

type Case = readonly [type: string, value: unknown, mode?: keyof typeof ENCODERS];

const foreignDriver = loadForeignDriver();
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
  ["map<int,list<text>>", new Map([[1, ["a"]]]), "collections"],
  ["varint", 2n ** 70n, "bigint"],
  ["varint", -1n, "bigint"],
  ["bigint", -(2n ** 63n), "bigint"],
  ["vector<float,2>", new Float32Array([1, -0])],
];

function named(cases: readonly Case[]) {
  return cases.map(([type, value, mode], index) => ({ index, type, value, mode: mode ?? "plain" }));
}

/** In CI; `HELIX_LAW_CASES` for more. */
const CASES = Number(process.env.HELIX_LAW_CASES ?? 5_000);

function checkLaw(trip: (value: unknown) => unknown, numRuns: number) {
  const law = fc.property(typedValue(), ({ type, value, encoder }) => {
    expect(sent(encoder, trip(value), type)).toBe(sent(encoder, value, type));
  });
  return fc.check(law, { numRuns });
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

  it("holds for every value of every type, in lists, tuples, maps, sets and user-defined types", () => {
    const details = checkLaw(roundTrip, CASES);
    process.stdout.write(`the law: ${details.numRuns} values, seed ${details.seed}\n`);
    expect(details.failed, fc.defaultReportMessage(details)).toBe(false);
    expect(details.numRuns).toBe(CASES);
  }, 600_000);

  it("would not hold with one extension read wrongly by a millisecond (control)", async () => {
    vi.resetModules();
    vi.doMock("./wire-time.ts", async (original) => ({
      ...(await original<typeof import("./wire-time.ts")>()),
      timeFromBytes: (bytes: Buffer) => new Date(timeFromBytes(bytes).getTime() + 1),
    }));
    const broken = await import("../test/round-trip.ts");
    vi.doUnmock("./wire-time.ts");
    expect(checkLaw(broken.roundTrip, 2_000).failed).toBe(true);
  });

  it("would notice a value that comes back as another (control)", () => {
    const encoder = ENCODERS.plain;
    expect(sent(encoder, 0, cqlType("double"))).not.toBe(sent(encoder, -0, cqlType("double")));
    expect(sent(encoder, null, cqlType("int"))).not.toBe(sent(encoder, undefined, cqlType("int")));
  });
});
