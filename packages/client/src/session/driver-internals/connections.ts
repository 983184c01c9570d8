import type { Client } from "cassandra-driver";
import { isObject, member } from "./member.ts";
import { spareFrames } from "./spared-frames.ts";
import { spareOperations } from "./spared-operations.ts";
import { spareStreams } from "./spared-streams.ts";

interface Socket {
  /** Whether `close` has been emitted. */
  readonly closed: boolean;
  destroy(error?: Error): unknown;
  once(event: "close", listener: () => void): unknown;
}

interface DriverConnection {
  /** Of the present or last `open`. */
  readonly netClient?: Socket | undefined;
  /** Whether the handshake is over, and the connection not yet closed. */
  readonly connected?: boolean | undefined;
  close(): void;
  /** Fails the requests that wait for an answer. */
  clearAndInvokePending?(): void;
}

/** The connections of a client, those that the driver forgets and those that are being made among them. */
export interface DriverConnections {
  /** That are not closed. */
  sockets(): Socket[];
  /** Closes all of them in the driver's way, and cuts new ones. */
  close(): void;
  /** Cuts all of them, and new ones: a connect that is under way fails. */
  cut(): void;
}

/**
 * Remembers every connection that the driver makes, which says so in its log: by the emitter of the client's
 * options, called as a method of the connection. The driver forgets some itself, and `shutdown()` then leaves
 * them open: of a connect that fails after the handshake (wrong data centre, an error of a system table), and
 * of a reconnect of the control connection under way at the time. One that is being made it never tells that
 * its peer has closed: that is done here.
 *
 * @param isLogged Whether the listener that the client has already wants all that is logged, now.
 */
export function watchConnections(
  client: Client,
  nowMs: () => number,
  isLogged: () => boolean,
): DriverConnections {
  /** One that has closed may be heard once more. */
  const spared = new WeakSet<object>();
  /** With the socket that was last seen of each. */
  const made = new Map<DriverConnection, Socket | undefined>();
  let state: "open" | "closed" | "cut" = "open";
  const listeners = () => client.listenerCount("log");
  let own = 0;
  const isOpen = ({ netClient }: DriverConnection) => netClient?.closed === false;
  const heard = (connection: DriverConnection) => {
    const isNew = !made.has(connection);
    if (isNew) {
      for (const one of made.keys()) if (!isOpen(one)) made.delete(one);
      made.set(connection, undefined);
    }
    if (!spared.has(connection)) {
      spared.add(connection);
      // Of a socket that is not known yet the next line tells.
      const isNews = () => state !== "open" || connection.netClient !== made.get(connection);
      spareFrames(connection, nowMs, () => isNews() || listeners() !== own || isLogged());
      spareStreams(connection);
      spareOperations(connection);
    }
    const { netClient } = connection;
    if (netClient !== made.get(connection)) {
      made.set(connection, netClient);
      netClient?.once("close", () => failHandshake(connection));
    }
    // It has its socket only after it has said that it connects.
    if (state === "cut" || (state === "closed" && isNew)) queueMicrotask(() => cut(connection));
  };
  const { options } = client as { options?: { logEmitter?: unknown } };
  const emit = options?.logEmitter;
  if (isObject(options) && typeof emit === "function") {
    own = listeners();
    options.logEmitter = function (this: unknown, ...args: unknown[]): void {
      if (isConnection(this)) heard(this);
      emit.apply(this, args);
    };
  }
  return {
    sockets: () => [...made.keys()].filter(isOpen).flatMap(socketsOf),
    close() {
      if (state === "open") state = "closed";
      for (const connection of made.keys()) connection.close();
    },
    cut() {
      state = "cut";
      for (const connection of made.keys()) cut(connection);
    },
  };
}

/**
 * The driver fails what waits for an answer when a connection closes, but not before the end of the handshake: a
 * proxy that accepts and closes, as it does before a node that is dead, cost the whole read timeout each time.
 */
function failHandshake(connection: DriverConnection): void {
  if (connection.connected === false) connection.clearAndInvokePending?.();
}

/** With an error, or whoever waits for the connection would not be told. */
function cut(connection: DriverConnection): void {
  connection.netClient?.destroy(new Error("The session is being closed"));
}

/** Resolves when it is closed, by whichever side; never rejects. */
export function socketClosed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once("close", resolve));
}

function socketsOf(connection: DriverConnection): Socket[] {
  return connection.netClient === undefined ? [] : [connection.netClient];
}

function isConnection(value: unknown): value is DriverConnection {
  return typeof member(value, "openAsync") === "function" && typeof member(value, "close") === "function";
}
