import { CLUSTERS, type ClusterId, otherCluster } from "@helix/core";
import type { CheckFactory } from "./check.ts";

/** What a write takes on one cluster that is well, and a queue that is well, and some. */
const LIMIT_MS = 50;

interface Call {
  readonly atMs: number;
  readonly well: ClusterId;
  readonly setbacks: number;
}

/**
 * From the moment at which a client's breaker has noticed that one cluster is gone, a write costs what it
 * costs on the other alone. Only where nothing else is wrong: not the other cluster, the queue or the process.
 */
export const healthyPath: CheckFactory = (world, violated) => {
  const { faults, writes, queueCapacity, onQueueFull } = world.scenario;
  const mayWaitForRoom = onQueueFull !== "refuse" && queueCapacity < writes.length;
  const isUndisturbed =
    !mayWaitForRoom &&
    faults.every(({ kind }) => !kind.startsWith("queue-") && !kind.startsWith("nats-") && kind !== "freeze");
  const open = new Set<string>();
  const calls = new Map<number, Call>();
  return {
    name: "healthy path",
    see(event) {
      if (event.kind === "breaker") {
        if (event.isOpen) open.add(`${event.process} ${event.cluster}`);
        else open.delete(`${event.process} ${event.cluster}`);
      }
      if (event.kind === "call" && isUndisturbed && event.write.poison === undefined) {
        const { number, app } = event.write;
        const gone = CLUSTERS.filter((cluster) => open.has(`${app} ${cluster}`));
        const [first] = gone;
        if (first === undefined || gone.length > 1) return;
        const well = otherCluster(first);
        const { setbacks } = world.clusters[well];
        if (world.clusters[well].isWellFor(app))
          calls.set(number, { atMs: world.time.nowMs, well, setbacks });
      }
      if (event.kind !== "return") return;
      const call = calls.get(event.write.number);
      if (call === undefined || world.clusters[call.well].setbacks !== call.setbacks) return;
      const tookMs = world.time.nowMs - call.atMs;
      if (tookMs > LIMIT_MS) {
        const { number } = event.write;
        violated(
          `write ${number} took ${tookMs.toFixed(0)} ms, while only ${otherCluster(call.well)} was away`,
        );
      }
    },
  };
};
