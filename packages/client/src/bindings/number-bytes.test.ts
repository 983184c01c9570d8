import { types } from "cassandra-driver";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { numbersAsBytes } from "./adapt-values.ts";
import { columnFault } from "./check-column.ts";
import { type ColumnType, CQL } from "./column-type.ts";
import { driverEncoder } from "./driver-encoder.ts";
import { decimalOf, MAX_NUMBER_LENGTH, varintBytes, varintOf } from "./number-bytes.ts";
import { byPosition } from "./positions.ts";
import { SCALARS } from "./scalar-columns.ts";

const VARINT: ColumnType = { code: CQL.varint };
const DECIMAL: ColumnType = { code: CQL.decimal };
const plain = driverEncoder({});
const bigint = driverEncoder({ useBigIntAsVarint: true });

const sign = fc.constantFrom("", "+", "-");
const digits = fc.stringMatching(/^\d{1,60}$/);
const wholes = fc.tuple(sign, digits).map((parts) => parts.join(""));
const fractions = fc.oneof(digits, fc.constant("")).map((text) => `.${text}`);
const decimals = fc
  .tuple(sign, fc.oneof(digits, fc.constant("")), fc.oneof(fractions, fc.constant("")))
  .map((parts) => parts.join(""))
  .filter((text) => /\d/.test(text));

describe("the bytes of a number in digits", () => {
  it("are those of the driver, whole", () => {
    fc.assert(fc.property(wholes, (text) => void expect(varintOf(text)).toEqual(plain.encode(text, VARINT))));
  });

  it("are those of the driver, with a fraction", () => {
    fc.assert(
      fc.property(decimals, (text) => void expect(decimalOf(text)).toEqual(plain.encode(text, DECIMAL))),
    );
  });

  it("are those of the driver, as a bigint", () => {
    const edges = [0n, -1n, 127n, 128n, -128n, -129n, 255n, 256n, -256n, 2n ** 63n, -(2n ** 63n)];
    for (const value of edges) expect(varintBytes(value)).toEqual(bigint.encode(value, VARINT));
    fc.assert(
      fc.property(
        fc.bigInt(),
        (value) => void expect(varintBytes(value)).toEqual(bigint.encode(value, VARINT)),
      ),
    );
  });

  it("leave a short text that is no number to the driver", () => {
    expect([varintOf("12abc"), decimalOf(" 1.5 ")]).toEqual(["12abc", " 1.5 "]);
  });
});

/** A megabyte of what patterns and parsers of numbers and names dislike. */
const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  digits: (n) => "9".repeat(n),
  "digits of a negative number": (n) => `-${"9".repeat(n)}`,
  "digits and a letter": (n) => `${"9".repeat(n)}x`,
  zeros: (n) => `${"0".repeat(n)}1`,
  "digits, a point and digits": (n) => `${"9".repeat(n / 2)}.${"9".repeat(n / 2)}`,
  "digits, a point, digits and a letter": (n) => `${"9".repeat(n / 2)}.${"9".repeat(n / 2)}x`,
  "an exponent": (n) => `1e${"9".repeat(n)}`,
  points: (n) => "1.".repeat(n / 2),
  colons: (n) => "0:".repeat(n / 2),
  dashes: (n) => "-".repeat(n),
  "a year": (n) => `${"9".repeat(n)}-01-01`,
  "a part of a second": (n) => `10:10:10.${"0".repeat(n)}`,
  "an address": (n) => `0:0:0:0:0:ffff:${"1.".repeat(n / 2)}`,
  "a zone of an address": (n) => `fe80::1%${"a".repeat(n)}`,
  hex: (n) => "a".repeat(n),
  blanks: (n) => " ".repeat(n),
};

/** Far above what a megabyte takes, far below what its square does. */
const MOST_MS = 1000;

test.each(Object.keys(HOSTILE))(
  "a megabyte of %s is refused, or bound, by every column in no time",
  (name) => {
    const text = HOSTILE[name]?.(1_000_000) ?? "";
    for (const [code, scalar] of Object.entries(SCALARS)) {
      const type = { code: Number(code) };
      const startedAt = performance.now();
      if (columnFault(text, type, {}) === undefined) {
        const [bound] = numbersAsBytes(byPosition([text], ["v"], "params"), [type]);
        plain.encode(bound, type);
      }
      expect(performance.now() - startedAt, scalar.name).toBeLessThan(MOST_MS);
    }
  },
);

test("a hundred numbers of as many digits as are taken are bound in no time, in a list too", () => {
  const text = "9".repeat(MAX_NUMBER_LENGTH);
  const values = Array.from({ length: 100 }, () => text);
  const startedAt = performance.now();
  for (const item of [VARINT, DECIMAL]) {
    const type = { code: CQL.list, info: item };
    expect(columnFault(values, type, {})).toBeUndefined();
    const [bound] = numbersAsBytes(byPosition([values], ["v"], "params"), [type]);
    plain.encode(bound, type);
  }
  expect(performance.now() - startedAt).toBeLessThan(MOST_MS);
});

test("a bigint of a megabyte is bound in no time, whoever binds it", () => {
  const value = BigInt(`0x${"7".repeat(2_000_000)}`);
  const startedAt = performance.now();
  const [bound] = numbersAsBytes(byPosition([value], ["v"], "params"), [VARINT]);
  expect((bound as Buffer).length).toBe(1_000_000);
  expect(performance.now() - startedAt).toBeLessThan(MOST_MS);
});

test("a number of more digits is refused by its path, checked or not", () => {
  const text = "9".repeat(MAX_NUMBER_LENGTH + 1);
  for (const code of [CQL.varint, CQL.decimal, CQL.bigint, CQL.int, CQL.double]) {
    expect(columnFault(text, { code }, {})?.what).toMatch(/more than 10000 characters/);
  }
  const bind = () => numbersAsBytes(byPosition([1, text], ["k", "v"], "params"), [VARINT, VARINT]);
  expect(bind).toThrow(expect.objectContaining({ code: "HELIX_PAYLOAD_INVALID", path: "params[1]" }));
});

test("what is bound to other columns is what was given", () => {
  const values = [new types.Integer([1], 0), ["1"], "text"];
  const columns = [{ code: CQL.int }, { code: CQL.list, info: { code: CQL.text } }, { code: CQL.text }];
  expect(numbersAsBytes(byPosition(values, ["a", "b", "c"], "params"), columns)).toBe(values);
});
