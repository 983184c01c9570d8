import { describe, expect, it } from "vitest";
import { isHelixError } from "../errors.ts";
import { assertBindable, type ValueKind, valueKind } from "./value-kind.ts";

/**
 * The driver's classes by shape alone: core does not know the driver, and neither does another copy of it.
 */
class Shaped {
  constructor(fields: object) {
    Object.assign(this, fields);
  }
}
const method = () => Buffer.alloc(0);
function row(columns: object): object {
  const prototype = { get: method, values: method, keys: method };
  return Object.assign(Object.create(prototype, { __columns: { value: [] } }), columns);
}
const integer = new Shaped({ bits_: [1], sign_: 0 });

const KINDS: readonly (readonly [ValueKind | undefined, string, unknown])[] = [
  ["null", "null", null],
  ["undefined", "undefined", undefined],
  ["unset", "the driver's unset", Object.freeze({ unset: true })],
  ["object", "a user-defined type with a field `unset`", { unset: true }],
  ["boolean", "a boolean", false],
  ["number", "NaN", Number.NaN],
  ["bigint", "a bigint", 1n],
  ["string", "an empty string", ""],
  ["buffer", "a Buffer", Buffer.alloc(0)],
  ["date", "a Date", new Date(0)],
  ["long", "a Long", new Shaped({ __isLong__: true, high: 0, low: 1 })],
  ["integer", "an Integer", integer],
  ["decimal", "a BigDecimal", new Shaped({ _intVal: integer, _scale: 2 })],
  ["uuid", "a Uuid", new Shaped({ getBuffer: method, buffer: Buffer.alloc(16) })],
  [
    "timeuuid",
    "a TimeUuid",
    new Shaped({ getBuffer: method, getDatePrecision: method, buffer: Buffer.alloc(16) }),
  ],
  ["inet", "an IPv6 address", new Shaped({ getBuffer: method, buffer: Buffer.alloc(16), version: 6 })],
  ["localDate", "a LocalDate", new Shaped({ toBuffer: method, year: 2024, day: 1 })],
  ["localTime", "a LocalTime", new Shaped({ toBuffer: method, getTotalNanoseconds: method })],
  ["duration", "a Duration", new Shaped({ toBuffer: method, months: 1, days: 2, nanoseconds: 3 })],
  ["tuple", "a Tuple", new Shaped({ elements: [1], get: method, values: method })],
  ["vector", "a Vector", new Proxy(new Shaped({ IDENTITY: "Vector", elements: [1] }), {})],
  ["float32Array", "a Float32Array", new Float32Array(1)],
  ["map", "a Map", new Map()],
  ["set", "a Set", new Set()],
  ["array", "an array", []],
  ["object", "a plain object that looks like a Long", { __isLong__: true }],
  [undefined, "a function", () => {}],
  [undefined, "a symbol", Symbol("s")],
  [undefined, "an Invalid Date", new Date(Number.NaN)],
  [undefined, "a Uint8Array that is no Buffer", new Uint8Array(1)],
  [undefined, "a Float64Array", new Float64Array(1)],
  [undefined, "an ArrayBuffer", new ArrayBuffer(1)],
  ["object", "an object without prototype", Object.create(null)],
  ["object", "an instance of a class of the application's", new Shaped({ a: 1 })],
  ["object", "a row with a column that makes it look like a tuple", row({ elements: [1] })],
  [undefined, "an iterable of the application's", new Shaped({ [Symbol.iterator]: method })],
  [undefined, "a class that makes bytes, and is not known", new Shaped({ toBuffer: method })],
  [undefined, "a generator", (function* () {})()],
  [undefined, "an Error", new Error("text")],
  [undefined, "a URL", new URL("http://localhost")],
  [undefined, "a boxed string", Object("text")],
  [undefined, "a promise", Promise.resolve()],
  [undefined, "a Uuid of 15 bytes", new Shaped({ getBuffer: method, buffer: Buffer.alloc(15) })],
];

describe("valueKind", () => {
  it.each(KINDS)("says %s of %s", (kind, _name, value) => {
    expect(valueKind(value)).toBe(kind);
  });
});

describe("assertBindable", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const secret = "alice@example.com";

  it.each<[string, unknown, string]>([
    [
      "a class that no column takes in a list",
      [1, 2, 3, { items: ["a", "b", new Error(secret)] }],
      "params[3]{0}[2]",
    ],
    ["a function among named parameters", { name: () => secret }, "params{0}"],
    ["a value of a Map", [new Map([["k", Symbol(secret)]])], "params[0].values[0]"],
    ["a key of a Map", [new Map([[new Error(secret), 1]])], "params[0].keys[0]"],
    ["an element of a Set", [new Set([1, new Uint8Array(1)])], "params[0][1]"],
    [
      "an element of a tuple",
      [new Shaped({ elements: [1, method], get: method, values: method })],
      "params[0][1]",
    ],
    ["half of a surrogate pair", ["fine", `${secret}\ud800`], "params[1]"],
    // biome-ignore lint/suspicious/noSparseArray: it is what is refused
    ["a hole in an array", [[1, , 3]], "params[0][1]"],
    ["a field named __proto__", [JSON.parse('{"__proto__": 1}')], "params[0]{0}"],
    ["a value under a key that is data", [{ ok: 1, [secret]: method }], "params[0]{1}"],
    ["parameters that are a Map", new Map([["a", 1]]), "params"],
  ])("refuses %s, naming the place and not the value", (_name, params, path) => {
    const error = thrownBy(() => assertBindable(params));
    expect(isHelixError(error, "HELIX_PAYLOAD_INVALID") && error.path).toBe(path);
    expect(String(error)).toContain(path);
    expect(String(error)).not.toContain(secret);
  });

  it("ends with a refusal where a value contains itself", () => {
    expect(() => assertBindable(cyclic)).toThrow("deeper than 64 levels");
  });

  it("names the place by the path that it was given", () => {
    expect(() => assertBindable([method], "statements[1].params")).toThrow("`statements[1].params[0]`");
  });

  it("accepts every kind of value, also nested and named", () => {
    const good = KINDS.filter(([kind]) => kind !== undefined).map(([, , value]) => value);
    assertBindable(good);
    assertBindable({ all: good, deeper: [new Set(good), new Map([["k", good]])] });
  });
});

function thrownBy(run: () => void): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
