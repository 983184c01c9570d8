import { describe, expect, test } from "vitest";
import {
  boolean,
  callback,
  describeValue,
  having,
  integer,
  milliseconds,
  oneOf,
  optional,
  readOptions,
} from "./index.ts";

interface Options {
  size: number;
  delayMs: number;
  strict: boolean;
  mode: "a" | "b";
  onDone: (() => void) | undefined;
  queue: { close(): void } | undefined;
}
const read = (options: unknown) =>
  readOptions<Options>(
    "Thing",
    {
      size: integer({ min: 1, max: 9, fallback: 3 }),
      delayMs: milliseconds({ fallback: 100 }),
      strict: boolean(false),
      mode: oneOf(["a", "b"], "a"),
      onDone: callback(),
      queue: optional(having<{ close(): void }>("a queue", ["close"])),
    },
    options,
  );

describe("readOptions", () => {
  test("fills in the defaults, and leaves out what is optional and absent", () => {
    expect(read(undefined)).toEqual({ size: 3, delayMs: 100, strict: false, mode: "a" });
    expect(read({ size: undefined })).toEqual(read({}));
  });

  test("keeps what was given", () => {
    const given = { size: 9, delayMs: 1, strict: true, mode: "b", onDone: () => {}, queue: { close() {} } };
    expect(read(given)).toEqual(given);
  });

  test.each<[unknown, typeof TypeError | typeof RangeError, string]>([
    [{ size: 0 }, RangeError, "Expected `size` to be an integer from 1 to 9, got `0` (number)"],
    [{ size: 10 }, RangeError, "Expected `size` to be an integer from 1 to 9, got `10` (number)"],
    [{ size: 1.5 }, TypeError, "Expected `size` to be an integer from 1 to 9, got `1.5` (number)"],
    [{ size: "3" }, TypeError, 'Expected `size` to be an integer from 1 to 9, got "3" (string)'],
    [{ size: Number.NaN }, TypeError, "Expected `size` to be an integer from 1 to 9, got `NaN` (number)"],
    [{ size: null }, TypeError, "Expected `size` to be an integer from 1 to 9, got null"],
    [
      { delayMs: 2 ** 31 },
      RangeError,
      "Expected `delayMs` to be an integer from 1 to 2147483647, got `2147483648` (number)",
    ],
    [{ strict: "yes" }, TypeError, 'Expected `strict` to be a boolean, got "yes" (string)'],
    [{ mode: "c" }, TypeError, 'Expected `mode` to be "a" or "b", got "c" (string)'],
    [{ onDone: {} }, TypeError, "Expected `onDone` to be a function, got an object"],
    [{ queue: {} }, TypeError, "Expected `queue` to be a queue (with `close`), got an object"],
    [
      { sise: 1 },
      TypeError,
      "Unknown option `sise` of Thing; there are `size`, `delayMs`, `strict`, `mode`, `onDone`, `queue`",
    ],
    [5, TypeError, "Expected the options of Thing to be an object, got number"],
    [null, TypeError, "Expected the options of Thing to be an object, got null"],
    [[], TypeError, "Expected the options of Thing to be an object, got an array of 0"],
  ])("refuses %j", (options, type, message) => {
    expect(() => read(options)).toThrow(new type(message));
    expect(() => read(options)).toThrow(type);
  });

  test("refuses what has a getter that throws for a method, as what has none", () => {
    const queue = Object.defineProperty({}, "close", {
      get() {
        throw new Error("getter");
      },
    });
    expect(() => read({ queue })).toThrow("Expected `queue` to be a queue (with `close`), got an object");
  });

  test("refuses one that is below another which it may not be below", () => {
    const options = {
      least: integer({ min: 1, fallback: 5 }),
      most: integer({ min: 1, fallback: 9, atLeast: "least" }),
    };
    expect(readOptions("Pair", options, { most: 5 })).toEqual({ least: 5, most: 5 });
    expect(() => readOptions("Pair", options, { least: 10 })).toThrow(
      new RangeError("Expected `most` to be at least `least` (10), got `9` (number)"),
    );
  });

  test("does not take what every object inherits for a known option", () => {
    expect(() => read({ toString: 1 })).toThrow(/Unknown option `toString`/);
  });
});

test("describeValue never shows a long text or what is inside an object", () => {
  expect(describeValue({ password: "secret" })).toBe("an object");
  expect(describeValue(["secret"])).toBe("an array of 1");
  expect(describeValue(new Map())).toBe("a Map");
  expect(describeValue("s".repeat(41))).toBe("a string of 41 characters");
  expect(describeValue(-0)).toBe("`-0` (number)");
  expect(describeValue(5n)).toBe("`5` (bigint)");
  expect(describeValue(undefined)).toBe("undefined");
});
