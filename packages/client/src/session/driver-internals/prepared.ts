import type { Client } from "cassandra-driver";
import { isObject, member } from "./member.ts";
import { onSchemaChange } from "./schema-events.ts";

/*
 * The driver keeps what a statement was prepared to for as long as the session lives, and servers do not say when it
 * has changed: by types that are no more, a value is sent short, or as another one.
 */

/** The next execution of the statements prepares them anew. Returns false where that would change nothing. */
export function forgetPrepared(client: Client, queries: ReadonlySet<string>): boolean {
  const known = [...(preparedOf(client) ?? [])].filter(([, info]) =>
    queries.has(String(member(info, "query"))),
  );
  for (const [key, info] of known) if (wasPrepared(info)) forget(client, key);
  // What is not there was forgotten by somebody else; of what could not be prepared there is nothing to forget.
  const failed = known.filter(([, info]) => !wasPrepared(info) && member(info, "preparing") !== true);
  return preparedOf(client) !== undefined && failed.length < queries.size;
}

function wasPrepared(info: unknown): boolean {
  return member(info, "queryId") !== undefined;
}

/** Of the texts of a session that are prepared, or could not be. Characters. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/**
 * Bounds what the driver remembers of texts, by their characters as well, and lets what could not be prepared go first. The driver
 * counts such a text among its `maxPrepared`, and never forgets it: after as many of them, each execution of any other
 * statement prepares it anew, and whatever comes new stays in memory for as long as the session lives.
 */
export function boundPrepared(client: Client): void {
  const cache = cacheOf(client);
  const max = member(cache, "_maxPrepared");
  if (!isObject(cache) || typeof max !== "number" || typeof member(cache, "_validateOverflow") !== "function")
    return;
  Object.assign(cache, { _validateOverflow: () => makeRoom(client, max) });
}

/** Called before a text is added. */
function makeRoom(client: Client, max: number): void {
  const known = [...(preparedOf(client) ?? [])];
  let characters = 0;
  for (const [key] of known) characters += key.length;
  let count = known.length;
  if (count < max && characters <= MAX_CHARACTERS) return;
  // The oldest first. What is being prepared is somebody's.
  const failed = known.filter(([, info]) => !wasPrepared(info) && member(info, "preparing") !== true);
  for (const [key, info] of [...failed, ...known.filter(([, info]) => wasPrepared(info))]) {
    if (count < max && characters <= MAX_CHARACTERS) return;
    forget(client, key);
    forgetId(client, member(info, "queryId"));
    characters -= key.length;
    count--;
  }
}

/** Forgets what was prepared in a keyspace, as soon as a server says that something in it has changed. */
export function forgetOnSchemaChange(client: Client): void {
  onSchemaChange(client, (keyspace) => {
    for (const [key, info] of [...(preparedOf(client) ?? [])]) {
      const own = member(member(info, "meta"), "keyspace");
      if (own === undefined || own === keyspace) forget(client, key);
    }
  });
}

/** The newest metadata of a statement: the driver renews it when a server says that it does not know the statement. */
export function newestMetadata(client: Client, queryId: unknown): unknown {
  const byId = byIdOf(client);
  return byId && Buffer.isBuffer(queryId) ? member(byId.get(hexOf(queryId)), "meta") : undefined;
}

/** Of a statement's one id: a batch asks for it with every value. */
const hexIds = new WeakMap<Buffer, string>();

function hexOf(queryId: Buffer): string {
  let hex = hexIds.get(queryId);
  if (hex === undefined) {
    hex = queryId.toString("hex");
    hexIds.set(queryId, hex);
  }
  return hex;
}

/** By keyspace and text. */
function preparedOf(client: Client): Map<string, unknown> | undefined {
  const byKey = member(cacheOf(client), "_mapByKey");
  return byKey instanceof Map ? byKey : undefined;
}

/** It stays known by its id, by which the driver finds the text when a server asks for it. */
function forget(client: Client, key: string): void {
  const cache = cacheOf(client) as { length: number };
  if (preparedOf(client)?.delete(key)) cache.length--;
}

function forgetId(client: Client, queryId: unknown): void {
  if (Buffer.isBuffer(queryId)) byIdOf(client)?.delete(hexOf(queryId));
}

function byIdOf(client: Client): Map<unknown, unknown> | undefined {
  const byId = member(cacheOf(client), "_mapById");
  return byId instanceof Map ? byId : undefined;
}

function cacheOf(client: Client): unknown {
  return member(member(client, "metadata"), "_preparedQueries");
}
