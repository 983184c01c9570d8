import type { Delivery } from "../tape.ts";
import type { CheckFactory } from "./check.ts";

interface Lanes {
  /** Received, never failed here, and not yet started or settled: the delivery, and when it was. */
  readonly high: Map<number, number>;
  readonly low: Map<number, number>;
  /** High ones started in a row while a low one waited. */
  passed: number;
  /** Whether the last start was a low one. */
  lastWasLow: boolean;
}

/**
 * Among what a worker has received: strict, no low one starts while a high one waits; ratio N, at most N high
 * ones pass a low one that waits, and no two low ones in a row pass a high one.
 */
export const priorities: CheckFactory = (world, violated) => {
  const { strictPriority, highPriorityRatio } = world.scenario.worker;
  const ratio = Math.max(1, highPriorityRatio);
  const hands = new Map<string, Lanes>();
  const failedBefore = new Set<string>();
  const lanesOf = ({ pod, cluster }: Delivery): Lanes => {
    const key = `${pod} ${cluster}`;
    let lanes = hands.get(key);
    if (lanes === undefined) {
      lanes = { high: new Map(), low: new Map(), passed: 0, lastWasLow: false };
      hands.set(key, lanes);
    }
    return lanes;
  };
  // One whose lease has run out, in a process that stood still, waits no more: it is somebody else's.
  const leaseMs = world.durable?.leaseMs ?? Number.POSITIVE_INFINITY;
  const waits = (lane: ReadonlyMap<number, number>) =>
    [...lane.values()].some((atMs) => world.time.nowMs - atMs < leaseMs);
  const started = (delivery: Delivery) => {
    const lanes = lanesOf(delivery);
    const name = () => world.tape.nameOf(delivery.message);
    lanes[delivery.priority].delete(delivery.number);
    if (delivery.priority === "high") {
      lanes.passed = waits(lanes.low) ? lanes.passed + 1 : 0;
      lanes.lastWasLow = false;
      if (!strictPriority && lanes.passed > ratio) {
        violated(`${name()} is number ${lanes.passed} to pass a low message; the ratio is ${ratio}`);
      }
      return;
    }
    if (strictPriority && waits(lanes.high)) violated(`${name()} starts before a high message that waits`);
    if (lanes.lastWasLow && waits(lanes.high)) violated(`${name()} is the second low one to pass a high one`);
    lanes.passed = 0;
    lanes.lastWasLow = true;
  };
  return {
    name: "priorities",
    see(event) {
      switch (event.kind) {
        case "deliver": {
          const { delivery } = event;
          const isFresh = delivery.attempts === 0 && !failedBefore.has(`${delivery.pod} ${delivery.message}`);
          if (isFresh && delivery.identity !== undefined && !delivery.isHeld) {
            lanesOf(delivery)[delivery.priority].set(delivery.number, world.time.nowMs);
          }
          break;
        }
        case "start":
          started(event.delivery);
          break;
        case "end":
          if (event.outcome !== "applied")
            failedBefore.add(`${event.delivery.pod} ${event.delivery.message}`);
          break;
        case "settle":
          lanesOf(event.delivery)[event.delivery.priority].delete(event.delivery.number);
      }
    },
  };
};
