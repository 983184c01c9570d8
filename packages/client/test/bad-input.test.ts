import { isHelixError, type Startable } from "@helix/core";
import { reply } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import type { HelixClient } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const NAMED = "INSERT INTO ks.t (id, v) VALUES (:id, :v)";
const secret = "alice@example.com";

/** A client that is given what its declarations forbid. */
interface Careless {
  execute(query: unknown, params?: unknown, options?: unknown): Promise<unknown>;
  batch(statements: unknown, options?: unknown): Promise<unknown>;
}

function cyclic(): unknown[] {
  const array: unknown[] = [secret];
  array.push(array, { array });
  return array;
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}

function failing(): unknown {
  const fail = () => {
    throw new Error("of the application");
  };
  return new Proxy({}, { ownKeys: fail, get: fail, has: fail, getPrototypeOf: () => Object.prototype });
}

type Case = readonly [what: string, call: (client: Careless) => Promise<unknown>, message: string | RegExp];

const CASES: readonly Case[] = [
  ["no query", (client) => client.execute(undefined), "`query`"],
  ["a query of blanks", (client) => client.execute(" \n\t"), "`query`"],
  ["a String object as query", (client) => client.execute(new String(INSERT), ["1", "a"]), "`query`"],
  ["a query in an array", (client) => client.execute([INSERT], ["1", "a"]), "`query`"],
  [
    "a query object, as the driver's batch takes it",
    (client) => client.execute({ query: INSERT }),
    "`query`",
  ],
  ["parameters in a Map", (client) => client.execute(NAMED, new Map([["id", "1"]])), "`params`"],
  ["a Buffer as parameters", (client) => client.execute(INSERT, Buffer.from("1a")), "`params`"],
  ["a number as parameters", (client) => client.execute(INSERT, 1), "`params`"],
  ["a function among the parameters", (client) => client.execute(INSERT, ["1", () => secret]), "`params[1]`"],
  [
    "a promise among the parameters",
    (client) => client.execute(INSERT, ["1", Promise.resolve(1)]),
    "`params[1]`",
  ],
  ["an Invalid Date", (client) => client.execute(INSERT, ["1", new Date(secret)]), "`params[1]`"],
  // biome-ignore lint/suspicious/noSparseArray: it is what is refused
  ["a hole among the parameters", (client) => client.execute(INSERT, ["1", ,]), "`params[1]`"],
  ["a value that contains itself", (client) => client.execute(INSERT, ["1", cyclic()]), "contains itself"],
  ["half of a surrogate pair", (client) => client.execute(INSERT, ["1", `${secret}\ud800`]), "`params[1]`"],
  [
    "half of a surrogate pair in the text, which no queue takes",
    (client) => client.execute(`INSERT INTO ks.t (id, v) VALUES ('1', '${secret}\ud800')`),
    "`query`",
  ],
  [
    "half of a surrogate pair in the text of the last statement",
    (client) => client.batch([INSERT, `DELETE FROM ks.t WHERE id = '\udc00${secret}'`]),
    "`statements[1].query`",
  ],
  [
    "an accessor that throws",
    (client) =>
      client.execute(NAMED, {
        id: "1",
        get v() {
          throw new Error("of the application");
        },
      }),
    "of the application",
  ],
  ["a proxy that throws", (client) => client.execute(NAMED, failing()), "of the application"],
  ["a proxy that was revoked", (client) => client.execute(INSERT, revoked()), "revoked"],
  ["no statements", (client) => client.batch(undefined), "`statements`"],
  ["statements that are no array", (client) => client.batch(new Set([INSERT])), "`statements`"],
  // biome-ignore lint/suspicious/noSparseArray: it is what is refused
  ["a hole among the statements", (client) => client.batch([INSERT, , INSERT]), "`statements[1].query`"],
  ["null among the statements", (client) => client.batch([INSERT, null]), "`statements[1].query`"],
  ["a pair among the statements", (client) => client.batch([[INSERT, ["1", "a"]]]), "`statements[0].query`"],
  [
    "a value that no column takes in the last statement",
    (client) => client.batch([INSERT, { query: INSERT, params: ["1", Symbol(secret)] }]),
    "`statements[1].params[1]`",
  ],
  [
    "more statements than the protocol counts",
    (client) => client.batch(Array.from({ length: 65_536 }, () => INSERT)),
    "`statements` to be an array of at most 65535",
  ],
  ["USE", (client) => client.execute("USE ks"), "USE is refused"],
  ["USE in a batch", (client) => client.batch([INSERT, "/* */ uSe ks"]), "USE is refused"],
  ["a TRUNCATE", (client) => client.execute("TRUNCATE ks.t"), "TRUNCATE"],
  ["a counter batch", (client) => client.batch([INSERT], { counter: true }), "counter batch"],
  [
    "a timestamp in words",
    (client) => client.execute(INSERT, [], { timestampMicros: "5" }),
    "`timestampMicros`",
  ],
  [
    "a timestamp that is null",
    (client) => client.execute(INSERT, [], { timestampMicros: null }),
    "`timestampMicros`",
  ],
  [
    "a timestamp beyond 2^53 as a number",
    (client) => client.execute(INSERT, [], { timestampMicros: 2 ** 53 }),
    "`timestampMicros`",
  ],
  [
    "a timestamp beyond int64",
    (client) => client.batch([INSERT], { timestampMicros: 2n ** 63n }),
    "`timestampMicros`",
  ],
  [
    "the timestamp that servers refuse",
    (client) => client.batch([INSERT], { timestampMicros: -(2n ** 63n) }),
    "`timestampMicros`",
  ],
];

describe("nothing is sent, prepared or queued, and no value is told, for", () => {
  test.each(CASES)("%s", async (_, call, message) => {
    await using clusters = await TwoClusters.connected();
    const error = (await errorOf(call(clusters.client as unknown as Careless))) as Error;
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain(secret);
    for (const server of Object.values(clusters.servers)) {
      expect([server.requests, server.prepares]).toEqual([[], []]);
    }
    expect(clusters.queued).toEqual([]);
  });
});

test("another number of values than of markers is refused by itself, though one cluster is silent and the other would refuse", async () => {
  await using clusters = await TwoClusters.connected();
  const { client, servers } = clusters;
  await client.execute(INSERT, ["1", "a"]);
  clusters.script.B = () => reply.silence;
  for (const params of [["1"], ["1", "a", "b"]]) {
    for (const call of [client.execute(INSERT, params), client.batch([{ query: INSERT, params }])]) {
      expect(isHelixError(await errorOf(call), "HELIX_PAYLOAD_INVALID")).toBe(true);
    }
  }
  expect([servers.A.requests, servers.B.requests]).toMatchObject([{ length: 1 }, { length: 1 }]);
  expect(clusters.queued).toEqual([]);
});

test("as many statements as the protocol counts reach both clusters", async () => {
  await using clusters = await TwoClusters.connected({ driver: { socketOptions: { readTimeout: 10_000 } } });
  const statements = Array.from({ length: 65_535 }, () => "DELETE FROM ks.t WHERE id = 1");
  expect((await clusters.client.batch(statements)).writes).toEqual({ A: "applied", B: "applied" });
  expect(clusters.servers.B.requests[0]?.statements).toHaveLength(65_535);
});

describe("outside of connect and close", () => {
  const CALLS: readonly (readonly [string, (client: HelixClient) => Promise<unknown>])[] = [
    ["a write", (client) => client.execute(INSERT, ["1", "a"])],
    ["a read", (client) => client.execute("SELECT v FROM ks.t")],
    ["a batch", (client) => client.batch([INSERT])],
    ["a request to one cluster", (client) => client.execute("SELECT v FROM ks.t", [], { cluster: "B" })],
  ];

  test.each(CALLS)(
    "%s is refused with a code of its own, and a mistake in it is told all the same",
    async (_, call) => {
      await using clusters = await TwoClusters.start();
      const { client } = clusters;
      expect(isHelixError(await errorOf(call(client)), "HELIX_CLIENT_NOT_CONNECTED")).toBe(true);
      await client.close();
      expect(isHelixError(await errorOf(call(client)), "HELIX_CLIENT_CLOSED")).toBe(true);
      expect(await errorOf(client.execute("", []))).toBeInstanceOf(TypeError);
      expect(clusters.servers.A.requests).toEqual([]);
      expect(clusters.queued).toEqual([]);
    },
  );

  test("a closed client connects no more, takes no worker, and closes again", async () => {
    await using clusters = await TwoClusters.connected();
    const { client } = clusters;
    const executor = client.replayExecutor();
    await Promise.all([client.close(), client.close()]);
    const worker = { start: async () => {}, stop: async () => {}, isRunning: false } as unknown as Startable;
    const { signal } = new AbortController();
    for (const call of [
      client.connect(),
      client.connect({ waitFor: "none" }),
      client.attachWorker(worker),
      executor.probe?.("A", { signal }) ?? Promise.resolve(),
    ]) {
      expect(isHelixError(await errorOf(call), "HELIX_CLIENT_CLOSED")).toBe(true);
    }
    expect(clusters.servers.A.connections + clusters.servers.B.connections).toBe(0);
  });
});
