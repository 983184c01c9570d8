import { equal } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";

export const competingConsumers: ContractGroup = {
  name: "competing consumers",
  cases: [
    {
      title: "delivers each message to exactly one of the pods that wait",
      needs: ["shared"],
      async run(stage) {
        const count = Math.min(20, stage.capabilities.bounded?.messages ?? 20);
        const receivers = [stage.receiver(), stage.receiver("high.B", await stage.hook("otherPod")())];
        for (const receiver of receivers) {
          receiver.source.demand(count);
          receiver.listen = (message) => message.ack();
        }
        const payloads = await stage.fill(count);
        const ids = () => receivers.flatMap((receiver) => receiver.ids);
        await stage.until(
          () => ids().length >= count,
          `${count} deliveries`,
          () => ids().length,
        );
        await stage.outlastLeases();
        equal(ids().sort(), payloads.map(({ id }) => id).sort(), "what came to both");
      },
    },
    {
      title: "serves every pod that waits, none more than it demanded",
      needs: ["shared"],
      async run(stage) {
        const receivers = [stage.receiver(), stage.receiver("high.B", await stage.hook("otherPod")())];
        for (const receiver of receivers) receiver.source.demand(1);
        await stage.fill(3);
        for (const receiver of receivers) await receiver.arrived(1);
        await stage.quiet();
        equal(
          receivers.map(({ messages }) => messages.length),
          [1, 1],
          "deliveries per pod",
        );
      },
    },
    {
      title: "leaves what a pod had in hand when it closed to the others",
      needs: ["shared", "durable"],
      async run(stage) {
        const payloads = await stage.fill(2);
        const other = await stage.hook("otherPod")();
        await stage.receiver("high.B", other).take(2);
        await other.close();
        const messages = await stage.receiver().take(2);
        equal(messages.map(idOf).sort(), payloads.map(({ id }) => id).sort(), "what the other pod left");
      },
    },
  ],
};
