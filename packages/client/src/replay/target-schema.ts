import { isHelixError, type ReplayPayload, statementsOf } from "@helix/core";
import { inspect, type Schema } from "@helix/safety";
import type { ClusterLink } from "../session/cluster-link.ts";

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
  const names = keyspacesOf(payload, keyspace);
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

function keyspacesOf(payload: ReplayPayload, keyspace: string | undefined): string[] {
  const names = new Set<string>();
  for (const { query } of statementsOf(payload)) {
    for (const table of inspect(query).tables) {
      const name = table.keyspace?.name ?? keyspace;
      if (name !== undefined) names.add(name);
    }
  }
  return [...names];
}
