/** One cell as the cluster keeps it; a `null` value is a tombstone. */
export interface LwwCell {
  readonly timestamp: bigint;
  readonly value: Buffer | null;
}

/** A row that a SELECT would see. Null: no live cell. */
export interface LwwRow<Column extends string> {
  readonly key: number;
  readonly cells: Readonly<Record<Column, LwwCell | null>>;
}

/** What a write binds to each column: `null` deletes it, `undefined` leaves it. */
export type LwwValues<Column extends string> = Partial<Record<Column, Buffer | null | undefined>>;

interface StoredRow<Column extends string> {
  /** Up to this time everything is deleted. */
  deletedAt: bigint;
  /** An INSERT makes the row exist, even with no cell left; an UPDATE does not. */
  insertedAt: bigint;
  readonly cells: Map<Column, LwwCell>;
}

const NEVER = -(2n ** 63n);

/**
 * The rule that makes a replay harmless, as Cassandra has it: of two writes to a cell the greater timestamp
 * wins; at the same one a deletion beats a value, and the greater of two values wins, byte by byte. So the
 * outcome is the same whatever the order in which the writes arrive, and however often.
 */
export class LwwTable<Column extends string> {
  readonly #columns: readonly Column[];
  readonly #rows = new Map<number, StoredRow<Column>>();

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  insert(key: number, values: LwwValues<Column>, timestamp: bigint): void {
    const row = this.#row(key);
    if (timestamp > row.insertedAt) row.insertedAt = timestamp;
    this.update(key, values, timestamp);
  }

  update(key: number, values: LwwValues<Column>, timestamp: bigint): void {
    const { cells } = this.#row(key);
    for (const column of this.#columns) {
      const value = values[column];
      if (value === undefined) continue;
      const written = { timestamp, value };
      const old = cells.get(column);
      if (old === undefined || supersedes(written, old)) cells.set(column, written);
    }
  }

  delete(key: number, timestamp: bigint): void {
    const row = this.#row(key);
    if (timestamp > row.deletedAt) row.deletedAt = timestamp;
  }

  truncate(): void {
    this.#rows.clear();
  }

  /** The rows that are there, by key. */
  rows(): LwwRow<Column>[] {
    const found: LwwRow<Column>[] = [];
    for (const [key, { deletedAt, insertedAt, cells }] of this.#rows) {
      const live = (column: Column) => {
        const cell = cells.get(column);
        return cell !== undefined && cell.value !== null && cell.timestamp > deletedAt ? cell : null;
      };
      const entries = this.#columns.map((column) => [column, live(column)] as const);
      if (insertedAt <= deletedAt && entries.every(([, cell]) => cell === null)) continue;
      found.push({ key, cells: Object.fromEntries(entries) as Record<Column, LwwCell | null> });
    }
    return found.sort((left, right) => left.key - right.key);
  }

  #row(key: number): StoredRow<Column> {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row: StoredRow<Column> = { deletedAt: NEVER, insertedAt: NEVER, cells: new Map() };
    this.#rows.set(key, row);
    return row;
  }
}

function supersedes(written: LwwCell, old: LwwCell): boolean {
  if (written.timestamp !== old.timestamp) return written.timestamp > old.timestamp;
  if (written.value === null || old.value === null) return written.value === null;
  return Buffer.compare(written.value, old.value) > 0;
}
