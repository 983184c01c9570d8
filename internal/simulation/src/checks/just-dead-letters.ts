import type { CheckFactory } from "./check.ts";

/** A dead letter is one for a reason: rejected, undecodable and held are what they are said to be. */
export const justDeadLetters: CheckFactory = (world, violated) => ({
  name: "just dead letters",
  atRest({ dead }) {
    const rejected = new Set(
      world.writes.filter(({ poison }) => poison?.how === "rejected").map(({ identity }) => identity),
    );
    for (const { message, reason, identity } of dead) {
      const isJust =
        reason === "attempts" ||
        // Of a retention that is out of reach otherwise.
        (reason === "expired" && world.scenario.maxAgeMs < 86_400_000) ||
        (reason === "undecodable"
          ? identity === undefined
          : reason === "rejected" && identity !== undefined && rejected.has(identity));
      if (!isJust) violated(`${world.tape.nameOf(message)} is a dead letter: ${reason}`);
    }
  },
});
