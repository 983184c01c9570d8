import type { Delivery } from "../world/tape.ts";
import type { CheckFactory } from "./check.ts";

/** What makes a process look dead that is alive: it does not write down what it executes, or the others cannot tell. */
const SEEMING: ReadonlySet<string> = new Set([
  "freeze",
  "clock-step",
  "nats-restart",
  "nats-cut",
  "nats-leader",
  "nats-loss",
  "nats-late",
  "nats-slowness",
  "nats-refusals",
  "nats-records",
  "nats-duplicates",
  "nats-consumer-gone",
]);

/** In which a process has written down that an execution has ended. */
const WRITTEN_MS = 1000;

/** Only what a process was executing when it died is a suspect: neither hand-backs nor outages nor other pods make one. */
export const justSuspects: CheckFactory = (world, violated) => {
  const { scenario, tape, time } = world;
  const isMisled = scenario.faults.some(({ kind }) => SEEMING.has(kind));
  if (scenario.queue !== "nats" || isMisled) return { name: "just suspects" };
  /** By the number of the delivery. */
  const running = new Map<number, { readonly delivery: Delivery; endedAtMs: number }>();
  const evident = new Set<string>();
  return {
    name: "just suspects",
    see(event) {
      switch (event.kind) {
        case "mark":
          running.set(event.delivery.number, {
            delivery: event.delivery,
            endedAtMs: Number.POSITIVE_INFINITY,
          });
          break;
        case "settle": {
          const marked = running.get(event.delivery.number);
          if (marked !== undefined) marked.endedAtMs = time.nowMs;
          break;
        }
        case "died":
          for (const [number, { delivery, endedAtMs }] of running) {
            if (delivery.pod !== event.process) continue;
            running.delete(number);
            if (time.nowMs - endedAtMs < WRITTEN_MS) evident.add(delivery.message);
          }
          break;
        case "deliver": {
          const { isSuspect, message } = event.delivery;
          if (isSuspect && !evident.has(message))
            violated(`${tape.nameOf(message)} is a suspect, and no process died while it executed it`);
        }
      }
    },
  };
};
