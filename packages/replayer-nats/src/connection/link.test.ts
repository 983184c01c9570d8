import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { EventHub, type Logger, type QueueEvents, silentLogger } from "@helix/core";
import { freePorts, waitFor } from "@helix/testkit";
import { ManualClock, settle } from "@helix/testkit/manual-clock";
import { errors, type NatsConnection } from "@nats-io/nats-core";
import { beforeEach, expect, test } from "vitest";
import type { LinkSettings } from "../options.ts";
import { Link } from "./link.ts";

type Told = { type: string } | Error | undefined;

/** A connection that tells what a test says, and ends or breaks when it says so. */
class ScriptedConnection {
  readonly info = { version: "2.12.8" };
  asked = 0;
  #isClosed = false;
  #next: ((told: Told) => void) | undefined;

  isClosed(): boolean {
    return this.#isClosed;
  }
  getServer(): string {
    return "scripted";
  }
  async flush(): Promise<void> {}

  async *status(): AsyncGenerator<{ type: string }> {
    this.asked++;
    for (;;) {
      const told = await new Promise<Told>((resolve) => {
        this.#next = resolve;
      });
      if (told === undefined) return;
      if (told instanceof Error) throw told;
      yield told;
    }
  }

  /** Undefined: it says nothing more. */
  async tell(told: Told): Promise<void> {
    this.#next?.(told);
    await settle();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.tell(undefined);
  }
}

let connection: ScriptedConnection;
let clock: ManualClock;
let log: string[];
let events: string[];
let link: Link;
beforeEach(async () => {
  connection = new ScriptedConnection();
  clock = new ManualClock();
  log = [];
  events = [];
  const at = (level: string) => (_: object, text: string) => void log.push(`${level}: ${text}`);
  const logger: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const hub = new EventHub<QueueEvents>();
  hub.on("queue:connected", () => events.push("connected"));
  hub.on("queue:disconnected", () => events.push("disconnected"));
  const settings = {
    connection: connection as unknown as NatsConnection,
    allowOldServer: false,
    logger,
    clock,
  };
  link = await Link.open(settings as unknown as LinkSettings, hub);
  await settle();
});

/** Begins to connect to a server, which listens then. */
async function linkTo(server: Server, login: { user?: string; pass?: string } = {}) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const connect = { servers: `127.0.0.1:${port}`, ...login };
  const settings = { connect, allowOldServer: false, logger: silentLogger, clock };
  return { opening: Link.open(settings as unknown as LinkSettings, new EventHub<QueueEvents>()) };
}

test("a part that fails at a change is logged, and the others hear of it", async () => {
  const heard: boolean[] = [];
  link.listen({
    onChange: () => {
      throw new Error("a fault of ours");
    },
  });
  link.listen({ onChange: (isUp) => heard.push(isUp) });
  await connection.tell({ type: "disconnect" });
  await connection.tell({ type: "reconnect" });
  expect(heard).toEqual([false, true]);
  expect(log.filter((line) => line.startsWith("error"))).toEqual([
    "error: a part of the queue failed at a change",
    "error: a part of the queue failed at a change",
  ]);
  expect(events).toEqual(["connected", "disconnected", "connected"]);
});

test.each([undefined, new Error("an iterator's own fault")])(
  "an open connection that tells nothing more (%s) is asked again",
  async (end) => {
    await connection.tell(end);
    expect([connection.asked, link.isUp]).toEqual([1, true]);
    await clock.advance(250);
    expect(connection.asked).toBe(2);
    await connection.tell({ type: "disconnect" });
    expect([link.isUp, events]).toEqual([false, ["connected", "disconnected"]]);
  },
);

test.each([
  [
    "loses",
    [
      { type: "error", error: new errors.ProtocolError("User Authentication Expired") },
      { type: "disconnect" },
    ],
  ],
  [
    "refuses",
    [
      { type: "disconnect" },
      { type: "error", error: new errors.ProtocolError("maximum connections exceeded") },
    ],
  ],
])("what a server says when it %s a connection is why it is down", async (_, statuses) => {
  for (const status of statuses) await connection.tell(status);
  const said = statuses.flatMap((status) => ("error" in status && status.error ? status.error.message : []));
  expect(link.isUp).toBe(false);
  expect((link.cause as Error).message).toContain(said[0]);
});

test("a server that has no room for a connection says so at the start, too", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(`INFO ${JSON.stringify({ version: "2.12.8", max_payload: 1_000_000 })}\r\n`);
    setImmediate(() => socket.end("-ERR 'maximum connections exceeded'\r\n"));
  });
  const { opening } = await linkTo(server);
  const full = await opening;
  expect(full.cause).toMatchObject({ message: "NATS refuses the connection: maximum connections exceeded" });
  await full.close();
  server.close();
}, 30_000);

test("a process that was too slow to log in is not told that its credentials are wrong, and tries again", async () => {
  let taken = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    taken++;
    open.add(socket);
    socket.on("error", () => {});
    socket.write(`INFO ${JSON.stringify({ version: "2.12.8", max_payload: 1_000_000 })}\r\n`);
    if (taken === 1) socket.end("-ERR 'Authentication Timeout'\r\n");
    else socket.on("data", (data) => String(data).includes("PING") && socket.write("PONG\r\n"));
  });
  const { opening } = await linkTo(server, { user: "pod", pass: "right" });
  const slow = await opening;
  expect(slow.cause).toMatchObject({ message: "NATS refuses the connection: Authentication Timeout" });
  await waitFor(() => clock.advance(500).then(() => slow.isUp), {
    timeoutMs: 10_000,
    describe: "it is connected",
  });
  await slow.close();
  for (const socket of open) socket.destroy();
  server.close();
}, 30_000);

test("a connection that its owner closes is down, and is not asked again", async () => {
  await connection.close();
  await clock.advance(10_000);
  expect([link.isUp, connection.asked, clock.timers]).toEqual([false, 1, 0]);
  expect(link.cause).toMatchObject({ message: "The connection to NATS was closed" });
  expect(() => link.up).toThrow("There is no connection to NATS");
});

test("a queue that closes its link tells nobody of a loss", async () => {
  await link.close();
  await connection.close();
  await clock.advance(10_000);
  expect([events, clock.timers]).toEqual([["connected"], 0]);
});

test("servers that are away at the start are told of again after 5 s, and then once a minute, with how long they have been", async () => {
  const told: object[] = [];
  const warn = (fields: object, text: string) => told.push({ ...fields, err: undefined, text });
  const [port] = await freePorts(1);
  const settings = {
    connect: { servers: `127.0.0.1:${port}`, timeout: 1000, maxReconnectAttempts: 0, reconnect: false },
    allowOldServer: false,
    logger: { debug() {}, info() {}, warn, error() {} },
    clock,
  };
  const away = await Link.open(settings as unknown as LinkSettings, new EventHub<QueueEvents>());
  const until = (lines: number) =>
    waitFor(() => clock.advance(500).then(() => told.length >= lines), {
      timeoutMs: 5000,
      describe: `${lines} lines`,
    });
  await until(3);
  const [first, second, third] = told as { text: string; awayForMs?: number }[];
  expect([first?.text, second?.text, third?.text]).toEqual([
    "NATS is not there yet; connecting in the background",
    "NATS is still not there",
    "NATS is still not there",
  ]);
  expect(second?.awayForMs).toBeGreaterThanOrEqual(5000);
  expect((third?.awayForMs ?? 0) - (second?.awayForMs ?? 0)).toBeGreaterThanOrEqual(60_000);
  await away.close();
});

test("a server that takes connections and says nothing is asked by sockets that are closed again, until it speaks", async () => {
  let isSilent = true;
  let taken = 0;
  const open = new Set<Socket>();
  const greet = (socket: Socket) => {
    socket.write(`INFO ${JSON.stringify({ version: "2.12.8", max_payload: 1_000_000 })}\r\n`);
    socket.on("data", (data) => String(data).includes("PING") && socket.write("PONG\r\n"));
  };
  const server = createServer((socket) => {
    taken++;
    open.add(socket);
    socket.on("error", () => {}).on("close", () => open.delete(socket));
    if (!isSilent) greet(socket);
  });
  const { opening } = await linkTo(server);
  const until = (isSo: () => boolean, describe: string) =>
    waitFor(() => clock.advance(500).then(isSo), { timeoutMs: 10_000, describe });
  let asked: Link | undefined;
  void opening.then((link) => {
    asked = link;
  });
  await until(() => taken >= 12, "it is asked again and again");
  // That of the first try, which the client library leaves open, and one by which it is asked.
  expect(open.size).toBeLessThanOrEqual(2);
  isSilent = false;
  await until(() => asked?.isUp === true, "it is connected");
  await asked?.close();
  for (const socket of open) socket.destroy();
  server.close();
}, 30_000);
