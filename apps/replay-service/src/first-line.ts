import type { ServiceConfig } from "./config/schema.ts";
import { clusterNames } from "./sessions.ts";

/** What an operator wants to know of a pod before anything else; `pod` and `version` are in each line. */
export function firstLine({ nats, queue, worker, clusterA, clusterB }: ServiceConfig, node: string): object {
  return {
    node,
    clusters: clusterNames({ clusterA, clusterB }),
    nats: nats.servers,
    stream: queue.streamName,
    retentionMs: queue.maxAgeMs,
    concurrency: worker.concurrency,
  };
}
