import { expect, test } from "vitest";
import { helixError } from "../errors.ts";
import { errorText, LoggableError, toldError } from "./error-text.ts";

const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more });

test.each<[string, unknown, string]>([
  [
    "an error of ours",
    helixError("HELIX_QUEUE_CLOSED", "The queue has been closed", {}),
    "The queue has been closed",
  ],
  [
    "one of the system",
    named("Error", "connect ECONNREFUSED 10.0.0.1:9042", { code: "ECONNREFUSED", syscall: "connect" }),
    "connect ECONNREFUSED 10.0.0.1:9042",
  ],
  ["one of ours without a code", toldError("No host is connected"), "No host is connected"],
  ["one of the queue's connection", named("TimeoutError", "no answer"), "no answer"],
])("%s is told with its text", (_, error, text) => {
  expect(errorText(error)).toBe(text);
});

test.each<[string, unknown, string]>([
  ["a type error", new TypeError("Not a valid value, obtained 'canary'"), "TypeError"],
  [
    "a range error",
    Object.assign(new RangeError("Received canary"), { code: "ERR_OUT_OF_RANGE" }),
    "RangeError ERR_OUT_OF_RANGE",
  ],
  ["a plain error", new Error("canary"), "Error"],
  ["one that says its outcome", Object.assign(new Error("canary"), { outcome: "unavailable" }), "Error"],
  ["one whose name and code are sentences", named("can ary", "canary", { code: "can ary" }), "Error"],
  ["an answer with a number", named("ResponseError", "got canary", { code: 0x2200 }), "ResponseError 0x2200"],
  ["an error nobody knows", named("OddError", "canary"), "OddError"],
  ["a thrown text", "canary", "a thrown string"],
])("%s is told by name alone, since it may quote a value", (_, error, text) => {
  expect(errorText(error)).toBe(text);
});

test("its name and code are words, or are not told", () => {
  expect({ ...new LoggableError(named("x".repeat(1_000_000), "", { code: "a canary" })) }).toEqual({
    name: "object",
    text: "Error",
    frames: expect.any(Array),
  });
});
