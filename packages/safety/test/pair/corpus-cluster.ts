import type { Rewritten } from "@helix/safety";
import {
  type CassandraAddress,
  type EveryCell,
  type EveryCells,
  everyCell,
  RawSession,
} from "@helix/testkit";
import { Client } from "cassandra-driver";

/** The keyspace of a corpus's session. */
export const KEYSPACE = "safety";

/** One cluster with the tables of a corpus, past everything that is to be told from it. */
export class CorpusCluster {
  readonly #driver: Client;
  readonly #raw: RawSession;
  readonly #rows: readonly string[];
  readonly #views: ReadonlyMap<string, readonly string[]>;

  private constructor(
    driver: Client,
    raw: RawSession,
    rows: readonly string[],
    views: ReadonlyMap<string, string[]>,
  ) {
    this.#driver = driver;
    this.#raw = raw;
    this.#rows = rows;
    this.#views = views;
  }

  /** Makes the keyspaces anew. */
  static async open(
    address: CassandraAddress,
    schema: readonly string[],
    rows: readonly string[],
  ): Promise<CorpusCluster> {
    const raw = await RawSession.connect(address);
    for (const cql of schema) {
      const [, keyspace] = cql.split("CREATE KEYSPACE ");
      if (keyspace !== undefined) await raw.query(`DROP KEYSPACE IF EXISTS ${keyspace.split(" ", 1)[0]}`);
    }
    for (const cql of schema) await raw.query(cql);
    const driver = new Client({
      contactPoints: [address.contactPoint],
      localDataCenter: address.localDataCenter,
      keyspace: KEYSPACE,
      protocolOptions: { maxVersion: 4 },
    });
    await driver.connect();
    const found = await raw.query(
      "SELECT keyspace_name, base_table_name, view_name FROM system_schema.views",
    );
    const views = new Map<string, string[]>();
    for (const [keyspace, table, view] of found.rows) {
      const base = `${keyspace}.${table}`;
      views.set(base, [...(views.get(base) ?? []), `${keyspace}.${view}`]);
    }
    return new CorpusCluster(driver, raw, rows, views);
  }

  async empty(tables: readonly string[]): Promise<void> {
    for (const table of tables) await this.#raw.query(`TRUNCATE ${quoted(table)}`);
  }

  /** Writes the rows that are there before or after a statement. */
  async fill(tables: readonly string[], timestampMicros: number): Promise<void> {
    for (const query of this.#rows) {
      const table = query
        .split(" ")
        .find((word) => word.includes("."))
        ?.replaceAll('"', "");
      if (tables.includes(table ?? "")) await this.#driver.execute(query, [], { timestamp: timestampMicros });
    }
  }

  async send({ query, params }: Rewritten, timestampMicros: number): Promise<void> {
    const prepare = Array.isArray(params) ? params.length > 0 : true;
    await this.#driver.execute(query, params as unknown[], { prepare, timestamp: timestampMicros });
  }

  /** All that the tables hold, and their views. */
  async cells(tables: readonly string[]): Promise<EveryCells> {
    const all = new Map<string, EveryCell>();
    for (const table of tables.flatMap((name) => [name, ...(this.#views.get(name) ?? [])])) {
      const [keyspace = "", name = ""] = table.split(".");
      for (const [at, cell] of await everyCell(this.#raw, keyspace, name)) all.set(`${table} ${at}`, cell);
    }
    return all;
  }

  async close(): Promise<void> {
    await this.#driver.shutdown();
    await this.#raw.close();
  }
}

const quoted = (table: string) =>
  table
    .split(".")
    .map((name) => `"${name}"`)
    .join(".");
