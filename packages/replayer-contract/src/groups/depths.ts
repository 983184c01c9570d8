import { LANES, type LaneDepth } from "@helix/core";
import { equal, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import type { Stage } from "../stage.ts";

export const depths: ContractGroup = {
  name: "depths",
  cases: [
    {
      title: "reports every lane of an empty queue, with nothing in it and no age",
      async run(stage) {
        const found = await stage.queue.depths();
        equal(found.map(({ lane }) => lane).sort(), [...LANES].sort(), "the lanes");
        for (const { oldestAgeMs, ...depth } of found) {
          equal([sum(depth), oldestAgeMs], [0, undefined], `messages and age of ${depth.lane}`);
        }
      },
    },
    {
      title: "reports in time what is ready, and all that is not settled, by lane",
      async run(stage) {
        await stage.fill(4, { priority: "low" });
        await eventually(stage, ({ pending }) => pending === 4, "4 pending");
        const [first, second, third] = await stage.receiver("low.B").take(3);
        await first?.release({ delayMs: 60_000 });
        await eventually(stage, (depth) => depth.pending === 1 && sum(depth) === 4, "1 pending of 4");
        await second?.ack();
        await third?.deadLetter({ reason: "rejected" });
        await eventually(stage, (depth) => sum(depth) === 2 && depth.stuck === 0, "2 in all");
        const others = (await stage.queue.depths()).filter(({ lane }) => lane !== "low.B");
        equal(others.map(sum), [0, 0, 0], "messages of the other lanes");
      },
    },
    {
      title: "reports in time how old the oldest message of a lane is",
      async run(stage) {
        await stage.put({ priority: "low" });
        await stage.pause(2 * stage.capabilities.quietMs);
        const atLeastMs = stage.capabilities.quietMs;
        await eventually(
          stage,
          ({ oldestAgeMs = -1 }) => oldestAgeMs >= atLeastMs,
          `an age of ${atLeastMs} ms`,
        );
      },
    },
  ],
};

function sum({ pending, inFlight, delayed, stuck }: LaneDepth): number {
  return pending + inFlight + delayed + stuck;
}

/** Figures of a server may be some seconds old. */
async function eventually(stage: Stage, is: (depth: LaneDepth) => boolean, what: string): Promise<void> {
  let last: LaneDepth | undefined;
  await stage.until(
    async () => {
      last = (await stage.queue.depths()).find(({ lane }) => lane === "low.B");
      truthy(last, "a depth of low.B", last);
      return is(last);
    },
    `${what} in low.B`,
    () => last,
  );
}
