import { CLUSTERS } from "@helix/core";
import type { CheckFactory } from "./check.ts";

/**
 * `enqueued + redriven = applied + dead-lettered + drained + pending`, per cluster, in the queue's own books,
 * and those agree with what was seen to happen.
 */
export const accounting: CheckFactory = (world, violated) => {
  const seen = {
    A: { enqueued: 0, redriven: 0, applied: 0, deadLettered: 0 },
    B: { enqueued: 0, redriven: 0, applied: 0, deadLettered: 0 },
  };
  return {
    name: "accounting",
    see(event) {
      if (event.kind === "enqueue" && event.result === "yes") seen[event.cluster].enqueued++;
      if (event.kind === "redrive") seen[event.cluster].redriven++;
      if (event.kind === "removed") seen[event.cluster][event.how === "ack" ? "applied" : "deadLettered"]++;
    },
    atRest() {
      const counts = world.memory?.counts();
      if (counts === undefined) return;
      for (const cluster of CLUSTERS) {
        const { enqueued, redriven, applied, deadLettered, drained, pending } = counts[cluster];
        if (enqueued + redriven !== applied + deadLettered + drained + pending) {
          violated(`the books of ${cluster} do not balance: ${JSON.stringify(counts[cluster])}`);
        }
        for (const [name, figure] of Object.entries(seen[cluster])) {
          const booked = counts[cluster][name as keyof (typeof seen)["A"]];
          if (booked !== figure) violated(`${cluster}: ${figure} ${name}, and the books say ${booked}`);
        }
      }
    },
  };
};
