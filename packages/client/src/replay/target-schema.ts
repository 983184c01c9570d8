import { isHelixError } from "@helix/core";
import type { KeyspaceSchema, Schema } from "@helix/safety";
import type { ClusterLink } from "../session/cluster-link.ts";

/** A TRUNCATE is told to nobody: a replay is judged by a look at the cluster that is no older. Milliseconds. */
const MAX_AGE_MS = 2_000;

/** What the cluster has of these keyspaces, by a look that all replays of these seconds share. Undefined: it has to be read first. */
export function knownSchema(
  link: ClusterLink,
  keyspaces: readonly string[],
  maxAgeMs = MAX_AGE_MS,
): Schema | undefined {
  const found: KeyspaceSchema[] = [];
  for (const name of keyspaces) {
    const known = link.schema.known(name, maxAgeMs);
    if (known === undefined) return undefined;
    found.push(known);
  }
  return { keyspace: (name) => found[keyspaces.indexOf(name)] };
}

/** Reads it. Rejects with HELIX_CLUSTER_UNAVAILABLE or HELIX_CLUSTER_BUSY if it cannot be asked, or with the signal's reason. */
export async function readSchema(
  link: ClusterLink,
  keyspaces: readonly string[],
  signal: AbortSignal,
): Promise<Schema> {
  for (;;) {
    try {
      await link.schema.load(keyspaces, { signal, maxAgeMs: MAX_AGE_MS });
    } catch (error) {
      signal.throwIfAborted();
      throw isHelixError(error) ? error : link.unavailableError("its schema cannot be read", error);
    }
    // The look was new enough when this replay began to wait for it.
    const schema = knownSchema(link, keyspaces, Number.POSITIVE_INFINITY);
    if (schema !== undefined) return schema;
  }
}
