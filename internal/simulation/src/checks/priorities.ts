import type { Delivery } from "../world/tape.ts";
import type { CheckFactory } from "./check.ts";

interface Lanes {
  /** Received, never failed here, and not yet started, settled or given up; by the number of the delivery. */
  readonly high: Map<number, Delivery>;
  readonly low: Map<number, Delivery>;
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
  /** Chosen, and not yet started; by the number of the delivery. */
  const marked = new Set<number>();
  const lanesOf = ({ pod, cluster }: Pick<Delivery, "pod" | "cluster">): Lanes => {
    const key = `${pod} ${cluster}`;
    let lanes = hands.get(key);
    if (lanes === undefined) {
      lanes = { high: new Map(), low: new Map(), passed: 0, lastWasLow: false };
      hands.set(key, lanes);
    }
    return lanes;
  };
  // One whose lease has run out waits no more, though the worker may not have looked at it yet.
  const waits = (lane: ReadonlyMap<number, Delivery>) =>
    [...lane.values()].some((delivery) => !delivery.hasLapsed());
  const started = (delivery: Delivery) => {
    const lanes = lanesOf(delivery);
    const name = () => world.tape.nameOf(delivery.message);
    lanes[delivery.priority].delete(delivery.number);
    // One has a slot of its own, and takes nobody's turn; but strict is strict.
    if (delivery.isSuspect && (!strictPriority || delivery.priority === "high")) return;
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
          const mayStart = delivery.identity !== undefined && !delivery.isHeld && !delivery.isExpired;
          if (isFresh && mayStart && !delivery.isSuspect) {
            lanesOf(delivery)[delivery.priority].set(delivery.number, delivery);
          }
          break;
        }
        case "mark":
          marked.add(event.delivery.number);
          started(event.delivery);
          break;
        case "start":
          // It was chosen before, when nothing of what has come meanwhile was here.
          if (!marked.delete(event.delivery.number)) started(event.delivery);
          break;
        case "end":
          if (event.outcome !== "applied")
            failedBefore.add(`${event.delivery.pod} ${event.delivery.message}`);
          break;
        case "lost": {
          const lanes = lanesOf(event);
          const { high, low } = lanes;
          for (const lane of [high, low]) {
            const lost = [...lane.values()].find((one) => one.message === event.message && one.hasLapsed());
            if (lost !== undefined) lane.delete(lost.number);
          }
          if (low.size === 0) lanes.passed = 0;
          break;
        }
        case "settle":
          lanesOf(event.delivery)[event.delivery.priority].delete(event.delivery.number);
      }
    },
  };
};
