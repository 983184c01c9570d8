import type { Client } from "cassandra-driver";
import { member } from "./member.ts";
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
  const metadata = member(client, "metadata");
  const getById = member(metadata, "getPreparedById");
  if (typeof getById !== "function" || queryId === undefined) return undefined;
  return member(getById.call(metadata, queryId), "meta");
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

function cacheOf(client: Client): unknown {
  return member(member(client, "metadata"), "_preparedQueries");
}
