import {
  type ClusterId,
  type EventSource,
  type Operation,
  type ReplayExecutor,
  type ReplayPayload,
  type SessionEvents,
  statementsOf,
} from "@helix/core";
import { tableOf } from "@helix/core/internal";
import type { QueryOptions } from "cassandra-driver";
import { abortable } from "../abortable.ts";
import { adaptBinding } from "../bindings/on-binding.ts";
import { readError } from "../failure/read-error.ts";
import type { ClusterLinks } from "../session/cluster-links.ts";
import { hasParams, sendOperation, writeOptions } from "../session/driver-request.ts";

/**
 * Executes payloads on the sessions of a client. A payload is sent as it was written: same timestamp, same
 * consistency, one batch as one batch; prepared where it has parameters, which are adapted to the options of
 * the session. The breakers of the client do not hold it back (a worker has its own), but learn from it.
 *
 * @param events Those of the links.
 */
export function createReplayExecutor(
  links: ClusterLinks,
  events: EventSource<SessionEvents>,
): Required<ReplayExecutor> {
  return {
    async execute(payload, { signal }) {
      signal.throwIfAborted();
      const link = links.get(payload.targetCluster, keyspaceNeeded(payload));
      // A session for another keyspace is only now sought: not being there yet is not being away.
      await abortable(link.attempted, signal);
      const { query } = writeOptions(
        link.config,
        optionsFor(payload),
        // With a fixed timestamp a second try is the same write; a counter has none.
        { isIdempotent: !isCounterBatch(payload.operation) },
        payload.timestampMicros,
        adaptBinding,
      );
      await abortable(sendOperation(link, payload.operation, query), signal);
    },
    read: readError,
    async probe(cluster, { signal }) {
      signal.throwIfAborted();
      await abortable(links.get(cluster).probe(), signal);
    },
    onAvailable(listener) {
      const tell = ({ cluster, keyspace }: { cluster: ClusterId; keyspace?: string | undefined }) => {
        if (keyspace === undefined) listener(cluster);
      };
      // The breaker closes where a cluster went silent and kept its session.
      const ends = [events.on("cluster:connected", tell), events.on("cluster:breaker:closed", tell)];
      return () => {
        for (const end of ends) end();
      };
    },
  };
}

function optionsFor({ operation, consistency }: ReplayPayload): QueryOptions {
  return {
    prepare: hasParams(operation),
    ...(consistency !== undefined && { consistency }),
    ...(operation.kind === "batch" && {
      logged: operation.batchType === "logged",
      counter: operation.batchType === "counter",
    }),
  };
}

function isCounterBatch(operation: Operation): boolean {
  return operation.kind === "batch" && operation.batchType === "counter";
}

/** The keyspace that the session must have; undefined where every statement names its own. */
function keyspaceNeeded(payload: ReplayPayload): string | undefined {
  const isQualified = statementsOf(payload).every(({ query }) => tableOf(query)?.includes(".") === true);
  return isQualified ? undefined : payload.keyspace;
}
