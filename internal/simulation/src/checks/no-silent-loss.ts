import type { ClusterId } from "@helix/core";
import type { CheckFactory } from "./check.ts";

interface Owed {
  readonly cluster: ClusterId;
  readonly identity: string;
}

/**
 * A payload whose enqueue resolved is pending, applied or a dead letter. What leaves its lane as applied was
 * applied; what leaves it as a dead letter is one.
 */
export const noSilentLoss: CheckFactory = (world, violated) => {
  const owed = new Map<string, Owed>();
  const known = new Map<string, Owed>();
  const gone = new Map<string, "ack" | "deadLetter">();
  const redriven = new Set<string>();
  const name = (message: string) => world.tape.nameOf(message);
  return {
    name: "no silent loss",
    see(event) {
      switch (event.kind) {
        case "enqueue":
          if (event.result === "yes") owed.set(event.message, event);
          break;
        case "redrive":
          redriven.add(event.from);
          owed.set(event.to, event);
          known.set(event.to, event);
          break;
        case "deliver": {
          const { message, cluster, identity } = event.delivery;
          if (identity !== undefined) known.set(message, { cluster, identity });
          break;
        }
        case "removed": {
          const { message, cluster, how } = event;
          gone.set(message, how);
          if (how !== "ack") break;
          const identity = (known.get(message) ?? owed.get(message))?.identity;
          if (identity === undefined) violated(`${name(message)} was acknowledged and cannot be decoded`);
          else if (!world.clusters[cluster].hasApplied(identity)) {
            violated(`${name(message)} was acknowledged and is not applied on ${cluster}`);
          }
        }
      }
    },
    atRest({ dead }) {
      const kept = new Set(dead.map(({ message }) => message));
      for (const [message, how] of gone) {
        if (
          how === "deadLetter" &&
          !kept.has(message) &&
          !redriven.has(message) &&
          message !== "undecodable"
        ) {
          violated(`${name(message)} left its lane as a dead letter, and is none`);
        }
      }
      if (world.pending > 0) return;
      for (const [message, { cluster }] of owed) {
        if (!gone.has(message)) violated(`${name(message)} for ${cluster} was enqueued, and is nowhere`);
      }
    },
  };
};
