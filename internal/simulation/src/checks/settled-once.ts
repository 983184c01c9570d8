import type { CheckFactory } from "./check.ts";
import { LENDS_TWICE } from "./lends-twice.ts";

const FORGETFUL: ReadonlySet<string> = new Set([
  ...LENDS_TWICE,
  "queue-loss",
  "queue-duplicates",
  "queue-restart",
]);
/** What was on its way to somebody else has arrived. */
const ARRIVED_MS = 1000;

/** What the queue has confirmed to be settled is delivered to nobody any more. */
export const settledOnce: CheckFactory = (world, violated) => {
  const { scenario, time, tape } = world;
  if (scenario.faults.some(({ kind }) => FORGETFUL.has(kind))) return { name: "settled once" };
  const settledAtMs = new Map<string, number>();
  const redrivenAtMs = new Map<string, number>();
  let diedAtMs = Number.NEGATIVE_INFINITY;
  /** Whoever goes on with a job cannot compare what has left the lane by then, and puts it there once more. */
  const isRedrivenTwice = (message: string) =>
    Math.abs((redrivenAtMs.get(message) ?? Number.POSITIVE_INFINITY) - diedAtMs) < ARRIVED_MS;
  return {
    name: "settled once",
    see(event) {
      if (event.kind === "settled" && event.error === undefined && event.how !== "release") {
        const { message } = event.delivery;
        if (message !== "undecodable") settledAtMs.set(message, time.nowMs);
      }
      if (event.kind === "redrive") redrivenAtMs.set(event.to, time.nowMs);
      if (event.kind === "died") diedAtMs = time.nowMs;
      if (event.kind !== "deliver" || isRedrivenTwice(event.delivery.message)) return;
      const { message, pod } = event.delivery;
      const agoMs = time.nowMs - (settledAtMs.get(message) ?? Number.POSITIVE_INFINITY);
      if (agoMs > ARRIVED_MS)
        violated(
          `${tape.nameOf(message)} is delivered to ${pod}, and was settled ${agoMs.toFixed(0)} ms before`,
        );
    },
  };
};
