import type { ClusterId, ClusterIdentities, EventSink, SessionEvents } from "@helix/core";
import type { ReadSessionOptions } from "../client-options.ts";
import type { DriverLog } from "../driver-surface.ts";
import { ClusterLink } from "./cluster-link.ts";
import { ClusterLinks } from "./cluster-links.ts";
import { ClockOffset } from "./schema/clock-offset.ts";

interface LinksContext {
  readonly driverLog?: DriverLog | undefined;
  /** The record of the queue that missed writes go to. */
  readonly identities?: ClusterIdentities | undefined;
}

/** The links of the configured clusters, not started. */
export function createLinks(
  options: ReadSessionOptions,
  events: EventSink<SessionEvents>,
  { driverLog, identities }: LinksContext = {},
): ClusterLinks {
  const reached = new Map();
  const { clusters, clusterNames, requestTimeoutMs, maxClockOffsetMs, clock, random, logger, metrics } =
    options;
  const links = [...clusters].map(([cluster, config]): [ClusterId, ClusterLink] => {
    const name = clusterNames[cluster] ?? cluster;
    // So that it is there before anything happens.
    metrics.gauge("helix_breaker_open", { cluster }, 0);
    const link = new ClusterLink({
      config,
      name,
      requestTimeoutMs,
      clock,
      clockOffset: new ClockOffset({ cluster, name, maxOffsetMs: maxClockOffsetMs, clock, logger, metrics }),
      reached,
      identities,
      random,
      logger,
      events,
      driverLog,
      onBreakerChange: (state) =>
        metrics.gauge("helix_breaker_open", { cluster }, state === "closed" ? 0 : 1),
    });
    return [cluster, link];
  });
  return new ClusterLinks(new Map(links));
}
