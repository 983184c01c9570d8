import type { Params } from "@helix/core";
import type { Client, ExecutionOptions, QueryOptions } from "cassandra-driver";
import { takesNumbers } from "../../bindings/adapt-values.ts";
import type { ColumnEncoding, ColumnType } from "../../bindings/column-type.ts";
import { plainBinding } from "../../bindings/on-binding.ts";
import { assertCount, byPosition, type Positions } from "../../bindings/positions.ts";
import { executeFrame, type SentRequest } from "./execute-frame.ts";
import { isObject, member } from "./member.ts";
import { newestMetadata } from "./prepared.ts";
import type { SharedValues } from "./shared-values.ts";

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

/** In the options of a request: what the sessions have in common that send the same write. */
export const SHARED_VALUES: unique symbol = Symbol("sharedValues");

export type BindingOptions = QueryOptions & {
  readonly [ON_BINDING]?: OnBinding;
  readonly [SHARED_VALUES]?: SharedValues | undefined;
};

/**
 * Asks `ON_BINDING` of each request between its preparation and its encoding: nowhere else are its
 * parameters and the types of their columns together, and the driver declares no way to prepare it first. A request without one
 * is bound as the driver would, but for long numbers. Statements that are not prepared have no types, and nobody is asked.
 */
export function interceptBinding(client: Client): void {
  wrap(client, "_createExecuteRequest", async (create, [query, queryId, options, params, meta, ...rest]) => {
    const late = lateBinding(client, options, { query, queryId, params, meta }, "params");
    if (late === undefined) return create(query, queryId, options, params, meta, ...rest);
    const request = await create(query, queryId, options, late.params, late.meta, ...rest);
    return boundLate(request as SentRequest, late);
  });
  wrap(client, "_createBatchRequest", async (create, [items, ...rest]) => {
    const [options] = rest;
    const late = (items as Item[]).map(
      (item, index) => lateBinding(client, options, item, `statements[${index}].params`) ?? item,
    );
    return create(late, ...rest);
  });
}

/** The request of an EXECUTE, as it is to be sent whenever the driver makes its bytes. */
export function boundLate(request: SentRequest, late: LateBinding): SentRequest {
  const { write } = request;
  // Of the request's own, so that the driver's copies of it have it too.
  request.write = function (encoder, ...args) {
    this.meta = late.meta;
    this.params = late.boundBy(this.meta);
    const frame = executeFrame(this, encoder, args[0], write, late.types, late.shared);
    return frame ?? write.call(this, encoder, ...args);
  };
  return request;
}

/** A statement on its way, as the driver has it in a batch. */
export interface Item {
  readonly query: unknown;
  readonly queryId: unknown;
  readonly params: unknown;
  readonly meta: unknown;
}

/** Undefined for what the driver is to bind by itself. */
export function lateBinding(
  client: Client,
  options: unknown,
  item: Item,
  path: string,
): LateBinding | undefined {
  const raw = (options as ExecutionOptions).getRawQueryOptions() as BindingOptions;
  const asked = raw[ON_BINDING];
  if (!isObject(item.params) || item.meta === undefined) return undefined;
  if (asked === undefined && !columnsIn(item.meta)?.takesNumbers) return undefined;
  return new LateBinding(client, item, asked, path, raw[SHARED_VALUES]);
}

/** Of a prepared statement, as the driver has them. */
interface Columns {
  readonly names: readonly unknown[];
  readonly types: readonly (ColumnType | undefined)[];
  readonly takesNumbers: boolean;
}

/** By the metadata, which is another object once a statement has been prepared anew. */
const known = new WeakMap<object, Columns>();

function columnsIn(meta: unknown): Columns | undefined {
  if (!isObject(meta)) return undefined;
  const found = known.get(meta);
  if (found !== undefined) return found;
  const columns = member(meta, "columns");
  if (!Array.isArray(columns)) return undefined;
  const types = columns.map((column) => member(column, "type") as ColumnType | undefined);
  const made: Columns = {
    names: columns.map((column) => member(column, "name")),
    types,
    takesNumbers: types.some(takesNumbers),
  };
  known.set(meta, made);
  return made;
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
  readonly #given: Params;
  readonly #prepared: unknown;
  readonly #asked: OnBinding | undefined;
  readonly #path: string;
  readonly shared: SharedValues | undefined;
  #boundBy: unknown;
  #bound: readonly unknown[] = [];
  #types: Columns["types"] = [];

  constructor(
    client: Client,
    item: Item,
    asked: OnBinding | undefined,
    path: string,
    shared: SharedValues | undefined,
  ) {
    this.query = item.query;
    this.queryId = item.queryId;
    this.#client = client;
    this.#given = item.params as Params;
    this.#prepared = item.meta;
    this.#asked = asked;
    this.#path = path;
    this.shared = shared;
  }

  get meta(): unknown {
    return newestMetadata(this.#client, this.queryId) ?? this.#prepared;
  }

  get params(): readonly unknown[] {
    return this.boundBy(this.meta);
  }

  /** Those that it was bound by. */
  get types(): Columns["types"] {
    return this.#types;
  }

  /** @param meta The newest. */
  boundBy(meta: unknown): readonly unknown[] {
    if (meta !== this.#boundBy) {
      this.#bound = this.#bind(columnsIn(meta));
      this.#boundBy = meta;
    }
    return this.#bound;
  }

  #bind(columns: Columns | undefined): readonly unknown[] {
    if (columns === undefined) return this.#given as readonly unknown[];
    const { names, types } = columns;
    this.#types = types;
    if (this.#asked !== undefined) assertCount(this.#given, names.length, this.#path);
    const encoding = (member(member(this.#client, "options"), "encoding") ?? {}) as ColumnEncoding;
    return (this.#asked ?? plainBinding)(byPosition(this.#given, names, this.#path), types, encoding);
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
