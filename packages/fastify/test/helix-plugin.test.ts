import { once } from "node:events";
import { get } from "node:http";
import { text } from "node:stream/consumers";
import { MemoryReplayer } from "@helix/replayer-memory";
import { reply, startScriptedPair } from "@helix/testkit";
import { replay } from "@helix/worker";
import fastify, { type FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { type HelixPluginOptions, helix } from "../src/index.ts";

const INSERT = "INSERT INTO ks.t (id) VALUES (?)";

async function serverWith(options: HelixPluginOptions): Promise<FastifyInstance> {
  const server = fastify();
  await server.register(helix, options);
  server.get("/", async () => (await server.helix.execute(INSERT, ["1"])).writes);
  return server;
}

test("a route writes to both clusters with the client of the server, in any plugin of it", async () => {
  await using pair = await startScriptedPair();
  const server = await serverWith(pair.options);
  await server.register(async (inner) => {
    inner.get("/inner", async () => inner.helix.clusterStates);
  });
  expect((await server.inject("/")).json()).toEqual({ A: "applied", B: "applied" });
  expect((await server.inject("/inner")).json()).toMatchObject({ A: { connected: true } });
  await server.close();
});

test("close lets the last request end, then stops the worker, ends the sessions, and closes the queue", async () => {
  const order: string[] = [];
  let release = () => {};
  const answered = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  await using pair = await startScriptedPair(async () => {
    arrived();
    await answered;
    return reply.void;
  });
  const queue = new MemoryReplayer();
  const server = await serverWith({
    ...pair.options,
    replayer: queue,
    onCreated: async (client) => {
      const worker = await replay(client, { queue });
      worker.on("worker:stopped", () => order.push("worker stopped"));
    },
    onClosed: async () => {
      order.push(`sessions ended: ${pair.A.connections === 0}`);
      await queue.close();
    },
  });
  server.addHook("onResponse", async () => void order.push("answered"));
  const url = await server.listen({ port: 0 });
  // Fastify waits for a connection that is kept alive as well: this one is not.
  const response = once(get(url, { agent: false }), "response");
  await asked;
  const closed = server.close();
  release();
  const [[answer]] = await Promise.all([response, closed]);
  expect(await text(answer)).toBe('{"A":"applied","B":"applied"}');
  expect(order).toEqual(["answered", "worker stopped", "sessions ended: true"]);
  await expect(server.helix.execute(INSERT, ["1"])).rejects.toMatchObject({ code: "HELIX_CLIENT_CLOSED" });
});

test("a server whose client cannot connect in time is not ready, and close leaves nothing", async () => {
  const cluster = { contactPoints: ["127.0.0.1:1"], localDataCenter: "dc1" };
  const server = fastify();
  const connect = { signal: AbortSignal.timeout(50) };
  server.register(helix, { clusters: { A: cluster, B: cluster }, connect });
  await expect(server.ready()).rejects.toMatchObject({ name: "TimeoutError" });
  await server.close();
});

test("what the client refuses is refused when the plugin is registered", async () => {
  const server = fastify();
  server.register(helix, { clusters: {} as HelixPluginOptions["clusters"] });
  await expect(server.ready()).rejects.toThrow(TypeError);
  await server.close();
});

test("the client logs to the server's log", async () => {
  await using pair = await startScriptedPair();
  const lines: string[] = [];
  const server = fastify({ logger: { stream: { write: (line: string) => void lines.push(line) } } });
  await server.register(helix, pair.options);
  await server.close();
  expect(lines.filter((line) => line.includes("connected to the cluster"))).toHaveLength(2);
});
