import type { CheckFactory } from "./check.ts";

/**
 * What is held or has expired is never executed, nor is anything on a cluster while a person or the gate has
 * halted the replay to it. What was under way before that may end.
 */
export const leftAlone: CheckFactory = (world, violated) => {
  const halted = new Set<string>();
  return {
    name: "left alone",
    see(event) {
      if (event.kind === "halt") {
        const key = `${event.by === "gate" ? "gate" : event.by.process} ${event.cluster}`;
        if (event.isOn) halted.add(key);
        else halted.delete(key);
      }
      if (event.kind !== "start") return;
      const { pod, cluster, message, isHeld, isExpired } = event.delivery;
      const name = world.tape.nameOf(message);
      if (isHeld) violated(`${name} is held, and is executed`);
      if (isExpired) violated(`${name} has expired, and is executed`);
      if (halted.has(`gate ${cluster}`))
        violated(`${name} is executed while the gate of ${cluster} is closed`);
      if (halted.has(`${pod} ${cluster}`)) violated(`${name} is executed while ${cluster} is paused`);
    },
  };
};
