import { EventHub, type QueueEvents } from "@helix/core";
import { startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Link } from "../src/connection/link.ts";
import { readEnqueuerOptions } from "../src/options.ts";
import { addressOf, payloadOf, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

const NAMES: readonly (keyof QueueEvents)[] = ["queue:connected", "queue:disconnected", "queue:ready"];

it("a queue tells that its connection is lost, is there again, and that it is ready", async () => {
  await using rig = new Rig(server);
  await using proxy = await startFaultProxy({ target: addressOf(server) });
  await proxy.set("refuse");
  const connect = { servers: `127.0.0.1:${proxy.port}` };
  const queue = await rig.replayer({ connect });
  const told: string[] = [];
  for (const name of NAMES) queue.on(name, () => told.push(name));
  await proxy.set("pass");
  await waitFor(() => told.length === 2, { timeoutMs: 10_000, describe: "it is ready" });
  await proxy.set("refuse");
  await waitFor(() => told.length === 3, { timeoutMs: 10_000, describe: "the connection is lost" });
  await proxy.set("pass");
  await waitFor(() => told.length === 4, { timeoutMs: 10_000, describe: "the connection is there again" });
  expect(told).toEqual(["queue:connected", "queue:ready", "queue:disconnected", "queue:connected"]);
});

it("a queue that only takes tells of its connection, whatever its listeners do", async () => {
  await using rig = new Rig(server);
  await rig.replayer();
  await using proxy = await startFaultProxy({ target: addressOf(server) });
  const queue = await rig.enqueuer({ connect: { servers: `127.0.0.1:${proxy.port}` } });
  const causes: unknown[] = [];
  queue.on("queue:disconnected", ({ cause }) => {
    causes.push(cause);
    throw new Error("a listener's own fault");
  });
  const connected = new Promise<void>((resolve) => queue.on("queue:connected", () => resolve()));
  await proxy.set("refuse");
  await waitFor(() => causes.length === 1, { timeoutMs: 10_000, describe: "the connection is lost" });
  expect(causes[0]).toBeInstanceOf(Error);
  await proxy.set("pass");
  await connected;
  await queue.enqueue(payloadOf("one"));
  expect(rig.log.map(({ text }) => text)).toContain("a listener failed");
});

it("a connection that was passed in and is closed by its owner is told as lost", async () => {
  await using rig = new Rig(server);
  const { connection } = await rig.api();
  const queue = await rig.replayer({ connect: undefined, connection });
  const lost = new Promise<unknown>((resolve) =>
    queue.on("queue:disconnected", ({ cause }) => resolve(cause)),
  );
  await connection.close();
  expect(await lost).toMatchObject({ message: "The connection to NATS was closed" });
  expect(queue.health).toMatchObject({ isReady: false, isConnected: false });
});

it("a connection of the queue's own that was closed, by whomever, is replaced by another", async () => {
  await using rig = new Rig(server);
  const events = new EventHub<QueueEvents>();
  const told: string[] = [];
  for (const name of NAMES) events.on(name, () => told.push(name));
  const link = rig.closing(await Link.open(readEnqueuerOptions(rig.options), events));
  const first = link.up;
  await first.close();
  await waitFor(() => told.length === 3, { timeoutMs: 10_000, describe: "it is connected again" });
  expect(told).toEqual(["queue:connected", "queue:disconnected", "queue:connected"]);
  expect(link.up).not.toBe(first);
});
