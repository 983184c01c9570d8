import { isHelixError, type ReplayPayload } from "@helix/core";
import type { Schema } from "@helix/safety";
import type { ClusterLink } from "../session/cluster-link.ts";
import { keyspacesOf, partsOf } from "../write/parts.ts";

/** A TRUNCATE is told to nobody: a replay is judged by a look at the cluster that is no older. Milliseconds. */
const MAX_AGE_MS = 2_000;

/**
 * What the cluster has of the keyspaces that the payload writes to, by a look that all replays of these seconds share.
 *
 * Rejects with HELIX_CLUSTER_UNAVAILABLE or HELIX_CLUSTER_BUSY if it cannot be asked, or with the signal's reason.
 */
export async function targetSchema(
  link: ClusterLink,
  payload: ReplayPayload,
  keyspace: string | undefined,
  signal: AbortSignal,
): Promise<Schema> {
  const names = keyspacesOf(partsOf(payload.operation), keyspace);
  let found = names.map((name) => link.schema.known(name, MAX_AGE_MS));
  while (found.includes(undefined)) {
    await load(link, names, signal);
    found = names.map((name) => link.schema.known(name));
  }
  return { keyspace: (name) => found[names.indexOf(name)] };
}

async function load(link: ClusterLink, keyspaces: readonly string[], signal: AbortSignal): Promise<void> {
  try {
    await link.schema.load(keyspaces, { signal, maxAgeMs: MAX_AGE_MS });
  } catch (error) {
    signal.throwIfAborted();
    throw isHelixError(error) ? error : link.unavailableError("its schema cannot be read", error);
  }
}
