import { type Client, types } from "cassandra-driver";

/**
 * The one place that touches what the driver does not declare. Everything is looked at before it is used:
 * with a driver that is built otherwise the leaks below are back, and nothing else happens.
 */

interface Socket {
  /** Whether `close` has been emitted. */
  readonly closed: boolean;
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

interface DriverConnection {
  readonly netClient?: Socket | undefined;
  close(): void;
}

/** What {@link guardControlConnection} knows of. */
export interface ControlConnections {
  sockets(): Socket[];
  /** Closes all of them, and refuses new ones. */
  close(): void;
}

/**
 * Remembers every connection that the driver makes for its control connection. It forgets them itself
 * in two cases, and `shutdown()` then leaves them open: a connect that fails after the handshake (wrong
 * data centre, an error of a system table), and a reconnect under way at the time of the shutdown.
 */
export function guardControlConnection(client: Client): ControlConnections {
  const made = new Set<DriverConnection>();
  let closed = false;
  const control = member(client, "controlConnection");
  const create = member(control, "_createConnection");
  if (isObject(control) && typeof create === "function") {
    Object.assign(control, {
      _createConnection: async (contactPoint: string) => {
        if (closed) throw new Error("The session is being closed");
        const connection: unknown = await create.call(control, contactPoint);
        if (isConnection(connection)) {
          made.add(connection);
          if (closed) connection.close();
        }
        return connection;
      },
    });
  }
  return {
    sockets: () => [...made].flatMap(socketsOf),
    close() {
      closed = true;
      for (const connection of made) connection.close();
    },
  };
}

/** The sockets of the pools of all hosts. */
export function poolSockets(client: Client): Socket[] {
  return client.hosts.values().flatMap((host) => {
    const connections = member(member(host, "pool"), "connections");
    return Array.isArray(connections) ? connections.filter(isConnection).flatMap(socketsOf) : [];
  });
}

/** Resolves when it is closed, by whichever side; never rejects. */
export function socketClosed(socket: Socket): Promise<void> {
  if (socket.closed) return Promise.resolve();
  return new Promise((resolve) => socket.once("close", resolve));
}

/** A `bigint` as the driver's 64-bit number. */
export function toLong(value: bigint): types.Long {
  return types.Long.fromBits(Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n)));
}

function socketsOf(connection: DriverConnection): Socket[] {
  return connection.netClient === undefined ? [] : [connection.netClient];
}

function isConnection(value: unknown): value is DriverConnection {
  return isObject(value) && typeof member(value, "close") === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[name] : undefined;
}
