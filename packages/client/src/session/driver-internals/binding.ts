import type { Params } from "@helix/core";
import type { Client, ExecutionOptions, QueryOptions } from "cassandra-driver";
import type { ColumnEncoding, ColumnType } from "../../bindings/column-type.ts";
import { byPosition, type Positions } from "../../bindings/positions.ts";
import { isObject, member } from "./member.ts";

/**
 * Is told what a prepared statement is about to be sent with: the types of its markers, as the server has said, and
 * the session's option `encoding`. Returns what is bound instead. What it throws the request rejects with, and
 * nothing of it is sent.
 */
export type OnBinding = (
  positions: Positions,
  types: readonly (ColumnType | undefined)[],
  encoding: ColumnEncoding,
) => readonly unknown[];

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
    const names = columns.map((column) => member(column, "name"));
    const types = columns.map((column) => member(column, "type") as ColumnType | undefined);
    return onBinding(byPosition(params as Params, names, path), types, encoding);
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
