import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { helixError, outcomeOf } from "@helix/core";
import { errors, types } from "cassandra-driver";
import { describe, expect, test } from "vitest";
import { readError } from "./read-error.ts";

const response = (code: number, message = "") => new errors.ResponseError(code, message);
const marked = (error: Error, more: object) => Object.assign(error, more);
const encoded = (error: Error) => marked(error, { coordinator: "10.0.0.1:9042", query: "INSERT" });
const closed = (more: object = {}) =>
  marked(new Error("Socket was closed"), { isSocketError: true, ...more });
const rateLimit = (by: string) =>
  response(0x2300, `Per-partition rate limit reached for writes in table ks.t, rejected by ${by}`);
const unavailable = { cluster: "A", outcome: "unavailable" } as const;

/** What the rows of the README's table are about, by their first cell. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  "`0x0000` server error": [response(0x0000)],
  "`0x000a` protocol error": [response(0x000a)],
  "`0x0100` bad credentials": [response(0x0100)],
  "`0x1000` unavailable": [response(0x1000)],
  "`0x1001` overloaded": [response(0x1001)],
  "`0x1002` bootstrapping": [response(0x1002)],
  "`0x1003` truncate error": [response(0x1003)],
  "`0x1100` write timeout": [response(0x1100)],
  "`0x1200` read timeout": [response(0x1200)],
  "`0x1300` read failure": [response(0x1300)],
  "`0x1400` function failure": [response(0x1400)],
  "`0x1500` write failure": [response(0x1500)],
  "`0x1600` change log full": [response(0x1600)],
  "`0x1700` compare-and-set unknown": [response(0x1700)],
  "`0x2000` syntax": [response(0x2000)],
  "`0x2100` unauthorized": [response(0x2100)],
  "`0x2200` invalid": [response(0x2200, "Batch too large")],
  "`0x2200` no such keyspace, table, column, type; guardrail": [
    response(0x2200, "table ks.t does not exist"),
  ],
  "`0x2300` configuration": [response(0x2300)],
  "rate limit of Scylla, by the coordinator": [rateLimit("coordinator")],
  "rate limit of Scylla, by replicas": [
    rateLimit("replicas"),
    response(0xf000, rateLimit("replicas").message),
  ],
  "`0x2400` already exists": [response(0x2400)],
  "`0x2500` unprepared": [response(0x2500)],
  "`0x8000` client write failure (DSE)": [response(0x8000)],
  "a code that is not here": [response(0x7777)],
  "`OperationTimedOutError`": [new errors.OperationTimedOutError("no reply")],
  "socket closed": [closed()],
  "socket closed before it was written": [closed({ requestNotWritten: true })],
  "`BusyConnectionError`": [new errors.BusyConnectionError("10.0.0.1", 2048, 1)],
  "no connection, or none that can be used": [
    new Error("No connection available"),
    new Error("Connection closed"),
    new Error("db.example could not be resolved"),
    new errors.DriverInternalError("Encoder is not defined"),
    marked(new Error("ControlConnection is being shutdown"), { name: "DriverError" }),
    marked(new Error("connect"), { code: "ECONNREFUSED", syscall: "connect" }),
    marked(new Error("self-signed"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" }),
    marked(new Error("names"), { code: "ERR_TLS_CERT_ALTNAME_INVALID" }),
  ],
  "the statement is not prepared on this connection": [
    new errors.DriverInternalError("Unprepared response invalid, id: 0x1"),
    new Error("Query was prepared on keyspace a, can't execute it on b (INSERT)"),
  ],
  "`AuthenticationError`, no start of a session": [
    new errors.AuthenticationError("incorrect"),
    new Error("Connection was unable to STARTUP using protocol version 4"),
  ],
  "an answer that cannot be read": [
    new Error("Received invalid opcode: 42"),
    new errors.DriverInternalError("RowCallback not found for streaming frame handler"),
  ],
  "`VIntOutOfRangeException`": [new errors.VIntOutOfRangeException(types.Long.MAX_VALUE)],
  "`ArgumentError`, `NotSupportedError`": [
    new errors.ArgumentError("no"),
    new errors.NotSupportedError("no"),
  ],
  "a value that does not fit (`TypeError`, `RangeError`, `HELIX_PAYLOAD_INVALID`)": [
    encoded(new TypeError("Not a valid text value")),
    encoded(new RangeError("out of range")),
    encoded(new Error("Type not supported 99")),
    helixError("HELIX_PAYLOAD_INVALID", "", {}),
  ],
  "a field that its type does not have yet": [helixError("HELIX_PAYLOAD_INVALID", "", { retry: "later" })],
  "`HELIX_NOT_REPLAYABLE`": [helixError("HELIX_NOT_REPLAYABLE", "", { construct: "USE" })],
  "`HELIX_REPLAY_TOO_OLD`, `HELIX_TABLE_GONE`": [
    helixError("HELIX_REPLAY_TOO_OLD", "", { table: "ks.t", ageMs: 1, gcGraceSeconds: 0 }),
    helixError("HELIX_TABLE_GONE", "", { table: "ks.t", change: "truncated" }),
  ],
  "`HELIX_SCHEMA_UNKNOWN`": [helixError("HELIX_SCHEMA_UNKNOWN", "", { cluster: "B", table: "ks.t" })],
  "`NoHostAvailableError` of which no host was asked, or could be": [
    new errors.NoHostAvailableError({}),
    new errors.NoHostAvailableError({ a: "Host considered as DOWN", b: closed({ requestNotWritten: true }) }),
  ],
  "`HELIX_CLUSTER_UNAVAILABLE`, `HELIX_CLUSTER_MISTAKEN`, `HELIX_CLIENT_CLOSED`, `HELIX_CLIENT_NOT_CONNECTED`":
    [
      helixError("HELIX_CLUSTER_UNAVAILABLE", "", unavailable),
      helixError("HELIX_CLUSTER_MISTAKEN", "", { cluster: "A", found: { dataCenters: [], hosts: ["x"] } }),
      helixError("HELIX_CLIENT_CLOSED", "", {}),
      helixError("HELIX_CLIENT_NOT_CONNECTED", "", {}),
    ],
  "`HELIX_CLUSTER_BUSY`": [helixError("HELIX_CLUSTER_BUSY", "", { ...unavailable, maxInFlight: 1 })],
  "`HELIX_EXECUTE_TIMEOUT`": [
    helixError("HELIX_EXECUTE_TIMEOUT", "", { timeoutMs: 1, outcome: "uncertain" }),
  ],
  "anything else": [new Error("what?"), "text", undefined, new errors.DriverInternalError("bug")],
};

const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8");
const rows = new Map(
  [...readme.matchAll(/^\| ([^|]+?) \| (applied|unavailable|uncertain|rejected) \| (.*) \|$/gm)].map(
    ([, error = "", outcome = "", rest = ""]) => [
      error,
      [outcome, ...rest.split("|").map((cell) => cell.trim())],
    ],
  ),
);

describe("the table of errors", () => {
  test("has a row for each sample, and a sample for each row", () => {
    expect([...rows.keys()]).toEqual(Object.keys(SAMPLES));
  });

  test.each(Object.entries(SAMPLES))("says what is done about: %s", (error, samples) => {
    for (const sample of samples) {
      const { text, ...reading } = readError(sample);
      const { applied, retry, scope, answered, load = "" } = reading;
      expect([outcomeOf({ ...reading }), applied, retry, scope, answered ? "yes" : "no", load]).toEqual(
        rows.get(error),
      );
    }
  });

  test("names every code that the driver knows", () => {
    const codes = [...rows.keys()].flatMap((error) => /^`(0x[0-9a-f]{4})`/.exec(error)?.[1] ?? []);
    expect(codes.map(Number)).toEqual(expect.arrayContaining(Object.values(types.responseErrorCodes)));
  });

  test("names every class of error that the driver has", () => {
    // By their codes, by what they carry, or by their texts.
    const others = ["DriverError", "DriverInternalError", "ResponseError"];
    const names = [...rows.keys()].join(" ");
    expect(
      Object.keys(errors)
        .filter((name) => !names.includes(`\`${name}\``))
        .sort(),
    ).toEqual(others);
  });

  test("knows each plain error that the driver can make of a request", async () => {
    const unknown = (await plainErrors()).filter(
      (text) =>
        !NO_REQUEST.some((prefix) => text.startsWith(prefix)) &&
        readError(new Error(text)).applied === "maybe" &&
        readError(new Error(text)).scope === "statement",
    );
    expect(unknown).toEqual([]);
  });
});

/** Of options and policies, which are refused when they are given, and of what the driver is not used for here. */
const NO_REQUEST = [
  "You must ",
  "options is not defined",
  "EndPoint must contain",
  "Opcode not provided",
  "Method must be implemented",
  "Trace ",
  "Log emitter not defined",
  "nameOrIp and dns lib",
  "Cannot split",
  "Can't split",
  "numberOfSplits",
  "Can not modify the underlying buffer",
  "next() must be implemented",
];

/** The beginnings of their texts, up to what is put into them. */
async function plainErrors(): Promise<string[]> {
  const root = path.dirname(createRequire(import.meta.url).resolve("cassandra-driver/package.json"));
  const texts: string[] = [];
  for (const folder of ["lib", "lib/policies", "lib/metadata"]) {
    for (const name of await readdir(path.join(root, folder))) {
      if (!name.endsWith(".js")) continue;
      const source = await readFile(path.join(root, folder, name), "utf8");
      const made = source.matchAll(
        /new (?:errors\.)?(?:Error|DriverError|DriverInternalError)\(\s*(?:util\.format\(\s*)?(["'`])(.*?)\1/g,
      );
      // What is put into a text is a word of some sort.
      for (const [, , text = ""] of made) texts.push(text.replaceAll(/\$\{[^}]*\}/g, "x"));
    }
  }
  expect(texts.length).toBeGreaterThan(20);
  return texts;
}
