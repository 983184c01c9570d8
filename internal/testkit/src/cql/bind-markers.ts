import type { Column, ColumnType } from "./column-type.ts";

/** Quoted text, quoted names and comments, in which nothing is a marker; then the markers `?` and `:name`. */
const TOKENS = /'(?:[^']|'')*'|\$\$.*?\$\$|"(?:[^"]|"")*"|--[^\n]*|\/\/[^\n]*|\/\*.*?\*\/|\?|:(\w+)/gs;

/**
 * The bind markers of a statement: their names are those in the text, or `p0`, `p1` and so on (a real server
 * would say the columns' names); their types are `types`, in order, text where it has none.
 */
export function bindMarkers(query: string, types: readonly ColumnType[]): Column[] {
  const markers: Column[] = [];
  for (const [token, name] of query.matchAll(TOKENS)) {
    if (token !== "?" && name === undefined) continue;
    const index = markers.length;
    markers.push({ name: name?.toLowerCase() ?? `p${index}`, type: types[index] ?? "text" });
  }
  return markers;
}
