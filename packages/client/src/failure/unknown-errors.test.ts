import type { Logger } from "@helix/core";
import { errors } from "cassandra-driver";
import { expect, test } from "vitest";
import { UnknownErrors } from "./unknown-errors.ts";

function listening() {
  const lines: object[] = [];
  const ignore = () => {};
  const logger: Logger = { debug: ignore, info: ignore, warn: (fields) => lines.push(fields), error: ignore };
  return { lines, unknown: new UnknownErrors(logger, "eu") };
}
const odd = (name: string, code?: number) => Object.assign(new Error("canary"), { name, code });

test("an error in no table is told once by its name and code, however often it comes, and quotes nothing", () => {
  const { lines, unknown } = listening();
  for (let n = 0; n < 1000; n++) {
    unknown.heard(new errors.ResponseError(0x7777, "canary"));
    unknown.heard(new Error("canary"));
    unknown.heard(new errors.NoHostAvailableError({ a: odd("OddError"), b: "Host considered as DOWN" }));
  }
  expect(lines).toEqual([
    { cluster: "eu", error: { name: "ResponseError", code: 0x7777, text: "ResponseError 0x7777" } },
    { cluster: "eu", error: { name: "Error", text: "Error" } },
    { cluster: "eu", error: { name: "OddError", text: "OddError" } },
  ]);
});

test("what is in a table is not told", () => {
  const { lines, unknown } = listening();
  unknown.heard(new errors.ResponseError(0x2000, ""));
  unknown.heard(new errors.NoHostAvailableError({ a: new errors.OperationTimedOutError("") }));
  unknown.heard(new errors.NoHostAvailableError({}));
  expect(lines).toEqual([]);
});

test("a hundred names are told, and then no more are remembered", () => {
  const { lines, unknown } = listening();
  for (let n = 0; n < 100_000; n++) unknown.heard(odd(`Odd${n}`));
  expect(lines).toHaveLength(100);
});
