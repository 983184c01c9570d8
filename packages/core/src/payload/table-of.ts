import { type CqlToken, cqlTokens } from "./cql-tokens.ts";
import { TextCache } from "./text-cache.ts";

interface TableName {
  readonly keyspace: string | undefined;
  readonly table: string;
  /** Where it begins in the text. */
  readonly at: number;
}

const cache = new TextCache(parse);

/**
 * The table that a statement reads or writes, as `keyspace.table` where either the text or the session
 * names the keyspace. Undefined where the text is not one of INSERT, UPDATE, DELETE, SELECT.
 */
export function tableOf(query: string, sessionKeyspace?: string): string | undefined {
  const found = cache.get(query);
  if (found === undefined) return undefined;
  const keyspace = found.keyspace ?? sessionKeyspace;
  return keyspace === undefined ? found.table : `${keyspace}.${found.table}`;
}

/**
 * The statement with this keyspace before the name of its table, unless it names one: it then means the same on
 * a session of any keyspace, as a server looks for types and functions in the keyspace of the table. Undefined
 * where `tableOf` is.
 *
 * @param keyspace As it is called, case and all.
 */
export function qualified(query: string, keyspace: string): string | undefined {
  const found = cache.get(query);
  if (found === undefined || found.keyspace !== undefined) return found && query;
  return `${query.slice(0, found.at)}"${keyspace.replaceAll('"', '""')}".${query.slice(found.at)}`;
}

function parse(query: string): TableName | undefined {
  const tokens = cqlTokens(query);
  const first = tokens.next();
  if (first.done || first.value.kind !== "word") return undefined;
  const before = { insert: "into", update: "", delete: "from", select: "from" }[first.value.text];
  if (before === undefined) return undefined;
  if (before !== "" && !skipTo(tokens, before)) return undefined;
  const name = tokens.next();
  if (name.done || !isName(name.value)) return undefined;
  const dot = tokens.next();
  const { text, at } = name.value;
  if (dot.done || dot.value.text !== ".") return { keyspace: undefined, table: text, at };
  const table = tokens.next();
  if (table.done || !isName(table.value)) return undefined;
  return { keyspace: text, table: table.value.text, at };
}

function skipTo(tokens: Generator<CqlToken>, word: string): boolean {
  for (let next = tokens.next(); !next.done; next = tokens.next()) {
    if (next.value.kind === "word" && next.value.text === word) return true;
  }
  return false;
}

function isName(token: CqlToken): boolean {
  return token.kind === "word" || token.kind === "quoted";
}
