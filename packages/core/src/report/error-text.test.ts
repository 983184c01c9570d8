import { expect, test } from "vitest";
import { helixError } from "../errors.ts";
import { errorText } from "./error-text.ts";

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
  ["a plain one", new Error("No host is connected"), "No host is connected"],
  ["a timeout", named("OperationTimedOutError", "did not reply"), "did not reply"],
  [
    "missing rights",
    named("ResponseError", "User x has no MODIFY", { code: 0x2100 }),
    "User x has no MODIFY",
  ],
  [
    "a missing table",
    named("ResponseError", "unconfigured table shop.orders", { code: 0x2200 }),
    "unconfigured table shop.orders",
  ],
  [
    "hosts, each with its own reason",
    named("NoHostAvailableError", "All hosts …", {
      innerErrors: {
        "10.0.0.1:9042": named("AuthenticationError", "incorrect"),
        "10.0.0.2:9042": "Host considered as DOWN",
      },
    }),
    "10.0.0.1:9042: incorrect; 10.0.0.2:9042: not asked",
  ],
  [
    "a name that has no address",
    named("NoHostAvailableError", "No host could be resolved", { innerErrors: {} }),
    "No host could be resolved",
  ],
])("%s is told with its text", (_, error, text) => {
  expect(errorText(error)).toBe(text);
});

test.each<[string, unknown, string]>([
  ["the encoder", new TypeError("Not a valid value, obtained 'canary'"), "TypeError"],
  [
    "the encoder, by a range",
    Object.assign(new RangeError("Received canary"), { code: "ERR_OUT_OF_RANGE" }),
    "RangeError ERR_OUT_OF_RANGE",
  ],
  ["a plain error of a request", named("Error", "canary", { coordinator: "10.0.0.1:9042" }), "Error"],
  [
    "a server that looked at values",
    named("ResponseError", "got canary", { code: 0x2200 }),
    "ResponseError 0x2200",
  ],
  [
    "a server that names a table and quotes a value",
    named("ResponseError", "unconfigured table t: canary", { code: 0x2200 }),
    "ResponseError 0x2200",
  ],
  ["a function that failed", named("ResponseError", "canary", { code: 0x1400 }), "ResponseError 0x1400"],
  ["the syntax", named("ResponseError", "near canary", { code: 0x2000 }), "ResponseError 0x2000"],
  ["an error nobody knows", named("OddError", "canary"), "OddError"],
  ["a thrown text", "canary", "a thrown string"],
  [
    "one of these behind a host",
    named("NoHostAvailableError", "canary", { innerErrors: { h: new TypeError("canary") } }),
    "h: TypeError",
  ],
])("%s is told by name alone, since it may quote a value", (_, error, text) => {
  expect(errorText(error)).toBe(text);
});
