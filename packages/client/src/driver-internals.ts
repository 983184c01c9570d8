import type { ColumnEncoding, ColumnType, StatementTypes } from "@helix/codec";
import type { Params } from "@helix/core";
import { type Client, type ExecutionOptions, type QueryOptions, types } from "cassandra-driver";

/**
 * The one place that touches what the driver does not declare. Everything is looked at before it is used:
 * with a driver that is built otherwise the leaks below are back, nobody is asked about what is bound, and
 * nothing else happens.
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

/** What a prepared statement is about to be sent with. */
export interface Binding {
  readonly params: Params;
  /** Of the columns, as the server has said: by position, or by name for named parameters. */
  readonly types: StatementTypes;
  /** The option of that name of the session. */
  readonly encoding: ColumnEncoding;
  /** What the parameters are called in an error. */
  readonly path: string;
}

/** Returns what is bound instead. What it throws the request rejects with, and nothing of it is sent. */
export type OnBinding = (binding: Binding) => Params;

/** In the options of a request: who is asked about what it binds. */
export const ON_BINDING: unique symbol = Symbol("onBinding");

export type BindingOptions = QueryOptions & { readonly [ON_BINDING]?: OnBinding };

/**
 * Asks `ON_BINDING` of each request between its preparation and its encoding: nowhere else are its
 * parameters and the types of their columns together, and the driver declares no way to prepare it first.
 * Statements that are not prepared have no types, and nobody is asked.
 */
export function interceptBinding(client: Client): void {
  const encoding = (member(member(client, "options"), "encoding") ?? {}) as ColumnEncoding;
  const bound = (options: unknown, params: unknown, meta: unknown, path: string): unknown => {
    const onBinding = ((options as ExecutionOptions).getRawQueryOptions() as BindingOptions)[ON_BINDING];
    const columns = member(meta, "columns");
    if (onBinding === undefined || !isObject(params) || !Array.isArray(columns)) return params;
    return onBinding({ params: params as Params, types: typesOf(columns, params), encoding, path });
  };
  before(client, "_createExecuteRequest", ([query, queryId, options, params, meta, ...rest]) => {
    return [query, queryId, options, bound(options, params, meta, "params"), meta, ...rest];
  });
  before(client, "_createBatchRequest", ([items, options, ...rest]) => {
    const boundItem = (item: object, index: number) => ({
      ...item,
      params: bound(options, member(item, "params"), member(item, "meta"), `statements[${index}].params`),
    });
    return [(items as object[]).map(boundItem), options, ...rest];
  });
}

/** Changes the arguments of a method that returns a promise. */
function before(target: object, name: string, change: (args: unknown[]) => unknown[]): void {
  const method = member(target, name);
  if (typeof method !== "function") return;
  Object.assign(target, { [name]: async (...args: unknown[]) => method.apply(target, change(args)) });
}

function typesOf(columns: readonly unknown[], params: object): StatementTypes {
  const typeOf = (column: unknown) => member(column, "type") as ColumnType | undefined;
  if (Array.isArray(params)) return columns.map(typeOf);
  return Object.fromEntries(columns.map((column) => [member(column, "name"), typeOf(column)]));
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
