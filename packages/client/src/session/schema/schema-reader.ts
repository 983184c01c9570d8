import type { TableGrace } from "@helix/core";
import { toldError } from "@helix/core/internal";
import { isSystemKeyspace, type KeyspaceSchema, keyspaceFromRows, type SchemaRow } from "@helix/safety";
import { type Client, policies, type QueryOptions, types } from "cassandra-driver";
import { readError } from "../../failure/read-error.ts";
import { type Look, lookOf } from "./look.ts";

/** For one query. */
const READ_TIMEOUT_MS = 3_000;
const FETCH_SIZE = 5_000;
/** Servers may bound how many partitions a query asks for. */
const KEYSPACES_PER_QUERY = 20;

const TRUNCATED_AT = ", truncated_at";

const TABLES = ["tables", "columns", "dropped_columns", "views", "types", "functions", "aggregates"] as const;

export interface SchemaReaderOptions {
  /** Makes a request of the present session, from which it may be learnt whether the cluster answers. */
  readonly send: <T>(request: (client: Client) => Promise<T>) => Promise<T>;
  /** The driver of the present session. Throws where there is none. */
  readonly driver: () => Client;
  /** The error of an answer that cannot be read. */
  readonly unreadable: (cause: unknown) => Error;
}

/**
 * Asks the servers for their schema. Each node keeps it in tables of its own, and is behind another for a while when it
 * changes: what belongs together is asked of one node.
 */
export class SchemaReader {
  readonly #options: SchemaReaderOptions;
  /** Without the column where a server lacks it. */
  #truncatedAt = TRUNCATED_AT;

  constructor(options: SchemaReaderOptions) {
    this.#options = options;
  }

  /** @param host Which node is asked. @default whichever the driver's policy names next */
  async look(host?: string): Promise<Look> {
    const select = () =>
      `SELECT schema_version, host_id, now() AS now${this.#truncatedAt} FROM system.local WHERE key = 'local'`;
    let result: types.ResultSet;
    try {
      result = await this.#ask(select(), host, async (answer) => answer);
    } catch (error) {
      const { scope, answered } = readError(error);
      if (!answered || scope !== "statement" || this.#truncatedAt === "") throw error;
      this.#truncatedAt = "";
      result = await this.#ask(select(), host, async (answer) => answer);
    }
    const look = lookOf(result);
    if (look === undefined) throw this.#options.unreadable(toldError("system.local has no schema_version"));
    return look;
  }

  /** Those that do not exist have no tables. */
  async read(keyspaces: readonly string[], host: string | undefined): Promise<KeyspaceSchema[]> {
    const read: KeyspaceSchema[] = [];
    for (let at = 0; at < keyspaces.length; at += KEYSPACES_PER_QUERY) {
      const names = keyspaces.slice(at, at + KEYSPACES_PER_QUERY);
      const rows = await Promise.all(TABLES.map((table) => this.#rowsOf(table, names, host)));
      for (const name of names) read.push(this.#schemaOf(name, rows));
    }
    return read;
  }

  async shortestGrace(): Promise<TableGrace | undefined> {
    const query = "SELECT keyspace_name, table_name, gc_grace_seconds FROM system_schema.tables";
    let shortest: TableGrace | undefined;
    for (const row of await this.#ask(query, undefined, allRows)) {
      const keyspace = String(row.keyspace_name);
      const gcGraceSeconds = Number(row.gc_grace_seconds);
      if (isSystemKeyspace(keyspace)) continue;
      if (shortest !== undefined && shortest.gcGraceSeconds <= gcGraceSeconds) continue;
      shortest = { table: `${keyspace}.${row.table_name}`, gcGraceSeconds };
    }
    return shortest;
  }

  /** With all columns, since servers differ in which they have. */
  #rowsOf(
    table: (typeof TABLES)[number],
    keyspaces: readonly string[],
    host: string | undefined,
  ): Promise<SchemaRow[]> {
    const names = keyspaces.map((name) => `'${name.replaceAll("'", "''")}'`).join(", ");
    return this.#ask(`SELECT * FROM system_schema.${table} WHERE keyspace_name IN (${names})`, host, allRows);
  }

  #schemaOf(name: string, rows: readonly SchemaRow[][]): KeyspaceSchema {
    const own = TABLES.map((table, at) => [
      table,
      rows[at]?.filter(({ keyspace_name }) => keyspace_name === name),
    ]);
    try {
      return keyspaceFromRows(name, Object.fromEntries(own));
    } catch (error) {
      throw this.#options.unreadable(error);
    }
  }

  async #ask<T>(
    query: string,
    host: string | undefined,
    read: (answer: types.ResultSet) => Promise<T>,
  ): Promise<T> {
    const request = async (client: Client) => {
      const options: QueryOptions = {
        prepare: false,
        isIdempotent: true,
        readTimeout: READ_TIMEOUT_MS,
        fetchSize: FETCH_SIZE,
        consistency: types.consistencies.one,
        retry: new policies.retry.RetryPolicy(),
      };
      if (host !== undefined) options.host = client.hosts.get(host);
      return read(await client.execute(query, [], options));
    };
    // That one node is away says nothing of the cluster.
    return host === undefined ? this.#options.send(request) : request(this.#options.driver());
  }
}

async function allRows(answer: types.ResultSet): Promise<SchemaRow[]> {
  const rows: SchemaRow[] = [];
  // All pages.
  for await (const row of answer) rows.push(row);
  return rows;
}
