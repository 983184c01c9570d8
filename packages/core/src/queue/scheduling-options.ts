import { boolean, integer, type OptionsOf, optional } from "../options/index.ts";
import type { SchedulingOptions } from "./queue.ts";

/**
 * How a worker shares its executions between the priorities: its own options, and those of each queue, which are the
 * defaults of the worker that drains it.
 *
 * @param byDefault What they are if they are not given.
 */
export function schedulingOptions(byDefault: {
  ratio: string;
  strict: string;
}): OptionsOf<SchedulingOptions> {
  return {
    highPriorityRatio: optional(
      integer({
        min: 0,
        max: 1_000_000,
        about: "High messages per low one of a cluster while both wait; 0 means 1:1.",
      }),
      byDefault.ratio,
    ),
    strictPriority: optional(
      boolean(false, { about: "No low message starts while a high one of its cluster waits." }),
      byDefault.strict,
    ),
  };
}

/** For a queue, which hands them on. */
export const queueSchedulingOptions = schedulingOptions({ ratio: "the worker's", strict: "the worker's" });
