import { createPayload, type DeadLetter } from "@helix/core";
import { types } from "cassandra-driver";
import { expect, test } from "vitest";
import { valuesOf } from "./values.ts";

const letter = (params: readonly unknown[] | Record<string, unknown>) => {
  const operation = { kind: "statement", query: "INSERT INTO t (a) VALUES (?)", params } as const;
  const payload = createPayload({ targetCluster: "B", operation, timestampMicros: 1n });
  return { content: { ok: true, payload } } as Pick<DeadLetter, "content"> as DeadLetter;
};

test.each<[string, unknown, unknown]>([
  ["a text", "Alice", "Alice"],
  ["a number", 1.5, 1.5],
  ["null", null, null],
  ["true", true, true],
  ["NaN", Number.NaN, { type: "number", value: "NaN" }],
  ["minus zero", -0, { type: "number", value: "-0" }],
  ["a bigint", 2n ** 60n, { type: "bigint", value: "1152921504606846976" }],
  ["nothing", undefined, { type: "unset" }],
  ["bytes", Buffer.from("ab"), { type: "buffer", value: "YWI=" }],
  ["a time", new Date(0), { type: "date", value: "1970-01-01T00:00:00.000Z" }],
  ["a long", types.Long.fromString("9223372036854775807"), { type: "long", value: "9223372036854775807" }],
  [
    "a uuid",
    types.Uuid.fromString("de792bf9-8376-4b64-be76-4ccd1be4397d"),
    { type: "uuid", value: "de792bf9-8376-4b64-be76-4ccd1be4397d" },
  ],
  ["an address", types.InetAddress.fromString("10.0.0.1"), { type: "inet", value: "10.0.0.1" }],
  ["a day", types.LocalDate.fromString("2026-11-29"), { type: "localDate", value: "2026-11-29" }],
  ["a tuple", new types.Tuple("a", 1n), { type: "tuple", value: ["a", { type: "bigint", value: "1" }] }],
  ["a list", ["a", 1n], ["a", { type: "bigint", value: "1" }]],
  ["a set", new Set(["a"]), { type: "set", value: ["a"] }],
  [
    "a map",
    new Map([["a", new Date(0)]]),
    { type: "map", value: [["a", { type: "date", value: "1970-01-01T00:00:00.000Z" }]] },
  ],
  [
    "a type of the user's",
    { type: "x", value: 1n },
    { type: "object", value: { type: "x", value: { type: "bigint", value: "1" } } },
  ],
])("%s is shown as JSON that says what it was", (_, value, shown) => {
  expect(valuesOf(letter([value])).statements?.[0]?.params).toEqual([shown]);
  expect(valuesOf(letter({ named: value })).statements?.[0]?.params).toEqual({ named: shown });
});

test("of what is no payload the bytes are shown", () => {
  const content = { ok: false, raw: Uint8Array.from([255, 0]), error: new Error() };
  expect(valuesOf({ content } as unknown as DeadLetter)).toEqual({ raw: "/wA=" });
});
