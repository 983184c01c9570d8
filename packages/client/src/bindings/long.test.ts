import { types } from "cassandra-driver";
import fc from "fast-check";
import { expect, it } from "vitest";
import { longBytes, longToBigint, toLong } from "./long.ts";

const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  // About where a number ceases to be exact, or to have 32 bits.
  fc
    .constantFrom(53n, 32n, 31n)
    .chain((bits) => fc.bigInt({ min: -5n, max: 5n }).map((by) => 2n ** bits + by)),
  fc.bigInt({ min: -5n, max: 5n }).map((by) => -(2n ** 53n) + by),
);

it("a bigint is the Long of the same digits, and back, and has the eight bytes of it", () => {
  fc.assert(
    fc.property(int64, (value) => {
      const long = types.Long.fromString(String(value));
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(value);
      expect(toLong(value)).toEqual(long);
      expect(longToBigint(toLong(value))).toBe(value);
      expect(longBytes(long)).toEqual(bytes);
    }),
    { numRuns: 2_000 },
  );
});
