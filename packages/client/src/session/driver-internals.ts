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
 */
export function watchConnections(client: Client): DriverConnections {
  /** With the socket that was last seen of each. */
  const made = new Map<DriverConnection, Socket | undefined>();
  let state: "open" | "closed" | "cut" = "open";
  const isOpen = ({ netClient }: DriverConnection) => netClient?.closed === false;
  const heard = (connection: DriverConnection) => {
    const isNew = !made.has(connection);
    if (isNew) {
      for (const one of made.keys()) if (!isOpen(one)) made.delete(one);
      made.set(connection, undefined);
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
  return typeof member(value, "openAsync") === "function" && typeof member(value, "close") === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function member(value: unknown, name: string): unknown {
  return isObject(value) ? (value as Record<string, unknown>)[name] : undefined;
}
