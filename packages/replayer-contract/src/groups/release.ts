import { equal, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";

/** Far more than any count at which a message would become a dead letter. */
const HAND_BACKS = 20;

export const release: ContractGroup = {
  name: "release",
  cases: [
    {
      title: "delivers what was handed back again, however often, at no cost",
      async run(stage) {
        const payload = await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).release({ attempts: 1 });
        for (let time = 0; time < HAND_BACKS; time++) await (await receiver.next()).release();
        const message = await receiver.next();
        equal(message.attempts, 1, `attempts after ${HAND_BACKS} hand-backs`);
        equal(message.content, { ok: true, payload }, "the content");
      },
    },
    {
      title: "delivers what was handed back at once, without waiting for the lease",
      needs: ["leases"],
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        const untilMs = stage.clock.monotonicMs() + stage.fact("leases").leaseMs;
        await message.release();
        await receiver.next();
        const nowMs = stage.clock.monotonicMs();
        truthy(
          nowMs < untilMs,
          "the next delivery before the lease is over",
          `${nowMs - untilMs} ms after it`,
        );
      },
    },
    {
      title: "hands back after its source has stopped",
      async run(stage) {
        const payload = await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        await receiver.source.stop();
        await message.release();
        equal(idOf(await stage.receiver().next()), payload.id, "what the next source gets");
      },
    },
    {
      title: "delivers what was handed back in the order of acceptance, before what is new",
      needs: ["ordered"],
      async run(stage) {
        const payloads = await stage.fill(4);
        const receiver = stage.receiver();
        for (const message of await receiver.take(3)) await message.release();
        const again = await receiver.take(4);
        equal(
          again.map(idOf),
          payloads.map(({ id }) => id),
          "the order",
        );
      },
    },
    {
      title: "gives what was handed back to a pod that waits for it",
      needs: ["shared"],
      async run(stage) {
        const payload = await stage.put();
        const message = await stage.receiver().next();
        const other = stage.receiver("high.B", await stage.hook("otherPod")());
        other.source.demand(1);
        await message.release();
        await other.arrived(1);
        equal(other.ids, [payload.id], "what the other pod gets");
      },
    },
  ],
};
