import { describe, expect, test } from "vitest";
import { boundedFields } from "./bounded-line.ts";
import { errorText, LoggableError } from "./error-text.ts";
import { harmlessLogger } from "./harmless.ts";

const long = "x".repeat(1_000_000);
const lengthOf = (value: unknown) => JSON.stringify(value).length;

describe("the fields of a log line", () => {
  test("stay the same object where nothing is long", () => {
    const error = new LoggableError(new TypeError("short", { cause: new Error("why") }));
    const fields = { cluster: "B", tables: ["ks.t"], error, at: new Date(0), more: { n: 1, none: null } };
    expect(boundedFields(fields)).toBe(fields);
  });

  test("keep the head of a long text, and say how long it was", () => {
    expect(boundedFields({ id: "p1", tables: [`ks.${long}`] })).toEqual({
      id: "p1",
      tables: [`ks.${"x".repeat(967)}… (1000003 characters)`],
    });
  });

  test("never end in the half of a character", () => {
    expect(boundedFields({ text: `${"x".repeat(969)}😀${"y".repeat(29)}` })).toEqual({
      text: `${"x".repeat(969)}😀${"y".repeat(29)}`,
    });
    expect(boundedFields({ text: `${"x".repeat(969)}😀${"y".repeat(30)}` })).toEqual({
      text: `${"x".repeat(969)}… (1001 characters)`,
    });
  });

  test("are not cut again where they were cut before", () => {
    const once = boundedFields({ table: long, error: new Error(long) });
    expect(boundedFields(once)).toBe(once);
  });

  test("have of an error what may be told, and where it was thrown, however deep it stands and whatever was thrown", () => {
    const error = new TypeError("canary\n  at canary", { cause: new Error("canary") });
    const bounded = boundedFields({
      error,
      cause: "canary",
      err: { canary: 1 },
      more: [Object.assign(error, { query: "canary" })],
    });
    expect(JSON.stringify(bounded)).not.toContain("canary");
    expect(bounded).toMatchObject({
      error: {
        name: "TypeError",
        text: "TypeError",
        frames: expect.arrayContaining([expect.stringMatching(/^at .*:\d+:\d+\)?$/)]),
      },
      cause: { name: "string", text: "a thrown string" },
      err: { name: "object", text: "Error" },
      more: [{ text: "TypeError" }],
    });
  });

  test.each<[string, object]>([
    ["a table name of 1 MB", { table: long }],
    ["65,535 tables", { tables: Array.from({ length: 65_535 }, (_, n) => `ks.table_${n}`) }],
    ["as many keys", Object.fromEntries(Array.from({ length: 65_535 }, (_, n) => [`key${n}`, n]))],
    ["a key of 1 MB", { [long]: 1 }],
    ["an error of 1 MB", { error: new Error(long) }],
    ["a cause of 1 MB", { error: new Error("short", { cause: new Error(long) }) }],
    ["an error that carries 1 MB", { error: Object.assign(new Error("short"), { query: long }) }],
    ["an error described with 1 MB", { error: new LoggableError({ name: long, code: long }, long) }],
    ["bytes", { raw: new Uint8Array(1_000_000) }],
    ["many objects in many objects", tree(5, 20)],
    ["objects that never end", endless()],
    ["many texts that are each short enough", { texts: Array(200).fill("x".repeat(1_000)) }],
  ])("are bounded with %s", (_, fields) => {
    expect(lengthOf(boundedFields(fields))).toBeLessThan(16_000);
  });
});

test("a line of whoever logs is bounded before the application's logger gets it, the sentence too", () => {
  const lines: unknown[] = [];
  const record = (fields: object, message: string) => lines.push([fields, message]);
  harmlessLogger({ debug: record, info: record, warn: record, error: record }).warn({ table: long }, long);
  expect(lines).toHaveLength(1);
  expect(lengthOf(lines)).toBeLessThan(3_000);
});

test("the text of an error is bounded wherever it is told", () => {
  expect(errorText(new Error(long)).length).toBeLessThan(1_100);
  expect(errorText({ name: long, code: long }).length).toBeLessThan(2_200);
});

function tree(depth: number, width: number): object {
  const child = depth === 0 ? {} : tree(depth - 1, width);
  return Object.fromEntries(Array.from({ length: width }, (_, n) => [`key${n}`, child]));
}

function endless(): object {
  const one: Record<string, unknown> = {};
  for (const key of ["a", "b", "c", "d", "e"]) one[key] = one;
  return one;
}
