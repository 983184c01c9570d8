import type { Column, ColumnType } from "./cql/column-type.ts";
import type { RawResult, RawSession } from "./cql/raw-session.ts";
import { WireReader } from "./cql/wire-reader.ts";

/** A cell, or a row by itself, of which the server tells no times. */
export interface EveryCell {
  /** Bytes in hexadecimal, `null` where there is no value. */
  readonly value: string;
  /** Microseconds. */
  readonly writtenAt?: bigint | undefined;
  /** The second on the server's clock, by the epoch, at which it goes. Undefined: never. */
  readonly expiresAt?: number | undefined;
}

/** By key, column and, in what is not frozen, element: `k=00000001 m[61]`. Elements of a list go by their index. */
export type EveryCells = ReadonlyMap<string, EveryCell>;

/**
 * How far into a second a server must be for its `now()` to be of the same second as the query: TTL() counts
 * from the second in which the query began.
 */
const SAFE_MS = 100n;

/**
 * All that a table holds and a server tells of it: values, write times and expiry of each cell, those of collections
 * and user-defined types one by one, which the driver cannot read (an element without a TTL among others).
 * Repeats the query where a second has just begun.
 */
export async function everyCell(session: RawSession, keyspace: string, table: string): Promise<EveryCells> {
  const { keys, others } = await columnsOf(session, keyspace, table);
  const timed = others.flatMap(({ name, type }) =>
    type === "counter" ? [name] : [name, `WRITETIME(${name})`, `TTL(${name})`],
  );
  const selected = [...keys, "to_unix_timestamp(now())", ...timed].join(", ");
  for (;;) {
    const result = await session.query(`SELECT ${selected} FROM ${quoted(keyspace)}.${quoted(table)}`);
    const cells = cellsOf(result, keys.length);
    const isSafe = result.rows.every((row) => (row[keys.length]?.readBigInt64BE() ?? 0n) % 1_000n >= SAFE_MS);
    if (isSafe || ![...cells.values()].some(({ expiresAt }) => expiresAt !== undefined)) return cells;
  }
}

/** What differs, in words; nothing where all is equal. Expiry may differ by so many seconds. */
export function differences(a: EveryCells, b: EveryCells, seconds = 0): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort().flatMap((at) => {
    const [one, other] = [a.get(at), b.get(at)];
    if (one === undefined || other === undefined) return [`${at}: ${told(one)} and ${told(other)}`];
    const isSame = one.value === other.value && one.writtenAt === other.writtenAt;
    return isSame && expiresAlike(one, other, seconds) ? [] : [`${at}: ${told(one)} and ${told(other)}`];
  });
}

function expiresAlike(one: EveryCell, other: EveryCell, seconds: number): boolean {
  if (one.expiresAt === undefined || other.expiresAt === undefined) return one.expiresAt === other.expiresAt;
  return Math.abs(one.expiresAt - other.expiresAt) <= seconds;
}

function told(cell: EveryCell | undefined): string {
  if (cell === undefined) return "nothing";
  const { value, writtenAt, expiresAt } = cell;
  const expiry = expiresAt === undefined ? "" : ` until ${expiresAt}`;
  return `${value}${writtenAt === undefined ? "" : ` at ${writtenAt}`}${expiry}`;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

async function columnsOf(
  session: RawSession,
  keyspace: string,
  table: string,
): Promise<{ keys: string[]; others: { name: string; type: string }[] }> {
  const where = `WHERE keyspace_name = '${keyspace}' AND table_name = '${table}'`;
  const { rows } = await session.query(`SELECT column_name, kind, type FROM system_schema.columns ${where}`);
  const columns = rows.map((row) => row.map((value) => value?.toString() ?? ""));
  const isKey = ([, kind]: string[]) => kind === "partition_key" || kind === "clustering";
  return {
    keys: columns.filter(isKey).map(([name = ""]) => quoted(name)),
    others: columns
      .filter((column) => !isKey(column))
      .map(([name = "", , type = ""]) => ({ name: quoted(name), type })),
  };
}

function cellsOf({ columns, rows }: RawResult, keys: number): EveryCells {
  const cells = new Map<string, EveryCell>();
  for (const row of rows) {
    const key = columns
      .slice(0, keys)
      .map(({ name }, index) => `${name}=${row[index]?.toString("hex") ?? "null"}`);
    const second = Number((row[keys]?.readBigInt64BE() ?? 0n) / 1_000n);
    cells.set(key.join(" "), { value: "a row" });
    for (let at = keys + 1; at < columns.length; ) {
      const { name, type } = columns[at] as Column;
      const [value, written, ttl] = row.slice(at, at + 3);
      const isCounter = type === "counter";
      const isWhole = isCounter || columns[at + 1]?.type === "bigint";
      const parts = isWhole ? [["", value, written, ttl] as Part] : elements(type, value, written, ttl);
      for (const [element, part, partWritten, partTtl] of parts) {
        if (part)
          cells.set(`${key.join(" ")} ${name}${element}`, {
            value: part.toString("hex"),
            ...(isCounter ? {} : timesOf(partWritten, partTtl, second)),
          });
      }
      at += isCounter ? 1 : 3;
    }
  }
  return cells;
}

type Bytes = Buffer | null | undefined;
type Part = readonly [element: string, value: Bytes, written: Bytes, ttl: Bytes];

function timesOf(written: Bytes, ttl: Bytes, second: number): Pick<EveryCell, "writtenAt" | "expiresAt"> {
  return {
    writtenAt: written?.readBigInt64BE(),
    ...(ttl ? { expiresAt: second + ttl.readInt32BE() } : {}),
  };
}

/** Of a collection or a user-defined type that is not frozen: each element with its own times. */
function elements(type: ColumnType, value: Bytes, written: Bytes, ttl: Bytes): Part[] {
  if (!value || typeof type === "string") return [];
  const [writtenAt, ttls] = [items(written), items(ttl)];
  const times = (index: number) => [writtenAt[index], ttls[index]] as const;
  if ("udt" in type) {
    const from = new WireReader(value);
    return type.udt.fields.map(({ name }, index) => [`.${name}`, from.value(), ...times(index)]);
  }
  const parts = items(value);
  if ("list" in type) return parts.map((part, index) => [`[${index}]`, part, ...times(index)]);
  const size = "map" in type ? 2 : 1;
  return Array.from({ length: parts.length / size }, (_, index) => {
    const [key, part] = [parts[index * size], parts[index * size + size - 1]];
    return [`[${key?.toString("hex")}]`, part, ...times(index)];
  });
}

/** The values of a collection, or the keys and values of a map in turn. */
function items(bytes: Bytes): Bytes[] {
  if (!bytes) return [];
  const from = new WireReader(bytes);
  from.int();
  const values: Bytes[] = [];
  while (!from.isAtEnd) values.push(from.value());
  return values;
}
