import { isHelixError } from "@helix/core";
import { code, equal, rejects, throws, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { show } from "../contract-violation.ts";
import { idOf } from "../receiver.ts";

export const close: ContractGroup = {
  name: "close",
  cases: [
    {
      title: "refuses to enqueue and to open after close with HELIX_QUEUE_CLOSED",
      async run(stage) {
        const closed = stage.queue.close();
        await rejects(
          stage.queue.enqueue(stage.payload()),
          code("HELIX_QUEUE_CLOSED"),
          "enqueue during close",
        );
        await closed;
        await rejects(
          stage.queue.enqueue(stage.payload()),
          code("HELIX_QUEUE_CLOSED"),
          "enqueue after close",
        );
        throws(() => stage.receiver(), code("HELIX_QUEUE_CLOSED"), "open after close");
      },
    },
    {
      title: "closes as often as it is told to, also at the same time and by `await using`",
      async run(stage) {
        await Promise.all([stage.queue.close(), stage.queue.close()]);
        await stage.queue.close();
        await stage.queue[Symbol.asyncDispose]();
      },
    },
    {
      title: "delivers nothing after close, neither what waits nor what becomes due",
      async run(stage) {
        const receiver = stage.receiver();
        const delayMs = 2 * stage.capabilities.quietMs;
        await stage.fill(2);
        await (await receiver.next()).release({ delayMs });
        await receiver.next();
        receiver.source.demand(5);
        await stage.queue.close();
        await stage.pause(delayMs);
        await stage.quiet();
        equal(receiver.messages.length, 2, "deliveries");
      },
    },
    {
      title: "has all that it had when it is opened again: ready, delayed, in hand and dead",
      needs: ["durable"],
      async run(stage) {
        const receiver = stage.receiver();
        const payloads = await stage.fill(4);
        const [delayed, dead, inHand] = await receiver.take(3);
        truthy(delayed && dead && inHand, "three messages", receiver.ids);
        await delayed.release({ delayMs: 2 * stage.capabilities.quietMs, attempts: 1 });
        await dead.deadLetter({ reason: "rejected" });
        const queue = await stage.hook("reopen")();
        const messages = await stage.receiver("high.B", queue).take(3);
        const expected = payloads.map(({ id }) => id).filter((id) => id !== idOf(dead));
        equal(messages.map(idOf).sort(), expected.sort(), "what comes");
        equal((await queue.deadLetters.list()).length, 1, "dead letters");
      },
    },
    {
      title: "stores or refuses what is being enqueued when it closes, and says which",
      needs: ["durable"],
      async run(stage) {
        const payloads = Array.from({ length: 4 }, () => stage.payload());
        const stored = Promise.allSettled(payloads.map((payload) => stage.queue.enqueue(payload)));
        const queue = await stage.hook("reopen")();
        const outcomes = await stored;
        for (const outcome of outcomes) {
          if (outcome.status === "fulfilled") continue;
          truthy(isHelixError(outcome.reason), "success or a HelixError", show(outcome.reason));
        }
        const accepted = payloads.filter((_, index) => outcomes[index]?.status === "fulfilled");
        const receiver = stage.receiver("high.B", queue);
        receiver.source.demand(payloads.length);
        for (const { id } of accepted) {
          await stage.until(
            () => receiver.ids.includes(id),
            "each that was accepted",
            () => receiver.ids.length,
          );
        }
      },
    },
  ],
};
