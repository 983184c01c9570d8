import type {
  ClusterId,
  EventSource,
  Operation,
  ReplayExecutor,
  ReplayPayload,
  SessionEvents,
} from "@helix/core";
import type { QueryOptions } from "cassandra-driver";
import { abortable } from "../abortable.ts";
import { adaptBinding } from "../bindings/on-binding.ts";
import { readError } from "../failure/read-error.ts";
import type { ClusterLinks } from "../session/cluster-links.ts";
import { hasParams, sendOperation, writeOptions } from "../session/driver-request.ts";
import { inKeyspace } from "./in-keyspace.ts";

/**
 * Executes payloads on the sessions of a client. A payload is sent as it was written: same timestamp, same
 * consistency, one batch as one batch, in the same keyspace; prepared where it has parameters, which are adapted to the options of
 * the session. The breakers of the client do not hold it back (a worker has its own), but learn from it.
 *
 * @param events Those of the links.
 */
export function createReplayExecutor(
  links: ClusterLinks,
  events: EventSource<SessionEvents>,
): Required<Omit<ReplayExecutor, "shortestGrace">> {
  return {
    async execute(payload, { signal }) {
      signal.throwIfAborted();
      const { keyspace, targetCluster } = payload;
      const link = links.get(targetCluster);
      const isElsewhere = keyspace !== undefined && keyspace !== link.config.keyspace;
      const operation = isElsewhere ? inKeyspace(payload.operation, keyspace) : payload.operation;
      const { query } = writeOptions(
        link.config,
        optionsFor(payload),
        // With a fixed timestamp a second try is the same write; a counter has none.
        { isIdempotent: !isCounterBatch(operation) },
        payload.timestampMicros,
        adaptBinding,
      );
      await abortable(
        sendOperation(link, operation, query, () => !signal.aborted),
        signal,
      );
    },
    read: readError,
    async probe(cluster, { signal }) {
      signal.throwIfAborted();
      await abortable(links.get(cluster).probe(), signal);
    },
    onAvailable(listener) {
      const tell = ({ cluster }: { cluster: ClusterId }) => listener(cluster);
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
