import fc from "fast-check";
import { cqlType, ENCODERS, ownDriver, type ValueEncoder } from "./driver-copies.ts";

export const userType = {
  code: 0x30,
  info: {
    fields: [
      { name: "a", type: { code: 0x09 } },
      { name: "b", type: { code: 0x0c } },
      { name: "c", type: { code: 0x0d } },
    ],
  },
};

export interface TypedValue {
  readonly type: unknown;
  readonly value: unknown;
  readonly encoder: ValueEncoder;
}

/** A value of any CQL type, with the type and the mode of the driver that takes it. */
export function typedValue(): fc.Arbitrary<TypedValue> {
  const { Long, Integer, BigDecimal, Uuid, InetAddress, LocalDate, LocalTime, Duration, Tuple, Vector } =
    ownDriver.types;
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  const long = int64.map((value) => Long.fromString(value.toString()));
  const integer = fc
    .bigInt({ min: -(2n ** 200n), max: 2n ** 200n })
    .map((n) => Integer.fromString(n.toString()));
  const bytes = (length: number) =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
  const text = fc.string({ unit: "grapheme", maxLength: 300 });
  const uuid = bytes(16).map((buffer) => new Uuid(buffer));
  const scalars: Record<string, fc.Arbitrary<unknown>> = {
    text,
    ascii: fc.string({ unit: "binary-ascii", maxLength: 50 }),
    counter: fc.oneof(long, fc.maxSafeInteger()),
    timeuuid: bytes(16).map((buffer) => {
      buffer[6] = ((buffer[6] as number) & 0x0f) | 0x10;
      return new ownDriver.types.TimeUuid(buffer);
    }),
    bigint: fc.oneof(long, fc.maxSafeInteger(), int64.map(String)),
    varint: fc.oneof(integer, fc.maxSafeInteger()),
    decimal: fc
      .tuple(integer, fc.integer())
      .map(([unscaled, scale]) => Reflect.construct(BigDecimal, [unscaled, scale])),
    int: fc.integer(),
    smallint: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
    tinyint: fc.integer({ min: -128, max: 127 }),
    double: fc.double(),
    float: fc.float(),
    boolean: fc.boolean(),
    blob: fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    timestamp: fc.oneof(fc.date({ noInvalidDate: true }), fc.maxSafeInteger(), long),
    date: fc.integer().map((days) => Reflect.construct(LocalDate, [days])),
    time: fc
      .bigInt({ min: 0n, max: 86_399_999_999_999n })
      .map((nanos) => new LocalTime(Long.fromString(nanos.toString()))),
    duration: fc.tuple(fc.nat(), fc.nat(), int64, fc.boolean()).map(([months, days, nanos, negative]) => {
      const size = Long.fromString((nanos < 0n ? -(nanos + 1n) : nanos).toString());
      return negative ? new Duration(-months, -days, size.negate()) : new Duration(months, days, size);
    }),
    uuid,
    inet: fc.oneof(bytes(4), bytes(16)).map((buffer) => new InetAddress(buffer)),
  };
  const scalar = fc.constantFrom(...Object.keys(scalars));
  const scalarOf = (name: string) => scalars[name] as fc.Arbitrary<unknown>;
  const typed = (name: string, value: unknown): TypedValue => ({
    type: cqlType(name),
    value,
    encoder: ENCODERS.collections,
  });
  return fc.oneof(
    scalar.chain((name) =>
      fc
        .oneof(
          { weight: 8, arbitrary: scalarOf(name) },
          fc.constantFrom(null, undefined, ownDriver.types.unset),
        )
        .map((value) => typed(name, value)),
    ),
    scalar.chain((name) => fc.array(scalarOf(name)).map((value) => typed(`list<${name}>`, value))),
    scalar.chain((name) => fc.array(scalarOf(name)).map((value) => typed(`set<${name}>`, new Set(value)))),
    scalar.chain((name) =>
      fc.array(fc.tuple(text, scalarOf(name))).map((value) => typed(`map<text,${name}>`, new Map(value))),
    ),
    scalar.chain((name) =>
      fc
        .array(fc.tuple(scalarOf(name), fc.integer()))
        .map((value) => typed(`map<${name},int>`, new Map(value))),
    ),
    scalar.chain((name) =>
      fc
        .dictionary(
          text.filter((key) => key !== "__proto__"),
          fc.array(scalarOf(name), { minLength: 1 }),
          { noNullPrototype: true },
        )
        .map((value) => typed(`map<text,list<${name}>>`, value)),
    ),
    fc.tuple(long, uuid, fc.option(text, { nil: undefined })).map(([a, b, c]) => ({
      type: { code: 0x31, info: [{ code: 0x02 }, { code: 0x0c }, { code: 0x0d }] },
      value: new Tuple(a, b, c),
      encoder: ENCODERS.plain,
    })),
    fc
      .record({ a: fc.integer(), b: uuid, c: fc.option(text) }, { requiredKeys: [], noNullPrototype: true })
      .map((value) => ({
        type: userType,
        value,
        encoder: ENCODERS.plain,
      })),
    fc.array(fc.float(), { minLength: 3, maxLength: 3 }).map((floats) => ({
      type: cqlType("vector<float,3>"),
      value: new Vector(floats, "float"),
      encoder: ENCODERS.plain,
    })),
    int64.map((value) => ({ type: cqlType("bigint"), value, encoder: ENCODERS.bigint })),
    fc.bigInt().map((value) => ({ type: cqlType("varint"), value, encoder: ENCODERS.bigint })),
  );
}
