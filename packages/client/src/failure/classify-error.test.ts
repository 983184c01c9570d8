import { helixError } from "@helix/core";
import { errors } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { type SignOfLife, signOfLife } from "../session/sign-of-life.ts";
import { classifyError } from "./classify-error.ts";

const unavailable = { outcome: "unavailable", applied: "no" };
const uncertain = { outcome: "uncertain", applied: "maybe" };
const curable = { outcome: "uncertain", applied: "no" };
const rejected = { outcome: "rejected", applied: "no" };

const response = (code: number, message = "") => new errors.ResponseError(code, message);
const hosts = (...inner: unknown[]) =>
  new errors.NoHostAvailableError(Object.fromEntries(inner.map((error, n) => [`10.0.0.${n}:9042`, error])));
const socketClosed = (requestNotWritten?: boolean) =>
  Object.assign(new Error("Socket was closed"), {
    name: "DriverError",
    isSocketError: true,
    requestNotWritten,
  });
const timedOut = () => new errors.OperationTimedOutError("no reply", "10.0.0.1");
const busy = () => new errors.BusyConnectionError("10.0.0.1", 2048, 1);
const system = (code: string) =>
  Object.assign(new Error(`connect ${code}`), { code, errno: -1, syscall: "connect" });
const fromEncoder = (error: Error) => Object.assign(error, { coordinator: "10.0.0.1:9042", query: "INSERT" });

describe("a server's error", () => {
  test.each([
    ["serverError", 0x0000, uncertain],
    ["protocolError", 0x000a, rejected],
    ["badCredentials", 0x0100, unavailable],
    ["unavailable", 0x1000, unavailable],
    ["overloaded", 0x1001, unavailable],
    ["bootstrapping", 0x1002, unavailable],
    ["truncateError", 0x1003, { outcome: "rejected", applied: "maybe" }],
    ["writeTimeout", 0x1100, uncertain],
    ["readTimeout", 0x1200, uncertain],
    ["readFailure", 0x1300, uncertain],
    ["functionFailure", 0x1400, rejected],
    ["writeFailure", 0x1500, uncertain],
    ["cdcWriteFailure", 0x1600, unavailable],
    ["casWriteUnknown", 0x1700, uncertain],
    ["syntaxError", 0x2000, rejected],
    ["unauthorized", 0x2100, curable],
    ["invalid", 0x2200, rejected],
    ["configError", 0x2300, rejected],
    ["alreadyExists", 0x2400, rejected],
    ["unprepared", 0x2500, curable],
    ["one that does not exist yet", 0x7777, uncertain],
  ])("%s (%i)", (_, code, expected) => {
    expect(classifyError(response(code))).toEqual(expected);
    expect(signOfLife(response(code))).toBe("answered");
  });

  test.each([
    "unconfigured table t",
    "table ks.t does not exist",
    "Keyspace 'ks' does not exist",
    "Undefined column name v in table ks.t",
    "Undefined name v in where clause",
    "Unknown identifier v",
    "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename",
    "Guardrail collection_size violated: 2 exceeds the failure threshold of 1",
  ])("0x2200 that a schema or a setting may cure: %s", (message) => {
    expect(classifyError(response(0x2200, message))).toEqual(curable);
  });

  test.each([
    "Batch too large",
    'Invalid STRING constant (x) for "id" of type int',
    "Unexpected extraneous bytes",
  ])("0x2200 that nothing cures: %s", (message) => {
    expect(classifyError(response(0x2200, message))).toEqual(rejected);
  });
});

describe("an error of the driver", () => {
  test.each<[string, unknown, object, SignOfLife]>([
    ["timed out", timedOut(), uncertain, "silent"],
    ["socket closed", socketClosed(), uncertain, "none"],
    ["socket closed before it was written", socketClosed(true), unavailable, "none"],
    ["busy", busy(), unavailable, "none"],
    ["no connection", new Error("No connection available"), unavailable, "none"],
    ["TCP connect timed out", new Error("Connection timeout"), unavailable, "none"],
    ["refused", system("ECONNREFUSED"), unavailable, "none"],
    ["authentication", new errors.AuthenticationError("no"), unavailable, "none"],
    ["argument", new errors.ArgumentError("no"), rejected, "none"],
    ["not supported", new errors.NotSupportedError("no"), rejected, "none"],
    ["internal", new errors.DriverInternalError("bug"), uncertain, "none"],
    [
      "unprepared id",
      new errors.DriverInternalError("Unprepared response invalid, id: 0x1"),
      unavailable,
      "none",
    ],
    ["no encoder", new errors.DriverInternalError("Encoder is not defined"), unavailable, "none"],
    [
      "other keyspace",
      new Error("Query was prepared on keyspace a, can't execute it on b (q)"),
      rejected,
      "none",
    ],
    ["encoder, type", fromEncoder(new TypeError("Not a valid text value")), rejected, "none"],
    ["encoder, range", fromEncoder(new RangeError("out of range")), rejected, "none"],
    ["encoder, plain", fromEncoder(new Error("Type not supported undefined")), rejected, "none"],
    ["unknown", new Error("what?"), uncertain, "none"],
    ["no error at all", "text", uncertain, "none"],
    ["nothing", undefined, uncertain, "none"],
  ])("%s", (_, error, expected, sign) => {
    expect(classifyError(error)).toEqual(expected);
    expect(signOfLife(error)).toBe(sign);
  });
});

describe("no host available, the hosts having said", () => {
  test.each<[string, Error, object, SignOfLife]>([
    ["nothing, there being none", hosts(), unavailable, "no-host"],
    ["down", hosts("Host considered as DOWN", null), unavailable, "no-host"],
    ["refused", hosts(system("ECONNREFUSED"), new Error("No connection available")), unavailable, "no-host"],
    ["busy", hosts(busy()), unavailable, "none"],
    ["busy and down", hosts("Host considered as DOWN", busy()), unavailable, "none"],
    ["timed out", hosts("Host considered as DOWN", timedOut()), uncertain, "silent"],
    ["socket closed", hosts(socketClosed()), uncertain, "none"],
    ["unavailable", hosts(response(0x1000)), unavailable, "answered"],
    ["overloaded and timed out", hosts(response(0x1001), timedOut()), uncertain, "answered"],
    ["syntax", hosts(response(0x2000)), rejected, "answered"],
    ["syntax and a lost answer", hosts(response(0x2000), socketClosed()), uncertain, "answered"],
    ["unauthorized and syntax", hosts(response(0x2100), response(0x2000)), curable, "answered"],
    ["a wrong data centre", hosts(new errors.ArgumentError("localDataCenter")), unavailable, "no-host"],
    [
      "shut down",
      new errors.NoHostAvailableError(null, "Connecting after shutdown is not supported"),
      unavailable,
      "no-host",
    ],
    ["hosts within hosts", hosts(hosts(timedOut())), uncertain, "silent"],
  ])("%s", (_, error, expected, sign) => {
    expect(classifyError(error)).toEqual(expected);
    expect(signOfLife(error)).toBe(sign);
  });
});

test("errors of our own are told by their code, from another copy of the package as well", () => {
  expect(
    classifyError(helixError("HELIX_CLUSTER_UNAVAILABLE", "", { cluster: "A", outcome: "unavailable" })),
  ).toEqual(unavailable);
  const timeout = helixError("HELIX_EXECUTE_TIMEOUT", "", { timeoutMs: 1, outcome: "uncertain" });
  expect(classifyError(timeout)).toEqual(uncertain);
  expect(signOfLife(timeout)).toBe("silent");
  expect(classifyError(helixError("HELIX_CLIENT_CLOSED", "", {}))).toEqual(unavailable);
  expect(classifyError(helixError("HELIX_PAYLOAD_INVALID", "", {}))).toEqual(rejected);
});

test("what a foreign copy of the driver throws is told by its name", () => {
  class OperationTimedOutError extends Error {
    override name = "OperationTimedOutError";
  }
  expect(classifyError(new OperationTimedOutError())).toEqual(uncertain);
});
