import { once } from "node:events";
import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FaultProxy, nothingMoreOpen, openHandles, startFaultProxy, waitFor } from "./index.ts";
import { listenOnFreePort } from "./ports.ts";

/** Answers every chunk with itself, and remembers what it was sent. */
class Echo {
  readonly received: string[] = [];
  readonly sockets = new Set<net.Socket>();
  readonly server = net.createServer((socket) => {
    this.sockets.add(socket);
    socket
      .on("error", () => {})
      .on("close", () => this.sockets.delete(socket))
      .on("data", (bytes) => {
        this.received.push(bytes.toString());
        socket.write(bytes);
      });
  });
}

/** A client that remembers what it got and how it ended. */
class Peer {
  readonly socket: net.Socket;
  received = "";
  ended = false;
  error: NodeJS.ErrnoException | undefined;

  constructor(port: number) {
    this.socket = net.connect({ host: "127.0.0.1", port });
    this.socket
      .on("data", (bytes) => {
        this.received += bytes;
      })
      .on("error", (error) => {
        this.error = error;
      })
      .on("close", () => {
        this.ended = true;
      });
  }

  until(condition: () => boolean, describe: string): Promise<unknown> {
    return waitFor(condition, { timeoutMs: 5_000, describe });
  }

  async says(text: string): Promise<void> {
    const before = this.received.length;
    this.socket.write(text);
    await this.until(() => this.received.slice(before) === text, `"${text}" is answered`);
  }
}

let before: ReturnType<typeof openHandles>;
let echo: Echo;
let proxy: FaultProxy;
let peers: Peer[];

beforeEach(async () => {
  before = openHandles();
  echo = new Echo();
  peers = [];
  const port = await listenOnFreePort(echo.server, "127.0.0.1");
  proxy = await startFaultProxy({ target: { host: "127.0.0.1", port } });
});

afterEach(async () => {
  await proxy.close();
  for (const socket of [...echo.sockets, ...peers.map((peer) => peer.socket)]) socket.destroy();
  echo.server.close();
  await nothingMoreOpen(before);
});

function connect(): Peer {
  const peer = new Peer(proxy.port);
  peers.push(peer);
  return peer;
}

async function connected(): Promise<Peer> {
  const peer = connect();
  await peer.says("hello");
  return peer;
}

/** Long enough for an answer over loopback, were there one: a peer on another path has had two by then. */
async function others(): Promise<void> {
  const direct = new Peer((echo.server.address() as net.AddressInfo).port);
  peers.push(direct);
  await direct.says("one");
  await direct.says("two");
}

describe("a fault proxy", () => {
  it("forwards in both directions, and the end of either side", async () => {
    const peer = await connected();
    expect(proxy.connections).toBe(1);
    peer.socket.end();
    await peer.until(() => peer.ended, "the other end has closed too");
    await peer.until(() => proxy.connections === 0, "the proxy has let go");
  });

  it("forwards more than the sockets can hold", async () => {
    const peer = await connected();
    const size = 20_000_000;
    peer.socket.write("x".repeat(size));
    await peer.until(() => peer.received.length === size + "hello".length, "all has come back");
  });

  it("refuses: connections are closed, new ones get ECONNREFUSED, and the port is the same afterwards", async () => {
    const peer = await connected();
    const { port } = proxy;
    await proxy.set("refuse");
    await peer.until(() => peer.ended, "the connection is closed");
    const refused = connect();
    await refused.until(() => refused.ended, "the new one has failed");
    expect(refused.error?.code).toBe("ECONNREFUSED");
    await proxy.set("pass");
    await connected();
    expect(proxy.port).toBe(port);
  });

  it("swallows in a black hole what is sent either way, and accepts new connections", async () => {
    const peer = await connected();
    const [server] = echo.sockets;
    await proxy.set("blackhole");
    peer.socket.write("lost");
    server?.write("lost as well");
    const late = connect();
    await once(late.socket, "connect");
    late.socket.write("lost, too");
    await others();
    expect(echo.received).toEqual(["hello", "one", "two"]);
    expect([peer.received, peer.ended, late.received, late.ended]).toEqual(["hello", false, "", false]);
  });

  it("hides in a black hole that the other side has gone", async () => {
    const peer = await connected();
    const [server] = echo.sockets;
    await proxy.set("blackhole");
    server?.destroy();
    await others();
    expect(peer.ended).toBe(false);
  });

  it("leaves the connections of a black hole dead when it is gone, while new ones pass", async () => {
    const peer = await connected();
    await proxy.set("blackhole");
    const late = connect();
    await once(late.socket, "connect");
    await proxy.set("pass");
    peer.socket.write("still lost");
    late.socket.write("still lost");
    await connected();
    expect(echo.received).toEqual(["hello", "hello"]);
    expect([peer.ended, late.ended]).toEqual([false, false]);
  });

  it("cuts a connection in the middle of an answer, and each that is made meanwhile", async () => {
    const peer = await connected();
    await proxy.set({ answerBytes: 5 });
    const late = connect();
    for (const one of [peer, late]) {
      const before = one.received.length;
      one.socket.write("12");
      await one.until(() => one.received.length === before + 2, "the first answer is whole");
      one.socket.write("34567");
      await one.until(() => one.ended, "the connection is closed");
      expect(one.received.slice(before)).toBe("12345");
    }
    await proxy.set("pass");
    await connected();
  });

  it("half-open: the server gets what is sent, and its answers are swallowed", async () => {
    const peer = await connected();
    await proxy.set("half-open");
    const late = connect();
    peer.socket.write("old");
    late.socket.write("new");
    await peer.until(() => echo.received.length === 3, "the server has both");
    await others();
    expect([peer.received, late.received]).toEqual(["hello", ""]);
  });

  it("delays each direction, and keeps the order when the delay is taken away", async () => {
    const peer = await connected();
    await proxy.set({ delayMs: 50 });
    const start = performance.now();
    await peer.says("slow");
    expect(performance.now() - start).toBeGreaterThanOrEqual(99);
    peer.socket.write("first ");
    await peer.until(() => echo.received.includes("first "), "the server has it");
    await proxy.set("pass");
    peer.socket.write("second");
    await peer.until(() => peer.received.endsWith("second"), "both are answered");
    expect(peer.received).toBe("helloslowfirst second");
  });

  it("cuts: connections are reset, and new ones pass at once", async () => {
    const peer = await connected();
    proxy.cut();
    await peer.until(() => peer.ended, "it is reset");
    expect(peer.error?.code).toBe("ECONNRESET");
    await connected();
  });

  it("closes a client whose target refuses", async () => {
    echo.server.close();
    const peer = connect();
    await peer.until(() => peer.ended, "it is closed");
    expect(peer.received).toBe("");
  });

  it("refuses to be set when it is closed", async () => {
    await proxy.close();
    await expect(proxy.set("pass")).rejects.toThrow("closed");
  });
});
