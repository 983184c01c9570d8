import type { Finding, QueueRoom } from "@helix/core";
import { duration } from "@helix/core/internal";
import { type Operated, settingsOf } from "../operated.ts";
import { fullnessOf } from "../status/fullness.ts";
import { podsIn } from "../status/status.ts";

const CURES: Readonly<Record<QueueRoom["of"], string>> = {
  lanes: "Find out why it does not drain (`status`), and give it more room.",
  "dead-letters": "Stop what makes them, then redrive or discard them; or give them more room.",
};

/** What of lanes and dead letters is nearly full, and when it is full if it goes on as in the last minute. Rejects as the queue does. */
export async function roomFindings(operated: Operated): Promise<Finding[]> {
  const { queue, control } = operated;
  // That they cannot be read is told of them; then nobody knows the rate.
  const [room = [], pods] = await Promise.all([
    queue.room?.(),
    podsIn(control, settingsOf(operated).clock).catch(() => []),
  ]);
  return room.flatMap((one) => {
    const nearly = fullnessOf(one, pods);
    if (nearly === undefined) return [];
    const { of, where, held, isFull, inMs, harm } = nearly;
    const soon = inMs === undefined ? "" : `; at the present rate it is full in about ${duration(inMs)}`;
    return {
      code: "nearly-full",
      harm: "loss",
      where,
      what: `There are ${held}${soon}. ${isFull ? "It is full: " : "Full, "}${harm}.`,
      cure: CURES[of],
    } satisfies Finding;
  });
}
