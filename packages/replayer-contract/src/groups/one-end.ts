import type { DeadLetterStore } from "@helix/core";
import { code, equal, rejects } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { buried } from "../letters.ts";

/** Who is at one dead letter at the same time, each another person. */
const AT_ONCE: readonly (readonly ("redrive" | "discard")[])[] = [
  ["redrive", "discard"],
  ["discard", "redrive"],
  ["redrive", "redrive"],
  ["discard", "discard"],
  ["discard", "redrive", "discard", "redrive"],
];

export const oneEnd: ContractGroup = {
  name: "one end of a dead letter",
  cases: [
    {
      title:
        "lets one of those who redrive and discard a dead letter at the same time do it, and tells the others",
      async run(stage) {
        const stores: DeadLetterStore[] = [stage.queue.deadLetters];
        // The second is another process where there can be one.
        if (stage.capabilities.shared) stores.push((await stage.hook("otherPod")()).deadLetters);
        let redriven = 0;
        for (const ends of AT_ONCE) {
          const { id } = await buried(stage);
          const acts = ends.map((end, at) =>
            (stores[at % stores.length] ?? stage.queue.deadLetters)[end](id),
          );
          const outcomes = await Promise.allSettled(acts);
          const done = ends.filter((_, at) => outcomes[at]?.status === "fulfilled");
          equal(done.length, 1, `of ${ends.join(", ")} at once, those that resolved`);
          for (const [at, { status }] of outcomes.entries()) {
            if (status === "fulfilled") continue;
            await rejects(
              acts[at] as Promise<void>,
              code("HELIX_DEAD_LETTER_NOT_FOUND"),
              "who came too late",
            );
          }
          equal(await stage.queue.deadLetters.list(), [], "the dead letters");
          if (done[0] === "redrive") {
            redriven++;
            const receiver = stage.receiver();
            await (await receiver.next()).ack();
            await receiver.source.stop();
          }
        }
        await stage.receiver().nothing(10, `${redriven} were redriven, once each, and the others discarded`);
      },
    },
  ],
};
