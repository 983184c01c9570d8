import type { ContractGroup } from "../contract-group.ts";

export const hiding: ContractGroup = {
  name: "hiding",
  cases: [
    {
      title: "does not deliver a message in hand a second time, whatever is demanded",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        await receiver.nothing(10, "the only message is in hand");
        await message.ack();
      },
    },
    {
      title: "does not deliver a message in hand to the next source of its lane",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        await receiver.source.stop();
        await stage.receiver().nothing(10, "the only message is in hand");
        await message.ack();
      },
    },
    {
      title: "does not deliver a message in hand to another pod",
      needs: ["shared"],
      async run(stage) {
        await stage.put();
        const message = await stage.receiver().next();
        const other = stage.receiver("high.B", await stage.hook("otherPod")());
        await other.nothing(10, "the only message is in the hand of another pod");
        await message.ack();
      },
    },
  ],
};
