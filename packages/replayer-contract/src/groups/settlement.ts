import { isHelixError, type ReplayMessage } from "@helix/core";
import { code, equal, rejects } from "../assertions.ts";
import type { CaseDefinition, ContractGroup } from "../contract-group.ts";
import { show } from "../contract-violation.ts";

const VERBS = {
  ack: (message: ReplayMessage) => message.ack(),
  release: (message: ReplayMessage) => message.release(),
  deadLetter: (message: ReplayMessage) => message.deadLetter({ reason: "rejected" }),
};

export const settlement: ContractGroup = {
  name: "settlement",
  cases: [
    ...Object.entries(VERBS).map(
      ([verb, settle]): CaseDefinition => ({
        title: `rejects all that comes after ${verb} with HELIX_MESSAGE_SETTLED`,
        async run(stage) {
          await stage.put();
          const message = await stage.receiver().next();
          await settle(message);
          message.extend();
          for (const [again, act] of Object.entries(VERBS)) {
            await rejects(act(message), code("HELIX_MESSAGE_SETTLED"), `${again} after ${verb}`);
          }
        },
      }),
    ),
    {
      title: "lets one of two settlements at the same time win, and tells the other",
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        const outcomes = await Promise.allSettled([message.ack(), message.release()]);
        const told = outcomes.map((outcome) =>
          outcome.status === "fulfilled"
            ? "done"
            : isHelixError(outcome.reason, "HELIX_MESSAGE_SETTLED")
              ? "settled"
              : show(outcome.reason),
        );
        equal(told.toSorted(), ["done", "settled"], "what ack and release came to");
        await stage.outlastLeases();
        if (told[0] === "done") await receiver.nothing(1, "it was acknowledged");
        else await receiver.next();
      },
    },
  ],
};
