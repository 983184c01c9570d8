import { equal } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";

export const ack: ContractGroup = {
  name: "acknowledgement",
  cases: [
    {
      title: "never delivers an acknowledged message again, also when its lease is over",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        await (await receiver.next()).ack();
        await stage.outlastLeases();
        await receiver.nothing(10, "it was acknowledged");
      },
    },
    {
      title: "acknowledges one message and not its neighbours",
      async run(stage) {
        await stage.fill(3);
        const receiver = stage.receiver();
        const [first, second, third] = await receiver.take(3);
        await second?.ack();
        await first?.release();
        await third?.release();
        const again = await receiver.take(2);
        const expected = [first, third].map((message) => message && idOf(message));
        equal(again.map(idOf).sort(), expected.sort(), "what comes again");
        await receiver.nothing(1, "the rest was acknowledged");
      },
    },
    {
      title: "acknowledges a message whose source has been stopped",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        await receiver.source.stop();
        await message.ack();
        await stage.outlastLeases();
        await stage.receiver().nothing(1, "it was acknowledged");
      },
    },
    {
      title: "remembers an acknowledgement when it is closed and opened again",
      needs: ["durable"],
      async run(stage) {
        await stage.put();
        await (await stage.receiver().next()).ack();
        const receiver = stage.receiver("high.B", await stage.hook("reopen")());
        await stage.outlastLeases();
        await receiver.nothing(1, "it was acknowledged");
      },
    },
  ],
};
