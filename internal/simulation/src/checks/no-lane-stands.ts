import { clusterOf, LANES, type Lane } from "@helix/core";
import type { CheckFactory } from "./check.ts";

/** How often it is looked. */
const LOOK_MS = 10_000;
/** A lane from which something could be had moves within this: an execution, a lease, and the longest delay. */
const STANDS_MS = 60_000;

/**
 * Once nothing is wrong any more, a lane that holds what could be delivered is delivered from. And no worker has to open a
 * lane anew: that it does, where one stands still, is a net under what is not known yet.
 */
export const noLaneStands: CheckFactory = (world, violated) => {
  const { nats, time, scenario } = world;
  const endMs = Math.max(0, ...scenario.faults.map(({ atMs, forMs }) => atMs + forMs));
  const limitMs = STANDS_MS + 2 * scenario.worker.executeTimeoutMs + scenario.leaseMs;
  // What comes again is handed back unseen while nothing is known about it.
  const mayBeUnread = scenario.faults.some(
    (fault) => fault.kind === "nats-records" && fault.what !== "writes",
  );
  const movedAtMs = new Map<Lane, number>();
  const told = new Set<Lane>();
  const look = () => {
    for (const lane of LANES) {
      if (nats?.ready(lane) === 0) movedAtMs.set(lane, time.nowMs);
      const stoodMs = time.nowMs - Math.max(endMs, movedAtMs.get(lane) ?? 0);
      if (stoodMs < limitMs || told.has(lane)) continue;
      told.add(lane);
      violated(
        `${lane} has stood still for ${stoodMs.toFixed(0)} ms, with ${nats?.ready(lane)} messages ready`,
      );
    }
    time.scheduleQuietly(look, LOOK_MS);
  };
  if (nats !== undefined) time.scheduleQuietly(look, LOOK_MS);
  return {
    name: "no lane stands",
    see(event) {
      // High ones may keep the low ones of their cluster waiting for as long as there are any.
      if (event.kind === "deliver" || event.kind === "settle") {
        for (const lane of LANES)
          if (clusterOf(lane) === event.delivery.cluster) movedAtMs.set(lane, time.nowMs);
      }
      if (event.kind === "reopened" && !mayBeUnread) {
        violated(
          `${event.process} had to open ${event.lane} anew, which stood for ${event.idleMs.toFixed(0)} ms`,
        );
      }
    },
  };
};
