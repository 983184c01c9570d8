import type { ClusterId } from "@helix/core";
import type { FaultKind } from "../scenario/faults.ts";
import { NATS_KINDS } from "../scenario/nats-faults.ts";
import type { CheckFactory } from "./check.ts";

/** Until every process that can ask NATS has seen an order. */
const SEEN_MS = 1000;
/** Who was cut off, or stood still, asks again by then: 14 s until it notices, and a request that waits. */
const ASKS_AGAIN_MS = 30_000;
const DEAFENING: ReadonlySet<FaultKind> = new Set<FaultKind>(["freeze", ...NATS_KINDS]);

/**
 * What is held or has expired is never executed, nor is anything on a cluster while a person or the gate has
 * halted the replay to it. What was under way before that may end. Where the order lies in NATS, that is from a second after it on, in
 * processes that nothing keeps from seeing it; and always in who has seen it, or does not know yet whether there is one.
 */
export const leftAlone: CheckFactory = (world, violated) => {
  const halted = new Map<string, number>();
  const faults = world.scenario.faults.filter(({ kind }) => DEAFENING.has(kind));
  const isDeaf = (fromMs: number, nowMs: number) =>
    faults.some(({ atMs, forMs }) => atMs <= nowMs && atMs + forMs + ASKS_AGAIN_MS >= fromMs);
  const isOrdered = (cluster: ClusterId) => {
    const sinceMs = halted.get(`gate ${cluster}`);
    if (sinceMs === undefined) return false;
    const { nowMs } = world.time;
    return world.nats === undefined || (nowMs - sinceMs > SEEN_MS && !isDeaf(sinceMs, nowMs));
  };
  return {
    name: "left alone",
    see(event) {
      if (event.kind === "halt") {
        const key = `${event.by === "gate" ? "gate" : event.by.process} ${event.cluster}`;
        if (event.isOn) halted.set(key, halted.get(key) ?? world.time.nowMs);
        else halted.delete(key);
      }
      if (event.kind !== "start") return;
      const { pod, cluster, message, isHeld, isExpired } = event.delivery;
      const name = world.tape.nameOf(message);
      if (isHeld) violated(`${name} is held, and is executed`);
      if (isExpired) violated(`${name} has expired, and is executed`);
      if (isOrdered(cluster)) violated(`${name} is executed while the gate of ${cluster} is closed`);
      if ((world.gateOf(pod, cluster) ?? "open") !== "open")
        violated(`${name} is executed by ${pod}, which takes the gate of ${cluster} for closed`);
      if (halted.has(`${pod} ${cluster}`)) violated(`${name} is executed while ${cluster} is paused`);
    },
  };
};
