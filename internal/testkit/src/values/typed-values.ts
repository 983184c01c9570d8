import fc from "fast-check";
import { ownDriver } from "./driver-copies.ts";

/** As the driver's prepared metadata has it. */
interface ColumnType {
  readonly code: number;
  readonly info?: unknown;
}

/** The driver's option of that name. */
interface ColumnEncoding {
  readonly useBigIntAsLong?: boolean | undefined;
  readonly useBigIntAsVarint?: boolean | undefined;
  readonly map?: unknown;
  readonly set?: unknown;
}

const CQL = ownDriver.types.dataTypes;

/** A value, the column that takes it, and the mode of the driver in which it does. */
export interface TypedValue {
  readonly type: ColumnType;
  readonly value: unknown;
  readonly encoding: ColumnEncoding;
}

/** Every scalar CQL type. */
const SCALARS = [
  ...(["ascii", "text", "bigint", "counter", "varint", "decimal", "int", "smallint", "tinyint"] as const),
  ...(["float", "double", "boolean", "blob", "timestamp", "date", "time", "duration", "uuid"] as const),
  ...(["timeuuid", "inet"] as const),
];

type ScalarName = (typeof SCALARS)[number];
type Values = fc.Arbitrary<unknown>;

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
} = ownDriver.types;

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const long = int64.map((value) => Long.fromString(value.toString()));
const huge = fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n });
const integer = huge.map((value) => Integer.fromString(value.toString()));
const text = fc.string({ unit: "grapheme", maxLength: 100 });
const ascii = fc.string({ unit: "binary-ascii", maxLength: 20 });
const safe = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-0, 0, 2 ** 31, 2 ** 32, -(2 ** 31) - 1));
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
const dateAndTime = fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") });
const uuidString = fc.uuid();
const timeUuidString = fc.uuid({ version: 1 });
const inetString = fc.oneof(
  fc.ipV4(),
  fc.ipV6().filter((address) => !address.includes(".")),
);

/** What can be written as a string, and so be a key of an object. */
const STRINGS: { readonly [K in ScalarName]?: fc.Arbitrary<string> } = {
  ascii,
  text,
  bigint: int64.map(String),
  varint: huge.map(String),
  decimal: fc.tuple(huge, fc.nat()).map(([whole, part]) => `${whole}.${part}`),
  int: fc.integer().map(String),
  smallint: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }).map(String),
  tinyint: fc.integer({ min: -128, max: 127 }).map(String),
  double: fc.double({ noNaN: true }).map(String),
  float: fc.float({ noNaN: true }).map(String),
  timestamp: dateAndTime.map((date) => date.toISOString()),
  date: fc.oneof(
    dateAndTime.map((date) => date.toISOString().slice(0, 10)),
    fc.integer().map(String),
  ),
  time: dateAndTime.map((date) => date.toISOString().slice(11, 23)),
  uuid: uuidString,
  timeuuid: timeUuidString,
  inet: inetString,
};

/** Bigint columns have `number` and Long in one mode, and bigint in the other. */
const longs = ({ useBigIntAsLong }: ColumnEncoding): Values =>
  useBigIntAsLong ? int64 : fc.oneof(long, safe);

const OBJECTS: { readonly [K in ScalarName]: (encoding: ColumnEncoding) => Values } = {
  ascii: () => ascii,
  text: () => fc.oneof(text, fc.constant("")),
  bigint: longs,
  counter: longs,
  varint: ({ useBigIntAsVarint }) => (useBigIntAsVarint ? huge : fc.oneof(integer, safe)),
  decimal: () =>
    fc.oneof(
      fc.tuple(integer, fc.integer()).map((parts) => Reflect.construct(BigDecimal, parts)),
      safe,
      fc.constantFrom(-0, 0.1, 1e-7, 1e20, 123.456),
    ),
  int: () => fc.oneof(fc.integer(), fc.constant(-0), fc.integer().map(Long.fromNumber)),
  smallint: () => fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  tinyint: () => fc.integer({ min: -128, max: 127 }),
  double: () => fc.oneof(fc.double(), fc.constantFrom(-0, Number.NaN, Infinity, -Infinity, 5e-324)),
  float: () => fc.oneof(fc.float(), fc.constantFrom(-0, Number.NaN, Infinity, -Infinity)),
  boolean: () => fc.boolean(),
  blob: () => fc.oneof(fc.uint8Array({ maxLength: 100 }).map(Buffer.from), fc.constant(Buffer.alloc(0))),
  timestamp: ({ useBigIntAsLong }) =>
    fc.oneof(fc.date({ noInvalidDate: true }), safe, long, useBigIntAsLong ? int64 : safe),
  date: () => fc.integer().map((days) => Reflect.construct(LocalDate, [days])),
  time: () =>
    fc
      .bigInt({ min: 0n, max: 86_399_999_999_999n })
      .map((nanos) => new LocalTime(Long.fromString(nanos.toString()))),
  duration: () =>
    fc.tuple(fc.nat(), fc.nat(), int64, fc.boolean()).map(([months, days, nanos, negative]) => {
      const size = Long.fromString((nanos < 0n ? -(nanos + 1n) : nanos).toString());
      return negative ? new Duration(-months, -days, size.negate()) : new Duration(months, days, size);
    }),
  uuid: () =>
    fc.oneof(
      bytes(16).map((buffer) => new Uuid(buffer)),
      timeUuidString.map(TimeUuid.fromString),
    ),
  timeuuid: () => timeUuidString.map(TimeUuid.fromString),
  inet: () => fc.oneof(bytes(4), bytes(16)).map((buffer) => new InetAddress(buffer)),
};

const scalarType: fc.Arbitrary<ColumnType> = fc
  .constantFrom(...SCALARS)
  .map((name) => ({ code: CQL[name], info: null }));

/** Any type, nested as deep as `depth`; a vector is of Cassandra's own class of custom types. */
function columnType(depth: number): fc.Arbitrary<ColumnType> {
  if (depth === 0) return scalarType;
  const part = columnType(depth - 1);
  const parts = fc.array(part, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 4, arbitrary: scalarType },
    part.map((info) => ({ code: CQL.list, info })),
    part.map((info) => ({ code: CQL.set, info })),
    fc.tuple(part, part).map((info) => ({ code: CQL.map, info })),
    parts.map((info) => ({ code: CQL.tuple, info })),
    parts.map((types) => ({
      code: CQL.udt,
      info: { fields: types.map((type, index) => ({ name: `f${index}`, type })) },
    })),
    fc
      .tuple(part, fc.integer({ min: 1, max: 4 }))
      .map((info) => ({ code: CQL.custom, customTypeName: "vector", info })),
  );
}

/** @param minLength 1 within another value, where the driver makes null of an empty list or set. */
function valuesOf(type: ColumnType, encoding: ColumnEncoding, minLength: 0 | 1): Values {
  const { code, info } = type;
  const part = (of: ColumnType) => valuesOf(of, encoding, 1);
  switch (code) {
    case CQL.list:
      return fc.array(part(info as ColumnType), { minLength, maxLength: 4 });
    case CQL.set: {
      const items = fc.array(part(info as ColumnType), { minLength, maxLength: 4 });
      return encoding.set === undefined
        ? items
        : fc.oneof(
            items,
            items.map((array) => new Set(array)),
          );
    }
    case CQL.map:
      return mapsOf(info as [ColumnType, ColumnType], encoding);
    case CQL.tuple:
      return fc
        .tuple(...(info as ColumnType[]).map((item) => fc.option(part(item), { freq: 5 })))
        .map((elements) => new Tuple(...elements));
    case CQL.udt: {
      const { fields } = info as { fields: { name: string; type: ColumnType }[] };
      const absent = fc.constantFrom(null, undefined, ownDriver.types.unset);
      const values = fields.map(({ name, type }) => [
        name,
        fc.oneof({ weight: 5, arbitrary: part(type) }, absent),
      ]);
      return fc.record(Object.fromEntries(values), { requiredKeys: [], noNullPrototype: true });
    }
    case CQL.custom: {
      const [item, length] = info as [ColumnType, number];
      const elements = fc.array(part(item), { minLength: length, maxLength: length });
      const vectors = elements.map((array) => new Vector(array));
      if (item.code !== CQL.float) return vectors;
      const floats = fc.array(fc.float(), { minLength: length, maxLength: length });
      return fc.oneof(
        vectors,
        floats.map((array) => new Vector(array, "float")),
        floats.map(Float32Array.from.bind(Float32Array)),
      );
    }
    default: {
      const name = SCALARS.find((scalar) => CQL[scalar] === code) as ScalarName;
      const objects = OBJECTS[name](encoding);
      return fc.oneof({ weight: 3, arbitrary: objects }, STRINGS[name] ?? objects);
    }
  }
}

function mapsOf([key, item]: readonly [ColumnType, ColumnType], encoding: ColumnEncoding): Values {
  const items = valuesOf(item, encoding, 1);
  const name = SCALARS.find((scalar) => CQL[scalar] === key.code);
  const names = (name === undefined ? undefined : STRINGS[name])?.filter(
    (text) => text !== "__proto__" && text !== "hasOwnProperty",
  );
  const objects =
    names === undefined
      ? fc.constant({})
      : fc.dictionary(names, items, { maxKeys: 4, noNullPrototype: true });
  if (encoding.map === undefined) return objects;
  const entries = fc.array(fc.tuple(valuesOf(key, encoding, 1), items), { maxLength: 4 });
  return fc.oneof(
    objects,
    entries.map((pairs) => new Map(pairs)),
  );
}

/** Every combination of the driver's options for BigInt, Map and Set. */
export function encodings(): fc.Arbitrary<ColumnEncoding> {
  return fc.record({
    useBigIntAsLong: fc.boolean(),
    useBigIntAsVarint: fc.boolean(),
    map: fc.constantFrom(undefined, Map),
    set: fc.constantFrom(undefined, Set),
  });
}

/** A value of any CQL type, nested up to three deep, with the mode of the driver that takes it. */
export function typedValue(): fc.Arbitrary<TypedValue> {
  return fc
    .tuple(columnType(3), encodings())
    .chain(([type, encoding]) =>
      fc
        .oneof(
          { weight: 12, arbitrary: valuesOf(type, encoding, 0) },
          fc.constantFrom(null, undefined, ownDriver.types.unset),
        )
        .map((value) => ({ type, value, encoding })),
    );
}
