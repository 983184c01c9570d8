import { describe, expect, it } from "vitest";
import { textOf } from "./raw-text.ts";

type Header = readonly [form: string, header: (length: number) => Buffer, greatest: number];

function header(first: number, lengthBytes: 1 | 2 | 4): Header[1] {
  return (length) => {
    const bytes = Buffer.alloc(1 + lengthBytes, first);
    bytes.writeUIntBE(length, 1, lengthBytes);
    return bytes;
  };
}

const TEXT: readonly Header[] = [
  ["fixstr", (length) => Buffer.of(0xa0 + length), 31],
  ["str8", header(0xd9, 1), 2 ** 8 - 1],
  ["str16", header(0xda, 2), 2 ** 16 - 1],
  ["str32", header(0xdb, 4), 2 ** 24],
];
const BIN: readonly Header[] = [
  ["bin8", header(0xc4, 1), 2 ** 8 - 1],
  ["bin16", header(0xc5, 2), 2 ** 16 - 1],
  ["bin32", header(0xc6, 4), 2 ** 24],
];
/** Also those whose bytes look like the first byte of a header. */
const LENGTHS = [
  0, 1, 31, 32, 160, 191, 0xc4, 0xd9, 0xda, 0xdb, 255, 256, 0xd91f, 0xdada, 0xdbdb, 65_535, 65_536,
];
/** What stands before: nothing, or what would be the beginning of a longer header. */
const BEFORE = ["", "00000000", "a0a0a0a0", "d9d9d9d9", "dadadada", "dbdbdbdb", "db000000", "dbdb0000"];

function read(form: (length: number) => Buffer, length: number, before: string): string | undefined {
  const prefix = Buffer.concat([Buffer.from(before, "hex"), form(length)]);
  // Somewhere within a greater allocation, as the bytes of a message may be.
  const whole = Buffer.concat([Buffer.alloc(7, 0xd9), prefix, Buffer.alloc(length, "x")]);
  const source = whole.subarray(7);
  return textOf(source.subarray(prefix.length), source);
}

describe("textOf", () => {
  it.each(TEXT)(
    "takes what has a header of %s for text, whatever its length and what stands before",
    (...form) => {
      const [, make, greatest] = form;
      for (const length of LENGTHS.filter((one) => one <= greatest)) {
        for (const before of BEFORE) expect(read(make, length, before)).toBe("x".repeat(length));
      }
    },
  );

  it.each(BIN)(
    "takes what has a header of %s for none, whatever its length and what stands before",
    (...form) => {
      const [, make, greatest] = form;
      for (const length of LENGTHS.filter((one) => one <= greatest)) {
        for (const before of BEFORE) expect(read(make, length, before)).toBeUndefined();
      }
    },
  );
});
