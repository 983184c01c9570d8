import { equal, HELIX_ERROR, truthy } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { show } from "../contract-violation.ts";

export const deDuplication: ContractGroup = {
  name: "de-duplication",
  cases: [
    {
      title: "stores a message that is enqueued twice within the window once",
      needs: ["deDuplicates"],
      async run(stage) {
        const beforeMs = stage.clock.monotonicMs();
        const payload = await stage.put();
        // Whether the second call is told of the first is the adapter's business.
        const second = await stage.queue.enqueue(payload).then(
          () => undefined,
          (error: unknown) => error,
        );
        truthy(second === undefined || HELIX_ERROR.is(second), "success or a HelixError", show(second));
        const tookMs = stage.clock.monotonicMs() - beforeMs;
        truthy(tookMs < stage.fact("deDuplicates").windowMs, "both calls within the window", `${tookMs} ms`);
        const receiver = stage.receiver();
        await receiver.next();
        await receiver.nothing(5, "it is the same message");
      },
    },
    {
      title:
        "does not take another life, another id or the same write on another cluster for the same message",
      async run(stage) {
        const payload = await stage.put();
        await stage.queue.enqueue({ ...payload, life: 1 });
        await stage.queue.enqueue({ ...payload, id: `${payload.id}-2` });
        await stage.queue.enqueue({ ...payload, id: `${payload.id}-A`, targetCluster: "A" });
        const messages = await stage.receiver().take(3);
        await stage.receiver("high.A").next();
        const lives = messages.map(({ content }) =>
          content.ok ? `${content.payload.id}.${content.payload.life}` : "?",
        );
        equal(lives.sort(), [`${payload.id}-2.0`, `${payload.id}.0`, `${payload.id}.1`].sort(), "what comes");
      },
    },
  ],
};
