import type { ReplayPayload } from "@helix/core";
import { code, equal, HELIX_ERROR, rejects } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";
import type { Stage } from "../stage.ts";

export const connection: ContractGroup = {
  name: "cut connection",
  cases: [
    {
      title: "says so when it cannot store while the connection is cut, and stores again afterwards",
      needs: ["connection"],
      async run(stage) {
        await stage.hook("cut")();
        await rejects(stage.queue.enqueue(stage.payload()), HELIX_ERROR, "an enqueue without a connection");
        await stage.hook("heal")();
        const payload = await enqueued(stage);
        const receiver = stage.receiver();
        receiver.source.demand(stage.queue.traits.maxDemand);
        await stage.until(
          () => receiver.ids.includes(payload.id),
          "what was enqueued after the cut",
          () => receiver.ids,
        );
      },
    },
    {
      title: "goes on delivering to a receiver that waits when the connection is back, without being asked",
      needs: ["connection"],
      async run(stage) {
        const receiver = stage.receiver();
        receiver.source.demand(2);
        await stage.quiet();
        await stage.hook("cut")();
        await stage.quiet();
        await stage.hook("heal")();
        await enqueued(stage);
        await receiver.arrived(1);
      },
    },
    {
      title: "loses nothing of what it had stored before a cut",
      needs: ["connection"],
      async run(stage) {
        const payloads = await stage.fill(3);
        await stage.hook("cut")();
        await stage.quiet();
        await stage.hook("heal")();
        const messages = await stage.receiver().take(3);
        equal(messages.map(idOf).sort(), payloads.map(({ id }) => id).sort(), "what comes");
      },
    },
    {
      title:
        "has taken an acknowledgement that resolved over a cut, and delivers the message again otherwise",
      needs: ["connection"],
      async run(stage) {
        await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        await stage.hook("cut")();
        const acked = message.ack().then(
          () => true,
          () => false,
        );
        await stage.quiet();
        await stage.hook("heal")();
        if (await acked) {
          await stage.outlastLeases();
          await receiver.nothing(5, "it was acknowledged");
        } else {
          // Still in hand, so it may be acknowledged now; or its lease runs out.
          const again = await message.ack().then(
            () => true,
            () => false,
          );
          if (!again) await receiver.next();
        }
      },
    },
    {
      title: "delivers a message again that was handed back over a cut",
      needs: ["connection", "leases"],
      async run(stage) {
        const payload = await stage.put();
        const receiver = stage.receiver();
        const message = await receiver.next();
        await stage.hook("cut")();
        const released = message.release().catch(() => {});
        await stage.quiet();
        await stage.hook("heal")();
        await released;
        equal(idOf(await receiver.next()), payload.id, "what comes again");
      },
    },
    {
      title: "closes without a connection",
      needs: ["connection"],
      async run(stage) {
        const receiver = stage.receiver();
        receiver.source.demand(1);
        await stage.hook("cut")();
        await stage.queue.close();
        await rejects(
          stage.queue.enqueue(stage.payload()),
          code("HELIX_QUEUE_CLOSED"),
          "enqueue after close",
        );
      },
    },
  ],
};

/**
 * Enqueues as soon as the queue is able to again, and gives what it took. Another payload at each try: one that
 * failed may have been stored all the same.
 */
async function enqueued(stage: Stage): Promise<ReplayPayload> {
  let payload = stage.payload();
  const tried = async () => {
    payload = stage.payload();
    await stage.queue.enqueue(payload);
    return true;
  };
  await stage.until(
    () => tried().catch(() => false),
    "an enqueue to work again",
    () => "rejections",
  );
  return payload;
}
