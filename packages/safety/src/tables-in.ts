import type { Inspection } from "./inspection.ts";

/**
 * The tables that a statement writes or reads, as `keyspace.table` where either the text or the session names the keyspace: sorted,
 * each once.
 */
export function tablesIn({ tables }: Inspection, keyspace?: string): readonly string[] {
  const [only, ...others] = tables;
  if (only === undefined) return [];
  const names = [only, ...others].map((found) => {
    const owner = found.keyspace?.name ?? keyspace;
    return owner === undefined ? found.table.name : `${owner}.${found.table.name}`;
  });
  return others.length === 0 ? names : [...new Set(names)].sort();
}
