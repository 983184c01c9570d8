import { createRequire } from "node:module";
import { Client } from "cassandra-driver";
import { boundLate, lateBinding } from "./binding.ts";
import type { SentRequest } from "./execute-frame.ts";
import { member } from "./member.ts";

/** What the driver does not export. */
interface Parts {
  readonly ExecuteRequest: new (
    query: unknown,
    queryId: unknown,
    params: unknown,
    options: unknown,
    meta: unknown,
  ) => SentRequest;
  readonly RequestHandler: {
    new (request: SentRequest, options: unknown, client: Client): Handler;
    send(request: SentRequest, options: unknown, client: Client): Promise<unknown>;
  };
}

interface Handler {
  _executions: unknown;
  send(): Promise<unknown>;
}

/** Undefined with a driver that is built otherwise, or is another one than that of this package. */
function findParts(): Parts | undefined {
  try {
    const require = createRequire(import.meta.url);
    if (require("cassandra-driver").Client !== Client) return undefined;
    const ExecuteRequest = member(require("cassandra-driver/lib/requests"), "ExecuteRequest");
    const RequestHandler = require("cassandra-driver/lib/request-handler");
    const isKnown = typeof ExecuteRequest === "function" && typeof RequestHandler.send === "function";
    return isKnown ? ({ ExecuteRequest, RequestHandler } as Parts) : undefined;
  } catch {
    return undefined;
  }
}

/** As the driver has it: what others have put around it, such as traces, is not passed by. */
const OWN_EXECUTE = "RequestHandler.send(request, execOptions, this)";

const OWN_SEND =
  /\{\s*const instance = new RequestHandler\(request, execOptions, client\);\s*return instance\.send\(\);\s*\}$/;

const VERSION = 4;

interface Options {
  isPrepared(): boolean | undefined;
  getKeyspace(): unknown;
  setKeyspace(keyspace: unknown): void;
  getRoutingKey(): unknown;
  setRoutingIndexes(indexes: unknown): void;
}

interface DriverClient {
  readonly connected: boolean;
  readonly keyspace: unknown;
  readonly controlConnection: { readonly protocolVersion: number };
  readonly metadata: { getPreparedInfo(keyspace: unknown, query: unknown): Prepared };
  _getEncoder(): { setRoutingKeyFromMeta(meta: unknown, params: unknown, options: unknown): void };
}

interface Prepared {
  readonly queryId?: unknown;
  readonly meta?: { readonly keyspace?: unknown; readonly partitionKeys?: unknown };
}

/**
 * Sends a statement that is prepared already without the promises that the driver makes on the way there, which
 * were a fifth of what it does for a request. What is not prepared yet, and all else, takes the driver's way.
 */
export function executeDirectly(client: Client): void {
  const parts = findParts();
  const execute = member(client, "_execute");
  if (parts === undefined || typeof execute !== "function") return;
  if (!Function.prototype.toString.call(execute).includes(OWN_EXECUTE)) return;
  const send = senderOf(parts);
  const direct = (query: unknown, params: unknown, options: Options): Promise<unknown> | undefined => {
    const driver = client as unknown as DriverClient;
    const isKnown = driver.connected && driver.controlConnection.protocolVersion === VERSION;
    if (!isKnown || !options.isPrepared() || options.getRoutingKey()) return undefined;
    const { queryId, meta } = driver.metadata.getPreparedInfo(driver.keyspace, query);
    if (queryId === undefined || !Array.isArray(meta?.partitionKeys)) return undefined;
    const late = lateBinding(client, options, { query, queryId, params, meta }, "params");
    if (late === undefined) return undefined;
    try {
      const bound = late.boundBy(meta);
      if (!options.getKeyspace() && meta.keyspace) options.setKeyspace(meta.keyspace);
      options.setRoutingIndexes(meta.partitionKeys);
      driver._getEncoder().setRoutingKeyFromMeta(meta, bound, options);
      const request = new parts.ExecuteRequest(query, queryId, bound, options, meta);
      return send(boundLate(request, late), options, client);
    } catch (error) {
      return Promise.reject(error);
    }
  };
  Object.assign(client, {
    _execute: (query: unknown, params: unknown, options: Options) =>
      direct(query, params, options) ?? execute.call(client, query, params, options),
  });
}

/**
 * As the driver sends a request, but with a list of its executions that is not one of the literal in its code: those the
 * engine may come to allocate among what is old, and with each of them all of its request would be kept until the next full collection.
 */
function senderOf({ RequestHandler }: Parts): Parts["RequestHandler"]["send"] {
  if (!OWN_SEND.test(Function.prototype.toString.call(RequestHandler.send))) return RequestHandler.send;
  return (request, options, client) => {
    const handler = new RequestHandler(request, options, client);
    const { _executions: list } = handler;
    if (Array.isArray(list) && list.length === 0) handler._executions = Array.of();
    return handler.send();
  };
}
