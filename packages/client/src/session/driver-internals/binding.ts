import type { Params } from "@helix/core";
import type { Client, ExecutionOptions, QueryOptions } from "cassandra-driver";
import { takesNumbers } from "../../bindings/adapt-values.ts";
import type { ColumnEncoding, ColumnType } from "../../bindings/column-type.ts";
import { plainBinding } from "../../bindings/on-binding.ts";
import { assertCount, byPosition, type Positions } from "../../bindings/positions.ts";
import { isObject, member } from "./member.ts";
import { newestMetadata } from "./prepared.ts";

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
 * parameters and the types of their columns together, and the driver declares no way to prepare it first. A request without one
 * is bound as the driver would, but for long numbers. Statements that are not prepared have no types, and nobody is asked.
 */
export function interceptBinding(client: Client): void {
  const encoding = (member(member(client, "options"), "encoding") ?? {}) as ColumnEncoding;
  const lateIn = (options: unknown, item: Item, path: string): LateBinding | undefined => {
    const asked = ((options as ExecutionOptions).getRawQueryOptions() as BindingOptions)[ON_BINDING];
    if (!isObject(item.params) || item.meta === undefined) return undefined;
    if (asked === undefined && !columnsIn(item.meta)?.some((column) => takesNumbers(typeIn(column))))
      return undefined;
    const onBinding = asked ?? plainBinding;
    return new LateBinding(client, item, (meta) => {
      const columns = columnsIn(meta);
      if (columns === undefined) return item.params as readonly unknown[];
      if (asked !== undefined) assertCount(item.params as Params, columns.length, path);
      const names = columns.map((column) => member(column, "name"));
      const types = columns.map(typeIn);
      return onBinding(byPosition(item.params as Params, names, path), types, encoding);
    });
  };
  wrap(client, "_createExecuteRequest", async (create, [query, queryId, options, params, meta, ...rest]) => {
    const late = lateIn(options, { query, queryId, params, meta }, "params");
    if (late === undefined) return create(query, queryId, options, params, meta, ...rest);
    const request = (await create(query, queryId, options, late.params, late.meta, ...rest)) as SentRequest;
    const { write } = request;
    // Of the request's own, so that the driver's copies of it have it too.
    request.write = function (...args) {
      this.meta = late.meta;
      this.params = late.params;
      return write.apply(this, args);
    };
    return request;
  });
  wrap(client, "_createBatchRequest", async (create, [items, ...rest]) => {
    const [options] = rest;
    const late = (items as Item[]).map(
      (item, index) => lateIn(options, item, `statements[${index}].params`) ?? item,
    );
    return create(late, ...rest);
  });
}

function columnsIn(meta: unknown): readonly unknown[] | undefined {
  const columns = member(meta, "columns");
  return Array.isArray(columns) ? columns : undefined;
}

function typeIn(column: unknown): ColumnType | undefined {
  return member(column, "type") as ColumnType | undefined;
}

/** A statement on its way, as the driver has it in a batch. */
interface Item {
  readonly query: unknown;
  readonly queryId: unknown;
  readonly params: unknown;
  readonly meta: unknown;
}

interface SentRequest {
  meta: unknown;
  params: unknown;
  /** Makes the bytes that are sent next. What it throws the request rejects with. */
  write(this: SentRequest, ...args: unknown[]): unknown;
}

/**
 * What a statement binds by the newest types that are known, whenever it is looked at. A server that has forgotten
 * the statement is asked to prepare it anew while the request is on its way, and then the driver would send what was
 * bound by the earlier types: in a batch encoded by them as well, without the fields that they lack.
 */
class LateBinding implements Item {
  readonly query: unknown;
  readonly queryId: unknown;
  readonly #client: Client;
  readonly #prepared: unknown;
  readonly #bind: (meta: unknown) => readonly unknown[];
  #boundBy: unknown;
  #bound: readonly unknown[] = [];

  constructor(client: Client, item: Item, bind: (meta: unknown) => readonly unknown[]) {
    this.query = item.query;
    this.queryId = item.queryId;
    this.#client = client;
    this.#prepared = item.meta;
    this.#bind = bind;
  }

  get meta(): unknown {
    return newestMetadata(this.#client, this.queryId) ?? this.#prepared;
  }

  get params(): readonly unknown[] {
    const { meta } = this;
    if (meta !== this.#boundBy) {
      this.#bound = this.#bind(meta);
      this.#boundBy = meta;
    }
    return this.#bound;
  }
}

/** Puts something around a method that returns a promise. */
function wrap(
  target: object,
  name: string,
  around: (method: (...args: unknown[]) => unknown, args: unknown[]) => Promise<unknown>,
): void {
  const method = member(target, name);
  if (typeof method !== "function") return;
  const call = (...args: unknown[]) => method.apply(target, args);
  Object.assign(target, { [name]: (...args: unknown[]) => around(call, args) });
}
