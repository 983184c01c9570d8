import { EventHub, type SessionEvents } from "@helix/core";
import { cell, reply, type ScriptedCqlServer, startScriptedCqlServer, waitFor } from "@helix/testkit";
import { ManualClock } from "@helix/testkit/manual-clock";
import { afterEach, expect, test } from "vitest";
import { readSessionOptions } from "../src/client-options.ts";
import { HelixClient } from "../src/helix-client.ts";
import type { ClusterLink } from "../src/session/cluster-link.ts";
import { createLinks } from "../src/session/create-links.ts";
import { driverOptions, errorOf, TwoClusters } from "./two-clusters.ts";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function serve(options: Parameters<typeof startScriptedCqlServer>[0] = {}): Promise<ScriptedCqlServer> {
  const server = await startScriptedCqlServer(options);
  open.push(() => server.close());
  return server;
}

async function linkTo(server: ScriptedCqlServer, port?: number): Promise<ClusterLink> {
  const driver = driverOptions(server, port === undefined ? {} : { protocolOptions: { port } });
  const options = readSessionOptions("test", { clusters: { A: driver } });
  const links = createLinks(options, new EventHub<SessionEvents>());
  open.push(() => links.close());
  links.start();
  const link = links.get("A");
  await connected(link);
  return link;
}

const connected = (link: ClusterLink) =>
  waitFor(() => link.isConnected, { timeoutMs: 5_000, describe: "a session" });

const asked = (server: ScriptedCqlServer, text: string) =>
  server.systemRequests.filter((query) => query.includes(text)).length;

test("a keyspace is read with all that its writes are judged by", async () => {
  const server = await serve({
    tables: {
      "ks.t": {
        columns: { k: "int", c: "timeuuid", s: "text", l: "list<frozen<address>>" },
        clustering: ["c"],
        statics: ["s"],
        defaultTtlSeconds: 60,
        gcGraceSeconds: 0,
        createdAtMs: 1_700_000_000_000,
        transactionalMode: "full",
      },
      "ks.counts": { columns: { k: "int", n: "counter" } },
      "ks.by_name": { columns: { name: "text", k: "int" }, isView: true },
      "it's.t": { columns: { k: "int" } },
      "other.t": { columns: { k: "int" } },
    },
  });
  server.schema.types.set("ks.address", { street: "text", zip: "int" });
  server.schema.functions.set("ks", ["plus_one"]);
  const { schema } = await linkTo(server);
  await schema.load(["ks", "it's"]);
  const { tables, types, functions } = schema.known("ks") ?? expect.unreachable();
  expect([...tables.keys()].sort()).toEqual(["by_name", "counts", "t"]);
  const t = tables.get("t") ?? expect.unreachable();
  expect(t).toMatchObject({
    keyspace: "ks",
    isView: false,
    isCounter: false,
    id: server.schema.idOf("ks.t"),
    defaultTtlSeconds: 60,
    gcGraceSeconds: 0,
    transactionalMode: "full",
  });
  expect([...t.columns.values()].map(({ name, kind }) => `${name} ${kind}`)).toEqual([
    "k partition",
    "c clustering",
    "s static",
    "l regular",
  ]);
  expect(t.columns.get("l")?.type).toMatchObject({ kind: "list", isFrozen: false, of: { kind: "user" } });
  expect(tables.get("counts")?.isCounter).toBe(true);
  expect(tables.get("by_name")?.isView).toBe(true);
  expect([...(types.get("address")?.fields.keys() ?? [])]).toEqual(["street", "zip"]);
  expect(functions).toEqual(new Set(["plus_one"]));
  expect(schema.known("it's")?.tables.size).toBe(1);
  expect(asked(server, "('ks', 'it''s')")).toBe(7);
  expect(schema.known("other")).toBeUndefined();
});

test("ten keyspaces are read by seven queries between two looks", async () => {
  const names = Array.from({ length: 10 }, (_, n) => `ks${n}`);
  const server = await serve({
    tables: Object.fromEntries(names.map((name) => [`${name}.t`, { columns: { k: "int" } }])),
  });
  const { schema } = await linkTo(server);
  await schema.load(names);
  expect(names.map((name) => schema.known(name)?.tables.has("t"))).not.toContain(false);
  expect([asked(server, " IN ("), asked(server, "AS now")]).toEqual([7, 2]);
});

test("a table that is made in a running process is known as soon as the server tells of it", async () => {
  const server = await serve();
  const { schema } = await linkTo(server);
  await schema.load(["ks"]);
  expect(schema.known("ks")?.tables.has("new")).toBe(false);
  server.schema.set("ks.new", { columns: { k: "int" } });
  server.tellSchemaChange("ks", "new");
  await waitFor(() => schema.known("ks") === undefined, { timeoutMs: 5_000, describe: "the event" });
  await schema.load(["ks"]);
  expect(schema.known("ks")?.tables.has("new")).toBe(true);
});

test("a change that was made while the session was away is seen with the next one", async () => {
  const server = await serve();
  const link = await linkTo(server);
  await link.schema.load(["ks"]);
  await server.setDown();
  await waitFor(() => !link.isConnected, { timeoutMs: 5_000, describe: "the loss of the session" });
  await expect(link.schema.load(["shop"])).rejects.toMatchObject({ code: "HELIX_CLUSTER_UNAVAILABLE" });
  expect(link.schema.known("ks")?.tables.has("t")).toBe(true);
  server.schema.set("ks.t", undefined);
  await server.setUp();
  await connected(link);
  expect(link.schema.known("ks")).toBeUndefined();
  await link.schema.load(["ks"]);
  expect(link.schema.known("ks")?.tables.has("t")).toBe(false);
});

test("an event that was lost with the connection for events is made up for by a look", async () => {
  const first = await serve({ peers: ["127.0.0.2"] });
  const second = await serve({ host: "127.0.0.2", port: first.port, peers: ["127.0.0.1"] });
  const link = await linkTo(first, first.port);
  const { schema } = link;
  await schema.load(["ks"]);
  await waitFor(() => second.connections > 0, { timeoutMs: 5_000, describe: "a session with both nodes" });
  second.schema.set("ks.t", undefined);
  await first.setDown();
  await waitFor(() => schema.known("ks") === undefined, { timeoutMs: 5_000, describe: "the reconnect" });
  expect(link.isConnected).toBe(true);
  await schema.load(["ks"]);
  expect(schema.known("ks")?.tables.has("t")).toBe(false);
});

test("all of a read is asked of one node", async () => {
  const first = await serve({ peers: ["127.0.0.2"] });
  const second = await serve({ host: "127.0.0.2", port: first.port, peers: ["127.0.0.1"] });
  const { schema } = await linkTo(first, first.port);
  await waitFor(() => second.connections > 0, { timeoutMs: 5_000, describe: "a session with both nodes" });
  await schema.load(["ks"]);
  expect([asked(first, " IN ("), asked(second, " IN (")].sort()).toEqual([0, 7]);
});

test("a node that is silent about its tables leaves the keyspace unknown, and opens no breaker", async () => {
  const server = await serve({
    onSystemRequest: (query) => (query.includes(" IN (") ? reply.silence : undefined),
  });
  const link = await linkTo(server);
  expect(await errorOf(link.schema.load(["ks"]))).toMatchObject({ name: "NoHostAvailableError" });
  expect(link.schema.known("ks")).toBeUndefined();
  // All seven have failed by then.
  await link.probe();
  expect(link.breakerState).toBe("closed");
}, 20_000);

test("truncations are told by the look, by our clock, and how far the server's is from it", async () => {
  const server = await serve();
  server.schema.clockOffsetMs = 90_000;
  server.schema.truncate("ks.t", 1_700_000_090_123);
  const { schema } = await linkTo(server);
  expect(schema.clockOffsetMs).toBeUndefined();
  await schema.load(["ks"]);
  const truncatedAtMs = schema.truncatedAtMs(server.schema.idOf("ks.t"));
  // Less what of a millisecond the wall clock does not tell.
  expect(truncatedAtMs).toBeGreaterThan(1_700_000_000_122);
  expect(truncatedAtMs).toBeLessThan(1_700_000_001_123);
  expect(schema.truncatedAtMs(server.schema.idOf("ks.users"))).toBeUndefined();
  expect(schema.clockOffsetMs).toBeGreaterThan(89_000);
  expect(schema.clockOffsetMs).toBeLessThan(91_000);
});

test("a server without `truncated_at` is asked without it", async () => {
  const server = await serve({
    onSystemRequest: (query) =>
      query.includes("truncated_at")
        ? reply.error({
            code: "invalid",
            message: "Undefined column name truncated_at in table system.local",
          })
        : undefined,
  });
  const { schema } = await linkTo(server);
  await schema.load(["ks"]);
  expect(schema.known("ks")?.tables.has("t")).toBe(true);
  expect(asked(server, "truncated_at")).toBe(1);
});

test.each([
  ["nothing of its version", "AS now", reply.void],
  ["no version", "AS now", reply.rows([{ name: "schema_version", type: "uuid" }], [[null]])],
  ["a refusal", "system_schema.views", reply.error({ code: "unauthorized", message: "No rights" })],
  [
    "types that cannot be read",
    "system_schema.types",
    reply.rows(
      [
        { name: "keyspace_name", type: "text" },
        { name: "field_names", type: "int" },
      ],
      [[cell.text("ks"), cell.int(1)]],
    ),
  ],
])("a server that says %s leaves the keyspace unknown, and the breaker closed", async (_, query, answer) => {
  const server = await serve({ onSystemRequest: (text) => (text.includes(query) ? answer : undefined) });
  const link = await linkTo(server);
  expect(await errorOf(link.schema.load(["ks"]))).toBeInstanceOf(Error);
  expect(link.schema.known("ks")).toBeUndefined();
  expect(link.breakerState).toBe("closed");
});

test("the table with the least gc_grace_seconds is found, those of the server aside", async () => {
  const server = await serve({
    tables: {
      "system_auth.roles": { columns: { k: "text" }, gcGraceSeconds: 0 },
      "shop.users": { columns: { k: "text" } },
      "shop.carts": { columns: { k: "text" }, gcGraceSeconds: 3_600 },
    },
  });
  const { schema } = await linkTo(server);
  expect(await schema.shortestGrace()).toEqual({ table: "shop.carts", gcGraceSeconds: 3_600 });
});

test("a client that writes for an hour asks each cluster for a row a minute, and for its tables once", async () => {
  const clock = new ManualClock();
  await using clusters = await TwoClusters.connected({ client: { clock } });
  const { client, servers } = clusters;
  for (let second = 0; second < 3_600; second += 10) {
    await client.execute("INSERT INTO ks.t (id, v) VALUES (?, ?)", ["1", "a"]);
    await clock.advance(10_000);
  }
  for (const server of [servers.A, servers.B]) {
    expect(server.requests).toHaveLength(360);
    // The first time a look precedes the read and another follows it.
    expect([asked(server, "AS now"), asked(server, " IN (")]).toEqual([61, 7]);
  }
});

test("a cluster that says nothing of its schema holds up no write that the other's tables suffice for", async () => {
  const silent = await serve({
    onSystemRequest: (query) => (query.includes("AS now") ? reply.silence : undefined),
  });
  const other = await serve();
  const options = {
    clusters: { A: driverOptions(silent), B: driverOptions(other) },
    requestTimeoutMs: 60_000,
  };
  const client = new HelixClient(options);
  open.push(() => client.close());
  await client.connect({ waitFor: "all" });
  const { writes } = await client.execute("INSERT INTO ks.t (id, v) VALUES (?, ?)", ["1", "a"]);
  expect(writes).toEqual({ A: "applied", B: "applied" });
});
