import { ManualClock } from "@helix/testkit/manual-clock";
import { expect, test, vi } from "vitest";
import { Tokens } from "./tokens.ts";
import { tokensIn } from "./tokens-in.ts";

const token = (letter: string) => letter.repeat(32);

function setUp(texts: Partial<Record<"read" | "operate" | "destroy" | "values", string>>) {
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const log = (fields: object, message: string) => void lines.push({ ...fields, message });
  const files: Record<string, string | undefined> = { ...texts };
  const list = (right: string) => () => {
    const text = files[right];
    if (text === undefined) throw Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    return text;
  };
  const lists = Object.fromEntries(Object.keys(texts).map((right) => [right, list(right)]));
  const tokens = new Tokens(lists, { clock, logger: { debug: log, info: log, warn: log, error: log } });
  return { clock, files, lines, tokens };
}

test("a token has the rights of all lists that it is in, and those that they include", () => {
  const { tokens } = setUp({
    read: token("r"),
    operate: `${token("o")}\n${token("b")}`,
    destroy: token("d"),
    values: `${token("v")}, ${token("b")}`,
  });
  const rights = (letter: string) => [...(tokens.rightsOf(token(letter)) ?? [])];
  expect(rights("r")).toEqual(["read"]);
  expect(rights("o")).toEqual(["read", "operate"]);
  expect(rights("d")).toEqual(["read", "operate", "destroy"]);
  expect(rights("v")).toEqual(["read", "values"]);
  expect(rights("b")).toEqual(["read", "operate", "values"]);
  for (const wrong of ["", "x", token("x"), token("r").slice(1), `${token("r")}r`, token("R")])
    expect(tokens.rightsOf(wrong)).toBeUndefined();
});

test("whatever token is presented is compared with every one that there is, by digests of one length", async () => {
  const compared: number[] = [];
  vi.resetModules();
  vi.doMock("node:crypto", async (original) => ({
    ...(await original<typeof import("node:crypto")>()),
    timingSafeEqual: (one: Buffer, other: Buffer) => {
      compared.push(one.length, other.length);
      return one.equals(other);
    },
  }));
  const { Tokens: Watched } = await import("./tokens.ts");
  const silent = () => {};
  const logger = { debug: silent, info: silent, warn: silent, error: silent };
  const lists = { read: () => `${token("a")} ${token("b")}`, destroy: () => token("c") };
  const tokens = new Watched(lists, { clock: new ManualClock(), logger });
  for (const given of ["", "short", token("a"), token("c"), token("x"), "x".repeat(10_000)]) {
    compared.length = 0;
    tokens.rightsOf(given);
    expect(compared).toEqual([32, 32, 32, 32, 32, 32]);
  }
  vi.doUnmock("node:crypto");
});

test("a file that changes is read within a second: what was taken out of it is refused, and what was added is known", () => {
  const { clock, files, tokens } = setUp({ read: token("a") });
  expect(tokens.rightsOf(token("a"))).toBeDefined();
  files.read = `${token("a")}\n${token("b")}\n`;
  clock.advanceNow(1_000);
  expect([tokens.rightsOf(token("a")), tokens.rightsOf(token("b"))]).not.toContain(undefined);
  files.read = token("b");
  clock.advanceNow(1_000);
  expect(tokens.rightsOf(token("a"))).toBeUndefined();
  expect(tokens.rightsOf(token("b"))).toBeDefined();
});

test("of a file that cannot be read holds what it said last, and it is told without what it holds", () => {
  const { clock, files, lines, tokens } = setUp({ read: token("a") });
  expect(tokens.rightsOf(token("a"))).toBeDefined();
  files.read = undefined;
  clock.advanceNow(1_000);
  expect(tokens.rightsOf(token("a"))).toBeDefined();
  files.read = `short ${token("b")}`;
  clock.advanceNow(1_000);
  expect(tokens.rightsOf("short")).toBeUndefined();
  expect(tokens.rightsOf(token("b"))).toBeDefined();
  expect(lines).toMatchObject([
    { right: "read", message: "a file of tokens cannot be read; what it said last holds" },
    { right: "read", bad: 1, message: "tokens are refused: they are too short, or no tokens" },
  ]);
  expect(JSON.stringify(lines)).not.toContain(token("a"));
});

test("a file without a token takes that right from everybody", () => {
  const { clock, files, tokens } = setUp({ read: token("a") });
  expect(tokens.rightsOf(token("a"))).toBeDefined();
  files.read = "";
  clock.advanceNow(1_000);
  expect(tokens.rightsOf(token("a"))).toBeUndefined();
});

test.each([
  ["31 characters", "a".repeat(31)],
  ["a space in it", `${"a".repeat(16)} ${"a".repeat(16)}`],
  ["what a header cannot have", `${"a".repeat(32)}é`],
  ["more than 512 characters", "a".repeat(600)],
])("what has %s is no token", (_, text) => {
  expect(tokensIn(text).good).toEqual([]);
});
