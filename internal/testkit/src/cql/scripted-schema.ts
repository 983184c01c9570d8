import { types } from "cassandra-driver";
import { cell } from "./cells.ts";
import type { Column } from "./column-type.ts";
import { type RawRow, type Reply, reply } from "./reply.ts";

/** A table as a scripted server tells of it. */
export interface ScriptedTable {
  /** Their types in CQL by name, the partition key first. */
  readonly columns: Readonly<Record<string, string>>;
  readonly clustering?: readonly string[] | undefined;
  readonly statics?: readonly string[] | undefined;
  /** Seconds. @default 0 */
  readonly defaultTtlSeconds?: number | undefined;
  /** Seconds. @default 864_000 */
  readonly gcGraceSeconds?: number | undefined;
  /** Milliseconds since 1970, which its id carries. @default the start of 2020 */
  readonly createdAtMs?: number | undefined;
  readonly isView?: boolean | undefined;
  /** @default the server has no such column */
  readonly transactionalMode?: string | undefined;
}

/** By `keyspace.table`. */
export type ScriptedTables = Readonly<Record<string, ScriptedTable>>;

const text = (...columns: string[]): ScriptedTable => ({
  columns: Object.fromEntries(columns.map((name) => [name, "text"])),
});

/** What the tests of the house write to. */
const DEFAULT_TABLES: ScriptedTables = {
  "ks.t": text("id", "v", "w", "n", "m", "a", "b", "c"),
  "ks.users": text("id", "name"),
  "ks.orders": text("id", "customer", "placed_at", "amount", "address", "document"),
  "shop.users": text("id", "name"),
  "shop.t": text("id", "v"),
  "Shop.t": text("id", "v"),
  "app.t": text("id", "v"),
  "own.t": text("id", "v"),
  "other.t": text("id", "v"),
  "helix_demo.orders": { columns: { id: "int", customer: "text", amount: "bigint", note: "text" } },
};

const CREATED_AT_MS = Date.UTC(2020, 0, 1);
const TEN_DAYS = 864_000;

const NAME: Column = { name: "keyspace_name", type: "text" };
const TABLE: Column = { name: "table_name", type: "text" };
const OPTIONS: readonly Column[] = [
  { name: "id", type: "uuid" },
  { name: "default_time_to_live", type: "int" },
  { name: "gc_grace_seconds", type: "int" },
  { name: "flags", type: { set: "text" } },
];
const MODE: Column = { name: "transactional_mode", type: "text" };
const COLUMNS: readonly Column[] = [
  NAME,
  TABLE,
  { name: "column_name", type: "text" },
  { name: "kind", type: "text" },
  { name: "type", type: "text" },
];
const TYPES: readonly Column[] = [
  NAME,
  { name: "type_name", type: "text" },
  { name: "field_names", type: { list: "text" } },
  { name: "field_types", type: { list: "text" } },
];

/**
 * The schema of a scripted server, which tests may change. It tells clients that ask for whole keyspaces; the driver, which asks
 * for one table at a time, is told that there is none.
 */
export class ScriptedSchema {
  /** So much its clock is ahead of this machine's. */
  clockOffsetMs = 0;
  /** The names of functions, by keyspace. */
  readonly functions = new Map<string, readonly string[]>();
  /** The fields of types in CQL, by `keyspace.type`. */
  readonly types = new Map<string, Readonly<Record<string, string>>>();
  readonly #tables: Map<string, ScriptedTable>;
  readonly #truncatedAtMs = new Map<string, number>();
  #changes = 0;

  constructor(tables: ScriptedTables = DEFAULT_TABLES) {
    this.#tables = new Map(Object.entries(tables));
  }

  /** Another one after each change. */
  get version(): string {
    return `11111111-1111-4111-8111-${String(111_111_111_111 + this.#changes)}`;
  }

  /** Makes a table, or makes it another; undefined: drops it. */
  set(name: string, table: ScriptedTable | undefined): void {
    if (table === undefined) this.#tables.delete(name);
    else this.#tables.set(name, table);
    this.#changes++;
  }

  /** @param atMs @default now, by its clock */
  truncate(name: string, atMs = Date.now() + this.clockOffsetMs): void {
    this.#truncatedAtMs.set(name, atMs);
  }

  /** A version 1 UUID. */
  idOf(name: string): string {
    const { createdAtMs = CREATED_AT_MS } = this.#tables.get(name) ?? {};
    const node = Buffer.from(name.padEnd(6, ".")).subarray(-6);
    return types.TimeUuid.fromDate(new Date(createdAtMs), name.length, node, "sc").toString();
  }

  /** Columns and cells that `system.local` has for it. */
  get local(): { readonly columns: readonly Column[]; readonly cells: RawRow } {
    const times = [...this.#truncatedAtMs].flatMap(([name, atMs]) => [
      cell.uuid(this.idOf(name)),
      Buffer.concat([Buffer.alloc(12), cell.bigint(BigInt(atMs))]),
    ]);
    const now = types.TimeUuid.fromDate(new Date(Date.now() + this.clockOffsetMs));
    return {
      columns: [
        { name: "schema_version", type: "uuid" },
        { name: "truncated_at", type: { map: ["uuid", "blob"] } },
        { name: "now", type: "timeuuid" },
      ],
      cells: [
        cell.uuid(this.version),
        times.length === 0 ? null : cell.map(times),
        cell.uuid(now.toString()),
      ],
    };
  }

  /** The answer to a query of `system_schema` by whole keyspaces; undefined for any other. */
  answer(query: string): Reply | undefined {
    const [, table, restricted, names] =
      /^SELECT .* FROM system_schema\.(\w+)( WHERE keyspace_name IN \((.*)\))?$/.exec(query) ?? [];
    if (table === undefined) return undefined;
    const wanted = names?.split(", ").map((name) => name.slice(1, -1).replaceAll("''", "'"));
    const isWanted = (keyspace: string) => restricted === undefined || wanted?.includes(keyspace) === true;
    const parts = [...this.#tables].map(([name, described]) => ({ ...split(name), name, ...described }));
    const tables = parts.filter(({ keyspace }) => isWanted(keyspace));
    const texts = (list: readonly string[]) => cell.collection(list.map(cell.text));
    switch (table) {
      case "tables":
      case "views": {
        const isViews = table === "views";
        const all = tables.filter(({ isView = false }) => isView === isViews);
        const hasMode = all.some(({ transactionalMode }) => transactionalMode !== undefined);
        const label = isViews ? { name: "view_name", type: "text" as const } : TABLE;
        return reply.rows(
          [NAME, label, ...OPTIONS, ...(hasMode ? [MODE] : [])],
          all.map((one) => [
            cell.text(one.keyspace),
            cell.text(one.own),
            cell.uuid(this.idOf(one.name)),
            cell.int(one.defaultTtlSeconds ?? 0),
            cell.int(one.gcGraceSeconds ?? TEN_DAYS),
            texts(Object.values(one.columns).includes("counter") ? ["compound", "counter"] : ["compound"]),
            ...(hasMode ? [cell.text(one.transactionalMode ?? "off")] : []),
          ]),
        );
      }
      case "columns":
        return reply.rows(
          COLUMNS,
          tables.flatMap(({ keyspace, own, columns, clustering = [], statics = [] }) =>
            Object.entries(columns).map(([name, type], at) => {
              const other = statics.includes(name) ? "static" : "regular";
              const kind = at === 0 ? "partition_key" : clustering.includes(name) ? "clustering" : other;
              return [keyspace, own, name, kind, type].map(cell.text);
            }),
          ),
        );
      case "types":
        return reply.rows(
          TYPES,
          [...this.types]
            .map(([name, fields]) => ({ ...split(name), fields }))
            .filter(({ keyspace }) => isWanted(keyspace))
            .map(({ keyspace, own, fields }) => [
              cell.text(keyspace),
              cell.text(own),
              texts(Object.keys(fields)),
              texts(Object.values(fields)),
            ]),
        );
      case "functions":
        return reply.rows(
          [NAME, { name: "function_name", type: "text" }],
          [...this.functions]
            .filter(([keyspace]) => isWanted(keyspace))
            .flatMap(([keyspace, own]) => own.map((name) => [cell.text(keyspace), cell.text(name)])),
        );
      default:
        return reply.rows([NAME], []);
    }
  }
}

function split(name: string): { readonly keyspace: string; readonly own: string } {
  const dot = name.indexOf(".");
  return { keyspace: name.slice(0, dot), own: name.slice(dot + 1) };
}
