import type { Fault } from "../scenario/faults.ts";
import { NATS_KINDS } from "../scenario/nats-faults.ts";
import type { CheckFactory } from "./check.ts";

/** What keeps a settlement from the queue, or a process from its work. */
const HARMLESS: ReadonlySet<string> = new Set([
  "rolling-restart",
  "nats-refusals",
  "nats-records",
  "nats-duplicates",
]);
const DISTURBING: ReadonlySet<string> = new Set([
  "freeze",
  ...NATS_KINDS.filter((kind) => !HARMLESS.has(kind)),
]);

/** A process that ends in good order has nothing in its hand that others would have to wait for. */
export const cleanStops: CheckFactory = ({ time, scenario }, violated) => {
  const stopping = new Set<string>();
  let disturbances = 0;
  /** What was lost with a settlement comes again by then, and what was sent late is here. */
  let caughtUpAtMs = 0;
  return {
    name: "clean stops",
    see(event) {
      switch (event.kind) {
        case "fault":
          if (!DISTURBING.has(event.fault.kind)) break;
          disturbances += event.isOn ? 1 : -1;
          caughtUpAtMs = time.nowMs + scenario.leaseMs + lateMs(event.fault);
          stopping.clear();
          break;
        case "stopping":
          if (disturbances === 0 && time.nowMs >= caughtUpAtMs) stopping.add(event.process);
          break;
        case "closed":
          if (stopping.has(event.process) && event.held > 0)
            violated(
              `${event.process} has stopped, and the queue takes ${event.held} messages to be in its hand`,
            );
      }
    },
  };
};

function lateMs(fault: Fault): number {
  return fault.kind === "nats-late" ? fault.byMs : 0;
}
