import type { WriteTime } from "./statements.ts";

/** One cell as a cluster keeps it; a `null` value is a tombstone. */
export interface Cell {
  readonly timestamp: bigint;
  readonly value: string | null;
  /** Wall clock in seconds; undefined: never. */
  readonly expiresAt?: number | undefined;
}

export interface Row {
  /** Up to this time everything is deleted. */
  deletedAt: bigint;
  /** By column; that of an INSERT itself is the empty name. */
  readonly cells: Map<string, Cell>;
}

const NEVER = -(2n ** 63n);
const MARKER = "";

/**
 * The rows of one cluster. Of two writes to a cell the greater timestamp wins; at the same one a tombstone
 * wins, then the one that expires, then the later expiry, then the greater value: as Cassandra's
 * `Cells.reconcile` has it since 4.1.
 */
export class LwwRows {
  readonly rows = new Map<string, Row>();

  insert(key: string, values: Record<string, unknown>, time: WriteTime, ttlSeconds?: number): void {
    this.#write(key, MARKER, "", time, ttlSeconds);
    this.update(key, values, time, ttlSeconds);
  }

  update(key: string, values: Record<string, unknown>, time: WriteTime, ttlSeconds?: number): void {
    for (const [column, value] of Object.entries(values)) {
      this.#write(key, column, value === null ? null : String(value), time, ttlSeconds);
    }
  }

  delete(key: string, timestamp: bigint): void {
    const row = this.#row(key);
    if (timestamp > row.deletedAt) row.deletedAt = timestamp;
  }

  /** What a row holds, tombstones included, as text; without what its deletion covers. */
  describe(key: string): string {
    const row = this.rows.get(key);
    if (row === undefined) return "nothing";
    const deleted = row.deletedAt === NEVER ? "" : `deleted at ${row.deletedAt} `;
    const cells = [...row.cells]
      .filter(([, { timestamp }]) => timestamp > row.deletedAt)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([column, { value, timestamp }]) => `${column || "row"}=${value}@${timestamp}`);
    return `${deleted}${cells.join(" ")}`;
  }

  /** When a cell expires, in seconds of the wall clock; by its column. */
  expiriesOf(key: string): ReadonlyMap<string, number> {
    const row = this.rows.get(key);
    const live = [...(row?.cells ?? [])].filter(([, { timestamp }]) => timestamp > (row?.deletedAt ?? NEVER));
    return new Map(live.map(([column, { expiresAt = 0 }]) => [column, expiresAt]));
  }

  #write(
    key: string,
    column: string,
    value: string | null,
    { timestamp, nowMs }: WriteTime,
    ttlSeconds?: number,
  ): void {
    const { cells } = this.#row(key);
    const expiresAt = ttlSeconds === undefined ? undefined : Math.floor(nowMs / 1000) + ttlSeconds;
    const written = { timestamp, value, expiresAt };
    const old = cells.get(column);
    if (old === undefined || supersedes(written, old)) cells.set(column, written);
  }

  #row(key: string): Row {
    let row = this.rows.get(key);
    if (row === undefined) {
      row = { deletedAt: NEVER, cells: new Map() };
      this.rows.set(key, row);
    }
    return row;
  }
}

export function supersedes(written: Cell, old: Cell): boolean {
  if (written.timestamp !== old.timestamp) return written.timestamp > old.timestamp;
  if (written.value === null || old.value === null) return written.value === null;
  if (written.expiresAt !== old.expiresAt) {
    return (written.expiresAt ?? -1) > (old.expiresAt ?? -1);
  }
  return written.value > old.value;
}
