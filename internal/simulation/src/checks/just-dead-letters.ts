import type { DeadLetterReason } from "@helix/core";
import { LONG_RETENTION_MS } from "../scenario/scenario.ts";
import type { Write } from "../scenario/write.ts";
import type { CheckFactory } from "./check.ts";

/** A dead letter is one for a reason, and what it is said to be. */
export const justDeadLetters: CheckFactory = (world, violated) => {
  const { maxAgeMs, faults, graceSeconds } = world.scenario;
  // Ages are told by the clocks of the processes. And what a killed server has stranded, though it was acknowledged, may
  // come back only when those before it have expired.
  const mayExpire =
    maxAgeMs < LONG_RETENTION_MS ||
    faults.some((fault) => fault.kind === "clock-step" || (fault.kind === "nats-restart" && fault.loses));
  const hasShortGrace = Object.keys(graceSeconds).length > 0;
  /** They were to be dead letters before, for which there was no room: they stay in their lane, and grow old there. */
  const crowdedOut = new Set<string>();
  const isJust = (
    message: string,
    reason: DeadLetterReason,
    write: Write | undefined,
    isHeld: boolean,
  ): boolean => {
    const how = write?.poison?.how;
    switch (reason) {
      case "undecodable":
        return write === undefined;
      case "rejected":
        return how === "rejected";
      case "held":
        return isHeld;
      // What is no poison may have had its failures one by one, which is for the attempts to answer.
      case "attempts":
        return write !== undefined;
      // What kills its process is found out long before, and is no matter of age.
      case "expired":
        return mayExpire || how === "timeout" || how === "hang" || crowdedOut.has(message);
      // How old it was is another check's.
      case "too-old":
        return hasShortGrace;
      // No table is made again.
      case "table-gone":
        return false;
    }
  };
  return {
    name: "just dead letters",
    see(event) {
      if (event.kind === "settled" && event.error === "HELIX_DEAD_LETTERS_FULL")
        crowdedOut.add(event.delivery.message);
    },
    atRest({ dead }) {
      // Of two that are the same to the cluster, it is the poison that behaves so.
      const poisonLast = world.writes.toSorted((a, b) => Number(!!a.poison) - Number(!!b.poison));
      const writes = new Map(poisonLast.map((write) => [write.identity, write]));
      // And all of them are held where one is.
      const held = new Set(world.writes.filter(({ isHeld }) => isHeld).map((write) => write.identity));
      for (const { message, reason, identity = "" } of dead) {
        if (!isJust(message, reason, writes.get(identity), held.has(identity)))
          violated(`${world.tape.nameOf(message)} is a dead letter: ${reason}`);
      }
    },
  };
};
