import { clusterOf, LANES, type Lane, priorityOf } from "@helix/core";
import { CALLERS_MISTAKE, equal, throws } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";

export const lanes: ContractGroup = {
  name: "lanes",
  cases: [
    {
      title: "delivers to each lane only what is for its cluster and priority",
      async run(stage) {
        const receivers = LANES.map((lane) => stage.receiver(lane));
        for (const { source } of receivers) source.demand(5);
        const ids: string[] = [];
        for (const lane of LANES) ids.push((await stage.put(inputOf(lane))).id);
        for (const receiver of receivers) await receiver.arrived(1);
        await stage.quiet();
        equal(
          receivers.map((receiver) => receiver.ids),
          ids.map((id) => [id]),
          "what came, by lane",
        );
      },
    },
    {
      title: "serves a lane while nothing is demanded of the others, or everything is in hand",
      async run(stage) {
        await stage.fill(2, inputOf("high.A"));
        await stage.receiver("high.A").take(2);
        await stage.fill(2, inputOf("high.B"));
        const payload = await stage.put(inputOf("low.A"));
        equal(idOf(await stage.receiver("low.A").next()), payload.id, "what comes");
      },
    },
    {
      title: "has one open source per lane, and another as soon as that is told to stop",
      async run(stage) {
        const first = stage.receiver();
        throws(() => stage.receiver(), CALLERS_MISTAKE, "opening a lane twice");
        const stopped = first.source.stop();
        const second = stage.receiver();
        await stopped;
        const payload = await stage.put();
        equal(idOf(await second.next()), payload.id, "what the second source gets");
      },
    },
    {
      title: "refuses a lane that does not exist",
      async run(stage) {
        throws(() => stage.receiver("medium.B" as Lane), CALLERS_MISTAKE, "opening `medium.B`");
      },
    },
  ],
};

function inputOf(lane: Lane) {
  return { targetCluster: clusterOf(lane), priority: priorityOf(lane) };
}
