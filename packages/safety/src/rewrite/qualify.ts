import type { Inspection } from "../inspection.ts";
import { Edits } from "./edits.ts";

/**
 * The text with this keyspace before each table that names none: it then means the same on a session of any keyspace, as a
 * server looks for types and functions in the keyspace of the table. Undefined for what is neither a write nor a SELECT, or not understood: it
 * may name more tables than are seen.
 *
 * @param keyspace As it is called, case and all.
 */
export function qualify(inspection: Inspection, keyspace: string): string | undefined {
  const { tables, statement, verdict } = inspection;
  if (tables.length === 0 || (statement === undefined && verdict !== "read")) return undefined;
  const edits = new Edits(inspection, []);
  for (const table of tables) {
    if (table.keyspace !== undefined) continue;
    edits.replace({ at: table.at, end: table.at }, `"${keyspace.replaceAll('"', '""')}".`);
  }
  return edits.apply().query;
}
