import type { ReplayMessage } from "@helix/core";
import { equal } from "../assertions.ts";
import type { CaseDefinition, ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";

const WAYS: Record<string, () => unknown> = {
  throws: () => {
    throw new Error("of the listener");
  },
  rejects: () => Promise.reject(new Error("of the listener")),
};

export const listeners: ContractGroup = {
  name: "listeners",
  cases: [
    ...Object.entries(WAYS).map(
      ([way, fail]): CaseDefinition => ({
        title: `goes on after a listener that ${way}, and delivers its message again at no cost`,
        async run(stage) {
          const payloads = await stage.fill(3);
          const receiver = stage.receiver();
          const good = new Map<string, ReplayMessage>();
          receiver.listen = (message) => {
            if (receiver.messages.length === 1) return fail();
            good.set(idOf(message), message);
            return undefined;
          };
          receiver.source.demand(4);
          await stage.until(
            () => good.size === 3,
            "all three messages after the failure",
            () => good.size,
          );
          equal([...good.keys()].sort(), payloads.map(({ id }) => id).sort(), "what comes");
          equal(
            [...good.values()].map(({ attempts }) => attempts),
            [0, 0, 0],
            "its attempts",
          );
        },
      }),
    ),
    {
      title: "lets a listener settle its message and then throw",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        let acked: Promise<void> | undefined;
        receiver.listen = (message) => {
          acked = message.ack();
          acked.catch(() => {});
          throw new Error("of the listener");
        };
        await receiver.next();
        await acked;
        await stage.outlastLeases();
        receiver.listen = () => {};
        await receiver.nothing(1, "it was acknowledged");
      },
    },
  ],
};
