import { type ErrorReading, helixError, outcomeOf } from "@helix/core";
import { toldError } from "@helix/core/internal";
import { errors } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { readError } from "./read-error.ts";

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

/** Outcome, applied, retry, scope, answered, load. */
function words(error: unknown): string {
  const reading: ErrorReading = readError(error);
  const { applied, retry, scope, answered, load = "-" } = reading;
  return [outcomeOf(reading), applied, retry, scope, answered ? "answered" : "silent", load].join(" ");
}

const lost = "uncertain maybe later session silent connection-lost";
const noHost = "unavailable no later cluster silent -";
const refusedValue = "rejected no never value silent -";
const refusedStatement = "rejected no never statement answered -";
const curable = "uncertain no later statement answered -";

describe("0x2200, of which there are two kinds", () => {
  test.each([
    "unconfigured table t",
    "table ks.t does not exist",
    "Keyspace 'ks' does not exist",
    "Undefined column name v in table ks.t",
    "Undefined name v in where clause",
    "Unknown identifier v",
    "Unrecognized name v",
    "Unknown field 'zip' in value of user defined type address",
    "Can't find a keyspace ks",
    "No keyspace has been specified. USE a keyspace, or explicitly specify keyspace.tablename",
    "Guardrail collection_size violated: 2 exceeds the failure threshold of 1",
    "Unable to write to denylisted partition [0x01] in ks/t",
  ])("a schema or a setting may cure: %s", (message) => {
    expect(words(response(0x2200, message))).toBe(curable);
  });

  test.each([
    "Batch too large",
    'Invalid STRING constant (x) for "id" of type int',
    "Unexpected extraneous bytes",
  ])("nothing cures: %s", (message) => {
    expect(words(response(0x2200, message))).toBe(refusedStatement);
  });
});

test("an error of a foreign copy of the driver is told by its name", () => {
  class OperationTimedOutError extends Error {
    override name = "OperationTimedOutError";
  }
  expect(words(new OperationTimedOutError())).toBe(words(timedOut()));
});

test.each(["text", undefined, null, new Error("what?"), new errors.DriverInternalError("bug")])(
  "what nobody knows is perhaps applied, and another time will tell: %s",
  (error) => {
    expect(words(error)).toBe("uncertain maybe later statement silent -");
  },
);

test("what cannot even be looked at is unknown: a getter that throws, hosts that hold each other", () => {
  const fail = () => {
    throw new Error("canary");
  };
  const around = hosts();
  Object.assign(around, { innerErrors: { a: around, b: around } });
  const hostile = [
    new Proxy({}, { get: fail }),
    Object.defineProperty(timedOut(), "message", { get: fail }),
    around,
  ];
  for (const error of hostile) expect(words(error)).toBe("uncertain maybe later statement silent -");
});

describe("no host available, the hosts having said", () => {
  test.each<[string, Error, string]>([
    ["nothing, there being none", hosts(), noHost],
    ["down", hosts("Host considered as DOWN", null), noHost],
    ["refused", hosts(system("ECONNREFUSED"), new Error("No connection available")), noHost],
    ["not written", hosts(socketClosed(true)), noHost],
    [
      "busy and down",
      hosts("Host considered as DOWN", busy()),
      "unavailable no later caller silent overload",
    ],
    [
      "timed out and down",
      hosts("Host considered as DOWN", timedOut()),
      "uncertain maybe later replicas silent timeout",
    ],
    ["socket closed", hosts("Host considered as DOWN", socketClosed()), lost],
    ["socket closed and timed out", hosts(socketClosed(), timedOut()), lost],
    [
      "socket closed and overloaded",
      hosts(socketClosed(), response(0x1001)),
      "uncertain maybe later session answered connection-lost",
    ],
    ["overloaded", hosts(response(0x1001)), "unavailable no later cluster answered overload"],
    [
      "overloaded and timed out",
      hosts(timedOut(), response(0x1001)),
      "uncertain maybe later replicas answered overload",
    ],
    [
      "too few replicas and down",
      hosts("Host considered as DOWN", response(0x1000)),
      "unavailable no later replicas answered -",
    ],
    [
      "too few replicas and not written",
      hosts(socketClosed(true), response(0x1000)),
      "unavailable no later replicas answered -",
    ],
    [
      "too few replicas and timed out",
      hosts(response(0x1000), timedOut()),
      "uncertain maybe later replicas answered timeout",
    ],
    ["syntax", hosts(response(0x2000)), refusedStatement],
    [
      "syntax and a lost answer",
      hosts(response(0x2000), socketClosed()),
      "uncertain maybe later session answered connection-lost",
    ],
    ["unauthorized and syntax", hosts(response(0x2100), response(0x2000)), curable],
    [
      "a wrong data centre",
      hosts(new errors.ArgumentError("localDataCenter")),
      "unavailable no later caller silent -",
    ],
    [
      "a wrong password",
      hosts(new errors.AuthenticationError("no"), new errors.AuthenticationError("no")),
      "unavailable no later session answered -",
    ],
    [
      "a wrong password, and nothing",
      hosts(new errors.AuthenticationError("no"), system("ECONNREFUSED")),
      "unavailable no later cluster answered -",
    ],
    ["a missing keyspace", hosts(response(0x2200, "Keyspace 'ks' does not exist")), curable],
    [
      "shut down",
      new errors.NoHostAvailableError(null, "Connecting after shutdown is not supported"),
      noHost,
    ],
    ["hosts within hosts", hosts(hosts(timedOut())), "uncertain maybe later replicas silent timeout"],
  ])("%s", (_, error, expected) => {
    expect(words(error)).toBe(expected);
  });
});

test("errors of our own are told by their code, from another copy of the package as well", () => {
  const unavailable = { cluster: "A", outcome: "unavailable" } as const;
  expect(words(helixError("HELIX_CLUSTER_UNAVAILABLE", "", unavailable))).toBe(noHost);
  expect(words(helixError("HELIX_CLUSTER_BUSY", "", { ...unavailable, maxInFlight: 1 }))).toBe(
    "unavailable no later caller silent overload",
  );
  expect(words(helixError("HELIX_EXECUTE_TIMEOUT", "", { timeoutMs: 1, outcome: "uncertain" }))).toBe(
    "uncertain maybe later replicas silent timeout",
  );
  expect(words(helixError("HELIX_CLIENT_CLOSED", "", {}))).toBe(noHost);
  expect(words(helixError("HELIX_PAYLOAD_INVALID", "", {}))).toBe(refusedValue);
  expect(words(helixError("HELIX_PAYLOAD_INVALID", "", { retry: "later" }))).toBe(
    "uncertain no later value silent -",
  );
});

describe("the text of a reading", () => {
  test.each<[string, unknown, string]>([
    ["a timeout", timedOut(), "no reply"],
    [
      "missing rights",
      response(0x2100, "User x has no MODIFY permission on <table ks.t> or any of its parents"),
      "User x has no MODIFY permission on <table ks.t> or any of its parents",
    ],
    ["a missing table", response(0x2200, "unconfigured table shop.orders"), "unconfigured table shop.orders"],
    ["one of the system", system("ECONNREFUSED"), "connect ECONNREFUSED"],
    [
      "hosts, each with its own reason",
      hosts(new errors.AuthenticationError("incorrect"), "Host considered as DOWN"),
      "10.0.0.0:9042: incorrect; 10.0.0.1:9042: not asked",
    ],
    [
      "a name that has no address",
      new errors.NoHostAvailableError({}, "No host could be resolved"),
      "No host could be resolved",
    ],
    ["an error of ours", helixError("HELIX_QUEUE_CLOSED", "The queue is closed", {}), "The queue is closed"],
    ["a plain one of our packages", toldError("No host is connected"), "No host is connected"],
  ])("is that of %s", (_, error, text) => {
    expect(readError(error).text).toBe(text);
  });

  test.each<[string, unknown, string]>([
    ["the encoder", new TypeError("Not a valid value, obtained 'canary'"), "TypeError"],
    [
      "the encoder, by a range",
      Object.assign(new RangeError("Received canary"), { code: "ERR_OUT_OF_RANGE" }),
      "RangeError ERR_OUT_OF_RANGE",
    ],
    ["the encoder, by a plain error", fromEncoder(new Error("canary")), "Error"],
    ["a server that looked at values", response(0x2200, "got canary"), "ResponseError 0x2200 (invalid)"],
    [
      "a server that names a table and quotes a value",
      response(0x2200, "unconfigured table t: canary"),
      "ResponseError 0x2200 (invalid)",
    ],
    ["a function that failed", response(0x1400, "canary"), "ResponseError 0x1400 (function failure)"],
    ["the syntax", response(0x2000, "near canary"), "ResponseError 0x2000 (syntax)"],
    ["a server that is overloaded", response(0x1001, "canary"), "ResponseError 0x1001 (overloaded)"],
    ["a statement", new Error("Query was prepared on keyspace a, can't execute it on b (canary)"), "Error"],
    ["an error nobody knows", Object.assign(new Error("canary"), { name: "OddError" }), "OddError"],
    ["one of these behind a host", hosts(new TypeError("canary")), "10.0.0.0:9042: TypeError"],
    ["a thrown text", "canary", "a thrown string"],
  ])("is name and code of %s, since it may quote a value", (_, error, text) => {
    expect(readError(error).text).toBe(text);
  });
});
