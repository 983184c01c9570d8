import type { Operation } from "@helix/core";
import { type Inspection, inspect, tablesIn } from "@helix/safety";

interface Found {
  readonly keyspace: string | undefined;
  readonly tables: readonly string[];
}

/** By what was read of a text, which is kept as long as the text comes again: for the keyspace of which it came last. */
const found = new WeakMap<Inspection, Found>();
const NONE: readonly string[] = Object.freeze([]);

/**
 * The tables that an operation writes, as a payload has them: sorted, without repeats. None where one of its texts shows
 * none, since those of the others would not be all.
 */
export function tablesOf(operation: Operation, keyspace: string | undefined): readonly string[] {
  if (operation.kind === "statement") return tablesOfText(operation.query, keyspace);
  const all = new Set<string>();
  for (const { query } of operation.statements) {
    const tables = tablesOfText(query, keyspace);
    if (tables.length === 0) return NONE;
    for (const table of tables) all.add(table);
  }
  return [...all].sort();
}

function tablesOfText(query: string, keyspace: string | undefined): readonly string[] {
  const inspection = inspect(query);
  const known = found.get(inspection);
  if (known !== undefined && known.keyspace === keyspace) return known.tables;
  const tables = Object.freeze(tablesIn(inspection, keyspace));
  found.set(inspection, { keyspace, tables });
  return tables;
}
