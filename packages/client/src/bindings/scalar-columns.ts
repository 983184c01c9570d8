import type { ValueKind } from "@helix/core/internal";
import { type ColumnEncoding, CQL } from "./column-type.ts";
import {
  isDate,
  isDecimal,
  isFloat,
  isInetAddress,
  isInstant,
  isTimeOfDay,
  isUuid,
  isWholeNumber,
} from "./cql-strings.ts";
import { longToBigint } from "./long.ts";
import { MAX_NUMBER_LENGTH } from "./number-bytes.ts";

/** What is wrong with a value of the kind; undefined if the driver sends just that. */
export type Rule<T> = (value: T, encoding: ColumnEncoding) => string | undefined;

interface Kinds {
  readonly number: number;
  readonly string: string;
  readonly bigint: bigint;
}

export interface Scalar {
  readonly name: string;
  /** By kind of value. A kind that is missing is refused. */
  readonly takes: { readonly [K in ValueKind]?: Rule<K extends keyof Kinds ? Kinds[K] : unknown> };
}

const asItIs = () => undefined;

const text =
  (isRight: (text: string) => boolean, what = "a string of another form"): Rule<string> =>
  (value) =>
    isRight(value) ? undefined : what;

const within = (value: bigint, bits: number) =>
  BigInt.asIntN(bits, value) === value ? undefined : `a number beyond ${bits} bits`;

/** A text of a number, and of no more digits than anybody means. */
const numeral =
  (rule: Rule<string>): Rule<string> =>
  (value, encoding) =>
    value.length > MAX_NUMBER_LENGTH
      ? `a string of more than ${MAX_NUMBER_LENGTH} characters`
      : rule(value, encoding);

const digits = (bits: number): Rule<string> =>
  numeral((value) =>
    isWholeNumber(value) ? within(BigInt(value), bits) : "a string that is no whole decimal number",
  );

const whole: Rule<number> = (value) => {
  if (!Number.isInteger(value)) return "a number that is not whole";
  return Number.isSafeInteger(value) ? undefined : "a number beyond 2^53, which is not exact";
};

const NEEDS_BIGINT = "a number or Long where the driver's option takes bigint and strings";
const NO_BIGINT = "a bigint, without the driver's option for it";

const unlessBigint =
  <T>(option: "useBigIntAsLong" | "useBigIntAsVarint", rule: Rule<T>): Rule<T> =>
  (value, encoding) =>
    encoding[option] && !encoding.either ? NEEDS_BIGINT : rule(value, encoding);

/** An unsigned Long is sent with its bits, which may be those of a negative number. */
const long: Rule<unknown> = (value) => {
  const { unsigned, high } = value as { readonly unsigned?: unknown; readonly high: number };
  return unsigned === true && high < 0 ? "an unsigned Long beyond 63 bits" : undefined;
};

const bigintAsLong: Rule<bigint> = (value, { useBigIntAsLong, either }) =>
  useBigIntAsLong || either ? within(value, 64) : NO_BIGINT;

const int64 = (name: string): Scalar => ({
  name,
  takes: {
    number: unlessBigint("useBigIntAsLong", whole),
    long: unlessBigint("useBigIntAsLong", long),
    string: digits(64),
    bigint: bigintAsLong,
  },
});

const smallInteger = (name: string, bits: 8 | 16 | 32): Scalar => ({
  name,
  takes: {
    number: (value) => whole(value, {}) ?? within(BigInt(value), bits),
    long: (value) => long(value, {}) ?? within(longToBigint(value), bits),
    string: digits(bits),
  },
});

const float = (name: string, isInRange: (value: number) => boolean): Scalar => {
  const number: Rule<number> = (value) =>
    Number.isFinite(value) && !isInRange(value) ? "a number beyond its range" : undefined;
  return {
    name,
    takes: {
      number,
      string: numeral((value, encoding) => {
        if (!isFloat(value)) return "a string that is no decimal number";
        const parsed = Number.parseFloat(value);
        const hasOverflown = !Number.isFinite(parsed) && !value.endsWith("Infinity");
        return hasOverflown ? "a number beyond its range" : number(parsed, encoding);
      }),
    },
  };
};

/** The driver writes a number with exponent to 20 places, if it is small; a great one it misreads. */
const decimalNumber: Rule<number> = (value) => {
  if (!Number.isFinite(value)) return "a number that is not finite";
  if (!String(value).includes("e")) return undefined;
  const places = value.toFixed(20);
  return !places.includes("e") && Number(places) === value ? undefined : "a number of too great an exponent";
};

const varchar: Scalar = { name: "text", takes: { string: asItIs } };

/** Cassandra takes only version 1; the driver sends any. */
const VERSION_1 = "a UUID of another version than 1";

/** By the code of the type. */
export const SCALARS: Readonly<Record<number, Scalar>> = {
  [CQL.ascii]: {
    name: "ascii",
    takes: { string: text((value) => /^\p{ASCII}*$/u.test(value), "a string with more than ASCII") },
  },
  [CQL.text]: varchar,
  [CQL.varchar]: varchar,
  [CQL.bigint]: int64("bigint"),
  [CQL.counter]: int64("counter"),
  [CQL.varint]: {
    name: "varint",
    takes: {
      number: unlessBigint("useBigIntAsVarint", whole),
      integer: unlessBigint("useBigIntAsVarint", asItIs),
      string: numeral(text(isWholeNumber, "a string that is no whole decimal number")),
      bigint: (_, { useBigIntAsVarint, either }) => (useBigIntAsVarint || either ? undefined : NO_BIGINT),
      // What is an int64 in a queue is read as a Long.
      long: (_, { either }) => (either ? undefined : "a Long"),
    },
  },
  [CQL.decimal]: {
    name: "decimal",
    takes: {
      decimal: asItIs,
      number: decimalNumber,
      string: numeral(text(isDecimal, "a string that is no decimal number without exponent")),
    },
  },
  [CQL.int]: smallInteger("int", 32),
  [CQL.smallint]: smallInteger("smallint", 16),
  [CQL.tinyint]: smallInteger("tinyint", 8),
  [CQL.double]: float("double", Number.isFinite),
  [CQL.float]: float("float", (value) => Number.isFinite(Math.fround(value))),
  [CQL.boolean]: { name: "boolean", takes: { boolean: asItIs } },
  [CQL.blob]: { name: "blob", takes: {} },
  [CQL.timestamp]: {
    name: "timestamp",
    takes: {
      date: asItIs,
      number: whole,
      long,
      bigint: bigintAsLong,
      string: text(isInstant, "a string without a zone, or of another form"),
    },
  },
  [CQL.date]: {
    name: "date",
    takes: {
      localDate: asItIs,
      string: text(isDate),
      // A day only in a zone, and the driver takes the machine's.
      date: (_, { either }) => (either ? undefined : "a Date"),
    },
  },
  [CQL.time]: { name: "time", takes: { localTime: asItIs, string: text(isTimeOfDay) } },
  [CQL.duration]: { name: "duration", takes: { duration: asItIs } },
  [CQL.uuid]: { name: "uuid", takes: { uuid: asItIs, timeuuid: asItIs, string: text(isUuid) } },
  [CQL.timeuuid]: {
    name: "timeuuid",
    takes: {
      uuid: versionOf,
      timeuuid: versionOf,
      string: (value) =>
        !isUuid(value) ? "a string of another form" : value[14] === "1" ? undefined : VERSION_1,
    },
  },
  [CQL.inet]: { name: "inet", takes: { inet: asItIs, string: text(isInetAddress) } },
};

function versionOf(value: unknown): string | undefined {
  const { buffer } = value as { readonly buffer: Uint8Array };
  return (buffer[6] as number) >> 4 === 1 ? undefined : VERSION_1;
}
