import { type CqlToken, cqlTokens } from "./cql-tokens.ts";
import { TextCache } from "./text-cache.ts";

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

function parse(query: string): { keyspace: string | undefined; table: string } | undefined {
  const tokens = cqlTokens(query);
  const first = tokens.next();
  if (first.done || first.value.kind !== "word") return undefined;
  const before = { insert: "into", update: "", delete: "from", select: "from" }[first.value.text];
  if (before === undefined) return undefined;
  if (before !== "" && !skipTo(tokens, before)) return undefined;
  const name = tokens.next();
  if (name.done || !isName(name.value)) return undefined;
  const dot = tokens.next();
  if (dot.done || dot.value.text !== ".") return { keyspace: undefined, table: name.value.text };
  const table = tokens.next();
  if (table.done || !isName(table.value)) return undefined;
  return { keyspace: name.value.text, table: table.value.text };
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
