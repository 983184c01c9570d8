import type { CheckFactory } from "./check.ts";
import { LENDS_TWICE } from "./lends-twice.ts";

/** What lends a message to two, or moves the clock by which leases are told. */
const CONFUSING: ReadonlySet<string> = new Set([...LENDS_TWICE, "clock-step"]);
/** How much later than the server a process may take its lease to end. */
const LATE_MS = 500;

/** Nobody begins to execute what the server has given to somebody else since its lease was over. */
export const ownLeases: CheckFactory = (world, violated) => {
  const { scenario, nats, time, tape } = world;
  const isConfused = scenario.faults.some(({ kind }) => CONFUSING.has(kind));
  if (nats === undefined || isConfused) return { name: "own leases" };
  return {
    name: "own leases",
    see(event) {
      if (event.kind !== "start") return;
      const { message, pod } = event.delivery;
      const last = nats.lastDelivery(message);
      if (last === undefined || last.process === pod) return;
      const agoMs = time.nowMs - last.atMs;
      if (agoMs > LATE_MS)
        violated(
          `${tape.nameOf(message)} is executed by ${pod}, and ${last.process} has it for ${agoMs.toFixed(0)} ms`,
        );
    },
  };
};
