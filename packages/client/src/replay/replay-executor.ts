import {
  type Clock,
  type ClusterId,
  checkPayload,
  type EventSource,
  type Operation,
  type ReplayExecutor,
  type ReplayPayload,
  type SessionEvents,
} from "@helix/core";
import type { Schema } from "@helix/safety";
import type { QueryOptions } from "cassandra-driver";
import { abortable } from "../abortable.ts";
import { toLong } from "../bindings/long.ts";
import { adaptBinding } from "../bindings/on-binding.ts";
import { readError } from "../failure/read-error.ts";
import type { ClusterLink } from "../session/cluster-link.ts";
import type { ClusterLinks } from "../session/cluster-links.ts";
import { hasParams, ONCE, sendOperation, writeOptions } from "../session/driver-request.ts";
import { keyspacesOf, partsOf } from "../write/parts.ts";
import { inKeyspace } from "./in-keyspace.ts";
import { replayable } from "./replayable.ts";
import { knownSchema, readSchema } from "./target-schema.ts";

/**
 * Executes payloads on the sessions of a client. A payload is sent as it was written, if that is still safe: same timestamp, same
 * consistency, one batch as one batch, in the same keyspace, with what is left of its TTL; prepared where it has parameters, which
 * are adapted to the options of the session. The breakers of the client do not hold it back (a worker has its own), but learn from it.
 *
 * @param events Those of the links.
 */
export function createReplayExecutor(
  links: ClusterLinks,
  events: EventSource<SessionEvents>,
  clock: Clock,
): Required<ReplayExecutor> {
  const send = (link: ClusterLink, payload: ReplayPayload, schema: Schema, signal: AbortSignal) => {
    const { timestampMicros, consistency, disposition } = payload;
    const own = link.config.keyspace;
    const keyspace = payload.keyspace ?? own;
    const young = replayable(payload, { schema, keyspace, times: link.schema, nowMs: clock.wallMs() });
    const operation = keyspace === undefined || keyspace === own ? young : inKeyspace(young, keyspace);
    const isKnowingly = disposition === "unsafe" || disposition === "force";
    const { query } = writeOptions(
      link.config,
      optionsFor(operation, consistency),
      // With a fixed timestamp a second try is the same write; what is sent knowingly is perhaps another one.
      isKnowingly ? ONCE : { isIdempotent: true },
      toLong(timestampMicros),
      adaptBinding,
    );
    const isWanted = () => !signal.aborted && link.identity.doubt === undefined;
    // What it resolves with is nobody's business.
    return sendOperation(link, operation, query, { isWanted, signal }) as Promise<unknown> as Promise<void>;
  };
  const run = (link: ClusterLink, payload: ReplayPayload, signal: AbortSignal) => {
    const keyspaces = keyspacesOf(partsOf(payload.operation), payload.keyspace ?? link.config.keyspace);
    const known = knownSchema(link, keyspaces);
    if (known !== undefined) return send(link, payload, known, signal);
    return readSchema(link, keyspaces, signal).then((schema) => send(link, payload, schema, signal));
  };
  /** What comes at the start would be taken for the end of the cluster, while the record is being asked. */
  const whenKnown = async (link: ClusterLink, payload: ReplayPayload, signal: AbortSignal) => {
    const { asking } = link.identity;
    if (asking !== undefined) await abortable(asking, signal);
    const { doubt } = link.identity;
    if (doubt !== undefined && link.isConnected) throw unidentified(link, doubt.cause);
    return run(link, payload, signal);
  };
  return {
    execute(payload, options) {
      // Not `async`, which is a promise more and three turns, where nothing has to be awaited.
      try {
        const { signal } = options;
        signal.throwIfAborted();
        checkPayload(payload);
        const link = links.get(payload.targetCluster);
        if (link.identity.doubt !== undefined && link.isConnected) return whenKnown(link, payload, signal);
        return run(link, payload, signal);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    async shortestGrace(cluster, { signal }) {
      signal.throwIfAborted();
      return links.get(cluster).schema.shortestGrace(signal);
    },
    clockOffsetMs: (cluster) => links.get(cluster).schema.sureClockOffsetMs,
    read: readError,
    async probe(cluster, { signal }) {
      signal.throwIfAborted();
      await abortable(links.get(cluster).probe(), signal);
    },
    compareWith(identities) {
      for (const link of links.all) link.identity.compareWith(identities);
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

function unidentified(link: ClusterLink, cause: unknown): Error {
  const why = cause === undefined ? "" : ` (${readError(cause).text})`;
  return link.unavailableError(`it is not known yet to be the cluster that the queue means${why}`, cause);
}

function optionsFor(operation: Operation, consistency: number | undefined): QueryOptions {
  return {
    prepare: hasParams(operation),
    ...(consistency !== undefined && { consistency }),
    ...(operation.kind === "batch" && {
      logged: operation.batchType === "logged",
      counter: operation.batchType === "counter",
    }),
  };
}
