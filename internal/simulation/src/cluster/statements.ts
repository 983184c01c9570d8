import type { Statement } from "@helix/core";
import { Random } from "../scenario/random.ts";
import type { LwwRows } from "./lww-rows.ts";

/** The tables that both clusters have. */
export const TABLES = ["ks.t0", "ks.t1", "ks.t2"] as const;

export interface WriteTime {
  readonly timestamp: bigint;
  /** The server's wall clock, from which a TTL counts. */
  readonly nowMs: number;
}

interface KnownStatement {
  readonly table: string;
  /** Where the key of the row stands among the parameters. */
  readonly key: number;
  readonly apply: (rows: LwwRows, row: string, params: readonly unknown[], time: WriteTime) => void;
}

const KNOWN = new Map<string, KnownStatement>();

/** The statements of one table; the model knows these texts and no others. */
function know(table: string): TableStatements {
  const add = (query: string, key: number, apply: KnownStatement["apply"]): string => {
    KNOWN.set(query, { table, key, apply });
    return query;
  };
  return {
    table,
    insert: add(`INSERT INTO ${table} (id, v, w) VALUES (?, ?, ?)`, 0, (rows, row, [, v, w], time) => {
      rows.insert(row, { v, w }, time);
    }),
    insertWithTtl: add(
      `INSERT INTO ${table} (id, v) VALUES (?, ?) USING TTL ?`,
      0,
      (rows, row, [, v, ttl], time) => rows.insert(row, { v }, time, Number(ttl)),
    ),
    update: add(`UPDATE ${table} SET w = ? WHERE id = ?`, 1, (rows, row, [w], time) =>
      rows.update(row, { w }, time),
    ),
    deleteRow: add(`DELETE FROM ${table} WHERE id = ?`, 0, (rows, row, _, { timestamp }) =>
      rows.delete(row, timestamp),
    ),
    deleteCell: add(`DELETE v FROM ${table} WHERE id = ?`, 0, (rows, row, _, time) =>
      rows.update(row, { v: null }, time),
    ),
  };
}

export interface TableStatements {
  readonly table: string;
  readonly insert: string;
  readonly insertWithTtl: string;
  readonly update: string;
  readonly deleteRow: string;
  readonly deleteCell: string;
}

export const STATEMENTS = [know(TABLES[0]), know(TABLES[1]), know(TABLES[2])] as const;

/** The row that a statement writes, as `table/key`. */
export function rowOf({ query, params }: Statement): string {
  const known = KNOWN.get(query);
  if (known === undefined) throw new Error(`The model does not know: ${query}`);
  return `${known.table}/${String((params as readonly unknown[])[known.key])}`;
}

const TOKENS = new Map<string, number>();

/** Where in the ring, in [0, 1), a row lies: by its key alone, as rows of the same key do in every table. */
export function tokenOf(row: string): number {
  const key = row.slice(row.indexOf("/") + 1);
  let token = TOKENS.get(key);
  if (token === undefined) {
    token = new Random(`token ${key}`).next();
    TOKENS.set(key, token);
  }
  return token;
}

export function applyStatement(rows: LwwRows, statement: Statement, time: WriteTime): void {
  const known = KNOWN.get(statement.query);
  known?.apply(rows, rowOf(statement), statement.params as readonly unknown[], time);
}

/**
 * Names what is written for good: every statement with its values, and the time. Without the TTL, which a
 * replay shortens.
 */
export function identityOf(statements: readonly Statement[], timestamp: bigint): string {
  return `${timestamp} ${statements.map(describeStatement).join("; ")}`;
}

function describeStatement({ query, params }: Statement): string {
  const values = query.endsWith("TTL ?") ? (params as readonly unknown[]).slice(0, -1) : params;
  return `${query} ${String(values)}`;
}
