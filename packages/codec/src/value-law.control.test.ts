import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Codec, checkLaw } from "../test/law.ts";
import * as soundCodec from "./index.ts";

const CASES = 4_000;
const SEED = 4;

/** A reader that sees the last bit of its bytes the other way round. */
const flipped = (read: (bytes: Buffer) => unknown) => (bytes: Buffer) => {
  const wrong = Buffer.from(bytes);
  const last = wrong.length - 1;
  if (last >= 0) wrong.writeUInt8(wrong.readUInt8(last) ^ 1, last);
  return read(wrong);
};

/** A reader of elements that has them the other way round. */
const reversed =
  (read: (elements: unknown[], ...rest: unknown[]) => unknown) =>
  (elements: unknown[], ...rest: unknown[]) =>
    read([...elements].reverse(), ...rest);

type Read = (value: unknown, depth: number) => unknown;

const seen =
  (read: Read, change: (value: unknown) => unknown): Read =>
  (value, depth) =>
    change(read(value, depth));

type Break = (sound: never) => unknown;

/** One export of one module, and what is wrong with it. */
const BROKEN: readonly (readonly [what: string, module: string, name: string, wrong: Break])[] = [
  ["reads a time", "./wire/wire-time.ts", "timeFromBytes", () => () => new Date(0)],
  [
    "writes a time",
    "./wire/wire-time.ts",
    "timeToWire",
    (write: (date: Date, writer: unknown) => void) => (date: Date, writer: unknown) =>
      write(new Date(-date), writer),
  ],
  ["reads a bigint", "./wire/big-integer.ts", "bigintFromBytes", flipped],
  [
    "writes a bigint",
    "./wire/big-integer.ts",
    "bigintToBytes",
    (write: (value: bigint) => Uint8Array) => (value: bigint) => write(-value),
  ],
  ["reads an Integer", "./driver-values.ts", "integerFromBytes", flipped],
  ["reads a BigDecimal", "./driver-values.ts", "decimalFromBytes", flipped],
  ["reads a Uuid", "./driver-values.ts", "uuidFromBytes", flipped],
  ["reads an InetAddress", "./driver-values.ts", "inetFromBytes", flipped],
  ["reads a LocalDate", "./driver-values.ts", "localDateFromBytes", flipped],
  ["reads a LocalTime", "./driver-values.ts", "localTimeFromBytes", flipped],
  ["reads a Duration", "./driver-values.ts", "durationFromBytes", flipped],
  ["reads a Tuple", "./driver-values.ts", "tupleFromElements", reversed],
  ["reads a Vector", "./driver-values.ts", "vectorFromElements", reversed],
  [
    "writes a Long",
    "./driver-values.ts",
    "longToBigint",
    (read: (value: unknown) => bigint) => (value: unknown) => -read(value),
  ],
  [
    "reads a Long",
    "./driver-values.ts",
    "longFromBigint",
    (read: (value: bigint) => unknown) => (value: bigint) => read(-value),
  ],
  ["reads a Long that is a key", "./driver-values.ts", "longFromBytes", flipped],
  ["reads unset", "./driver-values.ts", "UNSET", () => null],
  [
    "writes an extension of bytes",
    "./driver-values.ts",
    "bytesOf",
    (write: (kind: string, value: unknown) => Uint8Array) => (kind: string, value: unknown) =>
      Buffer.from(write(kind, value)).reverse(),
  ],
  ["reads undefined", "./wire/from-wire.ts", "fromWire", (read) => seen(read, (value) => value ?? null)],
  ["reads -0", "./wire/from-wire.ts", "fromWire", (read) => seen(read, (value) => (value === 0 ? 0 : value))],
  [
    "reads a Map",
    "./wire/from-wire.ts",
    "fromWire",
    (read) => seen(read, (value) => (value instanceof Map ? new Map([...value].reverse()) : value)),
  ],
  [
    "reads a Set",
    "./wire/from-wire.ts",
    "fromWire",
    (read) => seen(read, (value) => (value instanceof Set ? new Set([...value].reverse()) : value)),
  ],
  [
    "reads a Float32Array",
    "./wire/from-wire.ts",
    "fromWire",
    (read) => seen(read, (value) => (value instanceof Float32Array ? value.map((float) => -float) : value)),
  ],
];

async function brokenCodec(module: string, name: string, wrong: Break): Promise<Codec> {
  vi.resetModules();
  vi.doMock(module, async (importOriginal) => {
    const sound = await importOriginal<Record<string, unknown>>();
    return { ...sound, [name]: wrong(sound[name] as never) };
  });
  return await import("./index.ts");
}

afterEach(() => {
  for (const [, module] of BROKEN) vi.doUnmock(module);
  vi.resetModules();
});

describe("the check of the law (control)", { timeout: 120_000 }, () => {
  it.each(BROKEN)("fails over a codec that wrongly %s", async (_, module, name, wrong) => {
    const result = checkLaw(await brokenCodec(module, name, wrong), { cases: CASES, seed: SEED });
    expect(result.failed).toBe(true);
  });

  it("passes over ours with the same cases", () => {
    expect(fc.defaultReportMessage(checkLaw(soundCodec, { cases: CASES, seed: SEED }))).toBeUndefined();
  });

  it("passes over one that was only loaded anew", async () => {
    const codec = await brokenCodec("./wire/wire-time.ts", "timeFromBytes", (sound) => sound);
    expect(fc.defaultReportMessage(checkLaw(codec, { cases: CASES, seed: SEED }))).toBeUndefined();
  });
});
