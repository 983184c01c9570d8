import net from "node:net";
import { listenOn, listenOnFreePort } from "./ports.ts";
import { Relay } from "./relay.ts";

const HOST = "127.0.0.1";

/**
 * What the network does:
 * - `pass`: forwards.
 * - `refuse`: nobody listens and every connection is closed, as after the server's process has died.
 * - `blackhole`: connections are kept, and new ones accepted, but every byte is swallowed in both directions,
 *   and a client never learns that the server has closed.
 * - `half-open`: requests reach the server, its answers are swallowed.
 * - `delayMs`: every byte comes that much later, in each direction, so an answer comes twice that later.
 * - `answerBytes`: of each connection, so many bytes of answers come still; then it is closed, in the middle of one.
 */
export type FaultMode =
  | "pass"
  | "refuse"
  | "blackhole"
  | "half-open"
  | { readonly delayMs: number }
  | { readonly answerBytes: number };

/** Told of what comes over one connection, chunk by chunk, as it was read. */
export interface ConnectionObserver {
  request(bytes: Buffer): void;
  answer(bytes: Buffer): void;
}

/** What a proxy is started with. */
export interface FaultProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** @default a free one */
  readonly port?: number | undefined;
  /** Called for each connection that is made to the target. @default nobody watches */
  readonly observe?: (() => ConnectionObserver) | undefined;
}

/** Starts a TCP proxy on loopback in front of `target`. Resolves when it listens, in mode `pass`. */
export function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  return FaultProxy.start(options);
}

interface Connection {
  readonly client: net.Socket;
  /** None for a connection that was made into a black hole. */
  readonly server?: net.Socket;
  readonly requests?: Relay;
  readonly answers?: Relay;
}

/**
 * A TCP proxy that does what networks do. What has lost bytes does not recover: when a black hole is taken
 * away, its connections go on swallowing, as their two ends no longer agree on what was sent, and new ones
 * work. One thing differs from a direct connection: while the target itself refuses, a client is accepted and
 * closed at once.
 */
export class FaultProxy implements AsyncDisposable {
  readonly host = HOST;
  readonly #target: FaultProxyOptions["target"];
  readonly #observe: FaultProxyOptions["observe"];
  readonly #server: net.Server;
  readonly #connections = new Set<Connection>();
  #mode: FaultMode = "pass";
  #port = 0;
  #closed = false;

  private constructor({ target, observe }: FaultProxyOptions) {
    this.#target = target;
    this.#observe = observe;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  /** See `startFaultProxy`. */
  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    proxy.#port = await (options.port === undefined
      ? listenOnFreePort(proxy.#server, HOST)
      : listenOn(proxy.#server, HOST, options.port));
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** `host:port`, as the driver's `contactPoints` takes it. */
  get contactPoint(): string {
    return `${this.host}:${this.#port}`;
  }

  /** Clients connected now. */
  get connections(): number {
    return this.#connections.size;
  }

  get mode(): FaultMode {
    return this.#mode;
  }

  /** Changes the mode, for the connections there are and those to come. Resolves when it is in force. */
  async set(mode: FaultMode): Promise<void> {
    if (this.#closed) throw new Error("This fault proxy is closed");
    this.#mode = mode;
    for (const connection of this.#connections) this.#apply(connection);
    if (mode === "refuse") {
      this.#server.close();
      this.#destroyAll((socket) => socket.destroy());
    } else if (!this.#server.listening) {
      await listenOn(this.#server, this.host, this.#port);
    }
  }

  /** Resets every connection now. The mode stays: new ones may be made at once. */
  cut(): void {
    this.#destroyAll((socket) => socket.resetAndDestroy());
  }

  /** Closes every connection and stops listening. Twice is harmless. */
  async close(): Promise<void> {
    this.#closed = true;
    const stopped = new Promise((resolve) => this.#server.close(resolve));
    this.#destroyAll((socket) => socket.destroy());
    await stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: net.Socket): void {
    const connection = this.#mode === "blackhole" ? swallowing(client) : connectedTo(this.#target, client);
    this.#connections.add(connection);
    client.once("close", () => {
      this.#connections.delete(connection);
      connection.requests?.stop();
      connection.answers?.stop();
      connection.server?.destroy();
    });
    if (connection.server !== undefined) this.#watch(client, connection.server);
    this.#apply(connection);
  }

  #watch(client: net.Socket, server: net.Socket): void {
    const observer = this.#observe?.();
    if (observer === undefined) return;
    client.on("data", (bytes) => observer.request(bytes));
    server.on("data", (bytes) => observer.answer(bytes));
  }

  #apply({ requests, answers }: Connection): void {
    const mode = this.#mode;
    if (mode === "blackhole") requests?.swallow();
    if (mode === "blackhole" || mode === "half-open") answers?.swallow();
    const { delayMs, answerBytes } = {
      delayMs: 0,
      answerBytes: undefined,
      ...(typeof mode === "object" ? mode : {}),
    };
    for (const relay of [requests, answers]) if (relay) relay.delayMs = delayMs;
    if (answers) answers.bytesLeft = answerBytes;
  }

  #destroyAll(destroy: (socket: net.Socket) => void): void {
    for (const { client, server } of this.#connections) {
      destroy(client);
      if (server !== undefined) destroy(server);
    }
    this.#connections.clear();
  }
}

function swallowing(client: net.Socket): Connection {
  client.resume().on("error", () => {});
  return { client };
}

function connectedTo(target: FaultProxyOptions["target"], client: net.Socket): Connection {
  const server = net.connect({ host: target.host, port: target.port, noDelay: true, allowHalfOpen: true });
  return { client, server, requests: new Relay(client, server), answers: new Relay(server, client) };
}
