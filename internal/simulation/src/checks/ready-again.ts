import type { CheckFactory } from "./check.ts";

/**
 * Whoever held back from a cluster knows soon that it is back, be there a message for it or not: until then its pod says
 * that it is not ready.
 */
export const readyAgain: CheckFactory = (_, violated) => {
  const open = new Set<string>();
  return {
    name: "ready again",
    see(event) {
      if (event.kind === "worker-breaker") {
        const key = `${event.pod} ${event.cluster}`;
        if (event.isOpen) open.add(key);
        else open.delete(key);
      }
      if (event.kind !== "died") return;
      for (const key of open) if (key.startsWith(`${event.process} `)) open.delete(key);
    },
    atRest() {
      for (const key of open) violated(`the worker's breaker of ${key} is open, and nothing is wrong`);
    },
  };
};
