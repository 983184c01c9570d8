import type { ClusterId, EventSink, SessionEvents } from "@helix/core";
import type { ReadSessionOptions } from "../client-options.ts";
import type { DriverLog } from "../driver-surface.ts";
import type { ClusterConfig } from "./cluster-config.ts";
import { ClusterLink } from "./cluster-link.ts";
import { ClusterLinks } from "./cluster-links.ts";

/** The links of the configured clusters, not started. */
export function createLinks(
  options: ReadSessionOptions,
  events: EventSink<SessionEvents>,
  driverLog?: DriverLog,
): ClusterLinks {
  const { clusters, clusterNames, requestTimeoutMs, clock, random, logger, metrics } = options;
  const link = (config: ClusterConfig, keyspace?: string): ClusterLink => {
    const { cluster } = config;
    const name = clusterNames[cluster] ?? cluster;
    return new ClusterLink({
      config,
      name: keyspace === undefined ? name : `${name} (keyspace ${keyspace})`,
      keyspace,
      requestTimeoutMs,
      clock,
      random,
      logger,
      events,
      driverLog,
      // A further session is no further cluster: the gauge shows the one that writes use.
      ...(keyspace === undefined && {
        onBreakerChange: (state) =>
          metrics.gauge("helix_breaker_open", { cluster }, state === "closed" ? 0 : 1),
      }),
    });
  };
  const main = new Map(
    [...clusters].map(([cluster, config]): [ClusterId, ClusterLink] => [cluster, link(config)]),
  );
  // So that it is there before anything happens.
  for (const cluster of main.keys()) metrics.gauge("helix_breaker_open", { cluster }, 0);
  return new ClusterLinks(main, (cluster, keyspace) => {
    const config = clusters.get(cluster);
    if (config === undefined) throw new Error(`No configuration of cluster ${cluster}`);
    return link(config, keyspace);
  });
}
