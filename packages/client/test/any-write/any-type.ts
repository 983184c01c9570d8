import { types } from "cassandra-driver";
import type { Dice } from "./dice.ts";

/** A value in the two ways in which it can be sent. */
export interface AnyValue {
  readonly literal: string;
  readonly bound: unknown;
}

/** A type and values of it: few, so that writes meet the same elements. */
export interface AnyType {
  readonly cql: string;
  /** What may be done with a column of it. */
  readonly kind: "whole" | "list" | "set" | "map" | "udt";
  /** As a value of JSON; none where JSON has no safe word for it. */
  readonly json?: ((value: AnyValue) => unknown) | undefined;
  readonly values: (dice: Dice) => AnyValue;
  /** Of a list, set or map. */
  readonly item?: AnyType | undefined;
  /** Of a map. */
  readonly key?: AnyType | undefined;
  /** Of a user-defined type. */
  readonly fields?: readonly (readonly [name: string, type: AnyType])[] | undefined;
}

const { Long, Integer, BigDecimal, Uuid, TimeUuid, InetAddress, LocalDate, LocalTime, Duration, Tuple } =
  types;

function scalar(
  cql: string,
  pairs: readonly (readonly [literal: string, bound: unknown])[],
  json?: AnyType["json"],
): AnyType {
  return {
    cql,
    kind: "whole",
    json,
    values: (dice) => {
      const [literal, bound] = dice.pick(pairs);
      return { literal, bound };
    },
  };
}

const asText = ({ bound }: AnyValue) => String(bound);
const itself = ({ bound }: AnyValue) => bound;

const UUIDS = ["6f1b1c2e-1111-4222-8333-444455556666", "00000000-0000-4000-8000-000000000001"] as const;
const TIME_UUIDS = ["50554d6e-29bb-11e5-b345-feff819cdc9f", "d2177dd0-eaa2-11de-a572-001b779c76e3"] as const;

const TEXT = scalar(
  "text",
  [
    ["'a'", "a"],
    ["''", ""],
    ["$$it's$$", "it's"],
    ["'ü漢🎉'", "ü漢🎉"],
  ],
  itself,
);
const INT = scalar(
  "int",
  [
    ["1", 1],
    ["-2147483648", -2147483648],
    ["0", 0],
  ],
  itself,
);

const KEYS: readonly AnyType[] = [
  TEXT,
  INT,
  scalar(
    "ascii",
    [
      ["'x'", "x"],
      ["'y z'", "y z"],
    ],
    itself,
  ),
  scalar("bigint", [
    ["9007199254740993", Long.fromString("9007199254740993")],
    ["-1", Long.fromNumber(-1)],
  ]),
  scalar(
    "smallint",
    [
      ["7", 7],
      ["-32768", -32768],
    ],
    itself,
  ),
  scalar(
    "tinyint",
    [
      ["7", 7],
      ["-128", -128],
    ],
    itself,
  ),
  scalar("varint", [
    ["123456789012345678901", Integer.fromString("123456789012345678901")],
    ["-1", Integer.fromNumber(-1)],
  ]),
  scalar("decimal", [
    ["12.340", BigDecimal.fromString("12.340")],
    ["-0.5", BigDecimal.fromString("-0.5")],
  ]),
  scalar(
    "boolean",
    [
      ["true", true],
      ["FALSE", false],
    ],
    itself,
  ),
  scalar(
    "uuid",
    UUIDS.map((text) => [text, Uuid.fromString(text)]),
    asText,
  ),
  scalar(
    "timeuuid",
    TIME_UUIDS.map((text) => [text, TimeUuid.fromString(text)]),
    asText,
  ),
  scalar(
    "timestamp",
    [
      ["1700000000123", new Date(1_700_000_000_123)],
      ["'2026-01-02T03:04:05Z'", new Date("2026-01-02T03:04:05Z")],
    ],
    ({ bound }) => (bound as Date).getTime(),
  ),
  scalar(
    "date",
    [
      ["'2026-01-02'", LocalDate.fromString("2026-01-02")],
      ["'1969-12-31'", LocalDate.fromString("1969-12-31")],
    ],
    asText,
  ),
  scalar(
    "time",
    [
      ["'10:11:12.5'", LocalTime.fromString("10:11:12.5")],
      ["'00:00:00'", LocalTime.fromString("00:00:00")],
    ],
    asText,
  ),
  scalar(
    "inet",
    [
      ["'10.0.0.1'", InetAddress.fromString("10.0.0.1")],
      ["'2001:db8::1'", InetAddress.fromString("2001:db8::1")],
    ],
    asText,
  ),
  scalar("blob", [
    ["0xcafe", Buffer.from("cafe", "hex")],
    ["0x", Buffer.alloc(0)],
  ]),
];

const SCALARS: readonly AnyType[] = [
  ...KEYS,
  scalar("double", [
    ["1.5", 1.5],
    ["-0.0", -0],
    ["1e300", 1e300],
    ["-Infinity", -Infinity],
  ]),
  scalar("float", [
    ["2.5", 2.5],
    ["NaN", Number.NaN],
  ]),
  scalar("duration", [
    ["1mo2d3h", Duration.fromString("1mo2d3h")],
    ["-5ns", Duration.fromString("-5ns")],
  ]),
];

/** Fit for a primary key, where an empty value is refused. */
export function keyType(dice: Dice): AnyType {
  const type = dice.pick(KEYS);
  const isEmpty = ({ literal }: AnyValue) => literal === "''" || literal === "0x";
  return {
    ...type,
    values: (again) => {
      for (;;) {
        const value = type.values(again);
        if (!isEmpty(value)) return value;
      }
    },
  };
}

/** Any type of a column. */
export function anyType(dice: Dice, userType: AnyType): AnyType {
  const [item, key] = [dice.pick(SCALARS), dice.pick(KEYS)];
  return dice.pick([
    () => item,
    () => item,
    () => listOf(item),
    () => setOf(key),
    () => mapOf(key, item),
    () => mapOf(key, frozen(listOf(INT))),
    () => setOf(frozen(userType)),
    () =>
      frozen(dice.pick([listOf(item), setOf(key), mapOf(key, item), userType, listOf(frozen(setOf(TEXT)))])),
    () => userType,
    () => tuple(item, TEXT),
    () => vector(),
  ])();
}

/** Its fields are whole values. */
export function userTypeOf(name: string, fields: NonNullable<AnyType["fields"]>): AnyType {
  return {
    cql: name,
    kind: "udt",
    fields,
    values: (dice) => {
      const one = dice.below(fields.length);
      const chosen = fields
        .filter((_, index) => index === one || dice.chance(0.6))
        .map(([field, type]) => [field, type.values(dice)] as const);
      return {
        literal: `{${chosen.map(([field, value]) => `${field}: ${value.literal}`).join(", ")}}`,
        bound: Object.fromEntries(
          fields.map(([field]) => [field, chosen.find(([is]) => is === field)?.[1].bound ?? null]),
        ),
      };
    },
  };
}

export function fieldTypes(dice: Dice): AnyType[] {
  return [TEXT, INT, dice.pick(SCALARS)];
}

function listOf(item: AnyType): AnyType {
  return collection("list", `list<${item.cql}>`, item, ["[", "]"], 1);
}

function setOf(item: AnyType): AnyType {
  return collection("set", `set<${item.cql}>`, item, ["{", "}"], 1);
}

function collection(
  kind: "list" | "set",
  cql: string,
  item: AnyType,
  [open, close]: readonly [string, string],
  least: number,
): AnyType {
  return {
    cql,
    kind,
    item,
    json:
      item.json &&
      (({ bound }) => (bound as unknown[]).map((one) => item.json?.({ bound: one, literal: "" }))),
    values: (dice) => {
      const items = distinct(dice.times(least, 3, () => item.values(dice)));
      return {
        literal: `${open}${items.map(({ literal }) => literal).join(", ")}${close}`,
        bound: items.map(({ bound }) => bound),
      };
    },
  };
}

function mapOf(key: AnyType, item: AnyType): AnyType {
  return {
    cql: `map<${key.cql}, ${item.cql}>`,
    kind: "map",
    key,
    item,
    values: (dice) => {
      const keys = distinct(dice.times(1, 3, () => key.values(dice)));
      const entries = keys.map((one) => [one, item.values(dice)] as const);
      return {
        literal: `{${entries.map(([one, value]) => `${one.literal}: ${value.literal}`).join(", ")}}`,
        bound: new Map(entries.map(([one, value]) => [one.bound, value.bound])),
      };
    },
  };
}

function frozen(type: AnyType): AnyType {
  return { ...type, cql: `frozen<${type.cql}>`, kind: "whole" };
}

function tuple(...items: readonly AnyType[]): AnyType {
  return {
    cql: `tuple<${items.map(({ cql }) => cql).join(", ")}>`,
    kind: "whole",
    values: (dice) => {
      const values = items.map((item) => item.values(dice));
      return {
        literal: `(${values.map(({ literal }) => literal).join(", ")})`,
        bound: new Tuple(...values.map(({ bound }) => bound)),
      };
    },
  };
}

function vector(): AnyType {
  return scalar("vector<float, 3>", [
    ["[1.0, 2.5, -3.0]", new Float32Array([1, 2.5, -3])],
    ["[0.0, 0.0, 0.0]", new Float32Array(3)],
  ]);
}

function distinct(values: readonly AnyValue[]): AnyValue[] {
  return [...new Map(values.map((value) => [value.literal, value])).values()];
}
