import type { CheckFactory } from "./check.ts";

/** What a cluster applies is a write that was made, value by value, with the timestamp that it was made with. */
export const noTimeTravel: CheckFactory = (_world, violated) => {
  const made = new Set<string>();
  return {
    name: "no time travel",
    see(event) {
      if (event.kind === "call") made.add(event.write.identity);
      if (event.kind === "apply" && !made.has(event.identity)) {
        violated(`${event.cluster} applied what nobody wrote: ${event.identity}`);
      }
    },
  };
};
