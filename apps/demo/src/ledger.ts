import type { RowChange, RowValues, Write } from "./workload.ts";

export const COLUMNS = ["customer", "amount", "note"] as const;
type Column = (typeof COLUMNS)[number];

/** A cell as it should stand in both clusters. */
export interface Cell {
  readonly value: string;
  readonly writeTime: bigint;
}

export type Row = Readonly<Partial<Record<Column, Cell>>>;

interface RowState {
  cells: Partial<Record<Column, Cell>>;
  deletedAt: bigint;
}

/**
 * What the accepted writes add up to by last-write-wins, kept by the caller's side: the clusters must
 * not only agree with each other, they must agree on the right thing.
 */
export class Ledger {
  readonly #rows = new Map<number, RowState>();

  /** Records a write whose call returned, or failed and said that it will be applied, with the timestamp that it names. */
  record(write: Write, timestampMicros: bigint): void {
    for (const change of write.changes) this.#apply(change, timestampMicros);
  }

  /** The rows that a full scan must find. */
  rows(): ReadonlyMap<number, Row> {
    const visible = new Map<number, Row>();
    for (const [id, { cells }] of this.#rows) {
      if (Object.keys(cells).length > 0) visible.set(id, cells);
    }
    return visible;
  }

  #apply({ id, set }: RowChange, timestamp: bigint): void {
    const row = this.#rows.get(id) ?? { cells: {}, deletedAt: -1n };
    this.#rows.set(id, row);
    if (set === "deleted") {
      if (timestamp <= row.deletedAt) return;
      row.deletedAt = timestamp;
      for (const column of COLUMNS) {
        if ((row.cells[column]?.writeTime ?? timestamp) <= timestamp) delete row.cells[column];
      }
      return;
    }
    // A deletion wins a tie, and a batch has one timestamp for all its statements.
    if (timestamp <= row.deletedAt) return;
    for (const column of COLUMNS) this.#setCell(row, column, set, timestamp);
  }

  #setCell(row: RowState, column: Column, set: Partial<RowValues>, timestamp: bigint): void {
    const value = set[column];
    if (value === undefined || (row.cells[column]?.writeTime ?? -1n) >= timestamp) return;
    row.cells[column] = { value: String(value), writeTime: timestamp };
  }
}
