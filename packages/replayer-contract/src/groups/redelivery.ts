import { equal, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";
import type { Stage } from "../stage.ts";

export const redelivery: ContractGroup = {
  name: "redelivery",
  cases: [
    {
      title: "says how long its leases are, and when each ends",
      async run(stage) {
        const leaseMs = stage.capabilities.leases?.leaseMs;
        equal(stage.queue.traits.leaseMs, leaseMs, "`traits.leaseMs`");
        await stage.put();
        const beforeMs = stage.clock.wallMs();
        const { leaseUntilMs } = await stage.receiver().next();
        const latestMs = stage.clock.wallMs() + (leaseMs ?? 0);
        const isRight =
          leaseMs === undefined
            ? leaseUntilMs === undefined
            : leaseUntilMs !== undefined && leaseUntilMs > beforeMs && leaseUntilMs <= latestMs;
        truthy(
          isRight,
          "`leaseUntilMs` to be within one lease from now, or absent without leases",
          leaseUntilMs,
        );
      },
    },
    {
      title: "delivers a message again when its lease has run out, at no cost",
      needs: ["leases"],
      async run(stage) {
        const payload = await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).release({ attempts: 2 });
        await receiver.next();
        const again = await receiver.next();
        equal([idOf(again), again.attempts], [payload.id, 2], "id and attempts after the lease");
      },
    },
    {
      title: "delivers a message to another pod when the lease of the first has run out",
      needs: ["leases", "shared"],
      async run(stage) {
        const payload = await stage.put();
        await stage.receiver().next();
        const other = stage.receiver("high.B", await stage.hook("otherPod")());
        equal(idOf(await other.next()), payload.id, "what the other pod gets");
      },
    },
    {
      title: "keeps a message hidden for as long as its lease is extended",
      needs: ["leases"],
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        receiver.source.demand(10);
        const { leaseMs } = stage.fact("leases");
        for (let third = 0; third < 7; third++) {
          message.extend();
          await stage.pause(Math.floor(leaseMs / 3));
        }
        equal(receiver.messages.length, 1, "deliveries of a message that was extended");
        await message.ack();
        await stage.outlastLeases();
        equal(receiver.messages.length, 1, "deliveries of a message that was acknowledged");
      },
    },
    {
      title: "delivers what a killed process had in hand again, at no cost",
      needs: ["durable"],
      async run(stage) {
        const payloads = await stage.fill(2);
        const messages = await stage.receiver().take(2);
        equal(messages.length, 2, "messages in hand");
        await comesAgain(
          stage,
          payloads.map(({ id }) => id),
          await stage.hook("crash")(),
        );
      },
    },
    {
      title: "delivers what was in hand when it was closed again, at no cost",
      needs: ["durable"],
      async run(stage) {
        const payloads = await stage.fill(2);
        await stage.receiver().take(2);
        await comesAgain(
          stage,
          payloads.map(({ id }) => id),
          await stage.hook("reopen")(),
        );
      },
    },
  ],
};

async function comesAgain(stage: Stage, ids: string[], queue: Stage["queue"]): Promise<void> {
  const again = await stage.receiver("high.B", queue).take(ids.length);
  equal(again.map(idOf).sort(), ids.sort(), "what comes again");
  equal(
    again.map(({ attempts }) => attempts),
    again.map(() => 0),
    "its attempts",
  );
}
