import type { CheckFactory } from "./check.ts";

/** Who has read the record before it was written has delivered the message by then. */
const READ_BEFORE_MS = 2000;

/** A count that is written down is known to whoever receives the message after that. */
export const keptCounts: CheckFactory = (world, violated) => {
  const { nats, time, tape, scenario } = world;
  const isLate = scenario.faults.some(
    ({ kind }) => kind === "nats-late" || kind === "nats-slowness" || kind === "freeze",
  );
  if (nats === undefined || isLate) return { name: "kept counts" };
  return {
    name: "kept counts",
    see(event) {
      if (event.kind !== "deliver") return;
      const { message, attempts, pod } = event.delivery;
      const known = nats.counted(message);
      if (known === undefined || attempts >= known.attempts || time.nowMs - known.atMs < READ_BEFORE_MS)
        return;
      violated(
        `${tape.nameOf(message)} comes to ${pod} with ${attempts} attempts, and its record says ${known.attempts}`,
      );
    },
  };
};
