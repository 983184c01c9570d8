import { demoStatements } from "@helix/testkit";
import type { Client, types } from "cassandra-driver";
import { COLUMNS, type Row } from "./ledger.ts";

export interface Comparison {
  /** Distinct rows found on either cluster or expected by the ledger. */
  readonly rows: number;
  readonly differences: number;
  /** The first few, in words. */
  readonly examples: readonly string[];
}

/** Reads every row with the write time of each of its cells. */
export async function readAll(client: Client): Promise<Map<number, Row>> {
  const rows = new Map<number, Row>();
  const result = await client.execute(demoStatements.SELECT_ORDERS, [], { prepare: true, fetchSize: 5000 });
  for await (const row of result) rows.set(row.get("id"), cellsOf(row));
  return rows;
}

function cellsOf(row: types.Row): Row {
  const cells: { -readonly [C in keyof Row]: Row[C] } = {};
  for (const column of COLUMNS) {
    const value: unknown = row.get(column);
    if (value === null || value === undefined) continue;
    cells[column] = { value: String(value), writeTime: BigInt(String(row.get(`${column}_written`))) };
  }
  return cells;
}

/** Every row of three views, value by value and write time by write time. */
export function compare(
  a: ReadonlyMap<number, Row>,
  b: ReadonlyMap<number, Row>,
  expected: ReadonlyMap<number, Row>,
): Comparison {
  const ids = new Set([...a.keys(), ...b.keys(), ...expected.keys()]);
  const examples: string[] = [];
  let differences = 0;
  for (const id of ids) {
    const views = [a.get(id), b.get(id), expected.get(id)].map(describe);
    if (views.every((view) => view === views[0])) continue;
    differences++;
    if (examples.length < 5) {
      examples.push(`row ${id}\n    A       ${views[0]}\n    B       ${views[1]}\n    written ${views[2]}`);
    }
  }
  return { rows: ids.size, differences, examples };
}

function describe(row: Row | undefined): string {
  if (row === undefined) return "absent";
  return COLUMNS.map((column) => {
    const cell = row[column];
    return cell === undefined
      ? `${column}: null`
      : `${column}: ${JSON.stringify(cell.value)} at ${cell.writeTime}`;
  }).join(", ");
}
