import { helixError, type ReplayPayload } from "@helix/core";
import type { ColumnSchema, TableSchema } from "@helix/safety";
import { columnGone, tableGone, tooOld } from "./refusals.ts";

/** A table that a payload writes, as its cluster has it now. */
export interface TargetTable {
  /** With its keyspace: `shop.users`. */
  readonly name: string;
  readonly schema: TableSchema;
  /** By the clock of its cluster; long ago where that is not known. */
  readonly createdAtMs: number;
  /** Of the columns that are written, the one that was dropped last, and added again. */
  readonly dropped?: ColumnSchema | undefined;
}

/**
 * So much may the clock that dates a table be ahead of the one that dated the write. Where the payload does not know the
 * table's id, a table that is younger by no more is taken for the same.
 */
const CLOCK_DIFFERENCE_MS = 10_000;

/**
 * Taken off `gc_grace_seconds`, of which it is a tenth at most: servers count that by their clocks, the age is the difference
 * of two other clocks, and a replay arrives later than it is judged. By as much a table must be older than a write that knew
 * the one before it.
 */
const MARGIN_MS = 60_000;

/** A clock that is less ahead or behind is not told from one that is right: it was asked over a network. */
const CLOCK_ERROR_MS = 1_000;

/** What the cluster says of its tables. */
export interface ClusterTimes {
  /** When a table was last truncated, by its id; by this process's clock. */
  truncatedAtMs(tableId: string): number | undefined;
  /** So much its clock is ahead of this process's; undefined where that is not known. */
  readonly clockOffsetMs: number | undefined;
}

/** Why the tables are not those that were written to: HELIX_TABLE_GONE. */
export function tableFault(
  { targetCluster, writtenAtMs, schema }: ReplayPayload,
  tables: readonly TargetTable[],
  times: ClusterTimes,
): Error | undefined {
  const { clockOffsetMs = 0 } = times;
  // An id says the time by the cluster's own clock.
  const writtenThereMs = writtenAtMs + (Math.abs(clockOffsetMs) > CLOCK_ERROR_MS ? clockOffsetMs : 0);
  for (const { name, schema: table, createdAtMs } of tables) {
    if (table.id === undefined) continue;
    const writtenTo = schema?.tableIds?.[name];
    const isOther =
      writtenTo === undefined
        ? createdAtMs > writtenThereMs + CLOCK_DIFFERENCE_MS
        : // Null: the cluster got the table later, and misses what was written before.
          writtenTo !== null &&
          writtenTo !== table.id &&
          // What is known of a cluster that is away is what was there when it was last asked.
          !(createdAtMs < writtenThereMs - MARGIN_MS && timeOfId(writtenTo) < createdAtMs);
    if (isOther) return tableGone(targetCluster, name, "recreated");
    if ((times.truncatedAtMs(table.id) ?? 0) > writtenAtMs)
      return tableGone(targetCluster, name, "truncated");
  }
  return undefined;
}

/** Why the cluster would hide what is written, unless it only deletes: HELIX_TABLE_GONE. Servers keep the time of a drop in milliseconds. */
export function columnFault(
  { targetCluster, timestampMicros }: ReplayPayload,
  tables: readonly TargetTable[],
): Error | undefined {
  for (const { name, dropped } of tables) {
    if (dropped?.droppedAtMs === undefined) continue;
    if (timestampMicros < BigInt(dropped.droppedAtMs + 1) * 1_000n)
      return columnGone(targetCluster, name, dropped.name);
  }
  return undefined;
}

/**
 * Why a write is too old, unless it only deletes: HELIX_REPLAY_TOO_OLD. Older than the least `gc_grace_seconds` of its tables, when it
 * was written or now, it might bring back what was deleted later. Where that is 0 a delete is forgotten at once, and no age is young.
 */
export function ageFault(
  { schema }: ReplayPayload,
  tables: readonly TargetTable[],
  ageMs: number,
): Error | undefined {
  let least = schema?.gcGraceSeconds ?? Number.POSITIVE_INFINITY;
  let name: string | undefined;
  for (const table of tables) {
    if (table.schema.gcGraceSeconds > least) continue;
    least = table.schema.gcGraceSeconds;
    name = table.name;
  }
  const graceMs = least * 1_000;
  const isYoung = ageMs < graceMs - Math.min(MARGIN_MS, graceMs / 10);
  return isYoung ? undefined : tooOld(name ?? tables.map((table) => table.name).join(", "), ageMs, least);
}

/** So much may the clock that dated a write be ahead of this process's. Milliseconds. */
const MAX_AHEAD_MS = 86_400_000;

/**
 * Why it cannot be told how old a write is: by this process's clock it is still to come, and as young as can be for
 * years. It waits, since either clock may be the wrong one.
 */
export function aheadFault({ writtenAtMs }: ReplayPayload, nowMs: number): Error | undefined {
  const aheadMs = writtenAtMs - nowMs;
  if (aheadMs <= MAX_AHEAD_MS) return undefined;
  const text = `The write is dated ${Math.floor(aheadMs / 1_000)} s ahead of this process's clock: its age cannot be told, and it waits`;
  return helixError("HELIX_PAYLOAD_INVALID", text, { path: "writtenAtMs", retry: "later" });
}

/** From 1582-10-15 the times of UUIDs count, in units of 100 ns. */
const GREGORIAN_MS = -12_219_292_800_000;

/** When a table was made, by its id: of a version 1 UUID, to some microseconds; of another, or none: long ago. */
export function timeOfId(id: string | undefined): number {
  if (id?.[14] !== "1") return Number.NEGATIVE_INFINITY;
  const digits = (at: number, end: number) => Number.parseInt(id.slice(at, end), 16);
  const ticks = (digits(15, 18) * 2 ** 16 + digits(9, 13)) * 2 ** 32 + digits(0, 8);
  return ticks / 10_000 + GREGORIAN_MS;
}
