import type { ClientEvents, ClusterId, EventSink, ReplayQueue } from "@helix/core";
import type { ReadClientOptions } from "./client-options.ts";
import { OwnWrites } from "./read/own-writes.ts";
import { ReadPath } from "./read/read-path.ts";
import { readStrategy } from "./read/read-strategy.ts";
import type { ClusterLinks } from "./session/cluster-links.ts";
import type { InFlight } from "./session/in-flight.ts";
import { isDrained } from "./session/is-drained.ts";
import { Background } from "./write/background.ts";
import { ReplayHandoff } from "./write/replay-handoff.ts";
import { WritePath } from "./write/write-path.ts";
import type { WriteTimestamps } from "./write/write-timestamps.ts";

/** The ways of what is not for one cluster alone. */
export interface Paths {
  readonly reads: ReadPath;
  readonly writes: WritePath;
  readonly handoff: ReplayHandoff;
}

/** The paths of a client; undefined with one cluster alone. */
export function createPaths(
  options: ReadClientOptions,
  all: ClusterLinks,
  timestamps: WriteTimestamps,
  inFlight: InFlight,
  events: EventSink<ClientEvents>,
): Paths | undefined {
  if (!options.clusters.has("B")) return undefined;
  const { clock, logger, metrics, replayer, gate, readYourWrites, maxInBackground, readCluster } = options;
  const links = { A: all.get("A"), B: all.get("B") };
  const { onEnqueueFailed, onQueueFull } = options;
  const identified = (cluster: ClusterId) => links[cluster].identity.settled();
  const handoff = new ReplayHandoff({
    replayer,
    onEnqueueFailed,
    onQueueFull,
    identified,
    clock,
    metrics,
    events,
  });
  const ownWrites =
    readYourWrites === false
      ? undefined
      : new OwnWrites({ clock, queue: replayer as Partial<ReplayQueue>, ...readYourWrites });
  const drained = (cluster: ClusterId) => isDrained(gate, cluster);
  const reads = new ReadPath({
    links,
    strategy: readStrategy(options.readStrategy, readCluster, options.random),
    isAvoided: (cluster) => drained(cluster) || ownWrites?.isMissing(cluster) === true,
    clock,
  });
  const writes = new WritePath({
    links,
    handoff,
    timestamps,
    wait: options.wait,
    background: new Background({ limit: maxInBackground, inFlight, logger }),
    isDrained: drained,
    ownWrites,
    secondaryTimeoutMs: options.secondaryTimeoutMs,
    requestTimeoutMs: options.requestTimeoutMs,
    unsafe: options.unsafe,
    clock,
    metrics,
    openTelemetry: options.openTelemetry,
  });
  return { reads, writes, handoff };
}
