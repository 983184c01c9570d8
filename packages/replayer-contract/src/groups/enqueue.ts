import { isHelixError, type Operation } from "@helix/core";
import { CALLERS_MISTAKE, code, equal, exactly, rejects } from "../assertions.ts";
import type { ContractGroup } from "../contract-group.ts";
import { idOf } from "../receiver.ts";

export const enqueue: ContractGroup = {
  name: "safety of enqueue",
  cases: [
    {
      title: "has stored what it accepted: a crash right after that loses nothing",
      needs: ["durable"],
      async run(stage) {
        const payloads = await stage.fill(3);
        const messages = await stage.receiver("high.B", await stage.hook("crash")()).take(3);
        equal(messages.map(idOf).sort(), payloads.map(({ id }) => id).sort(), "what is left after the crash");
      },
    },
    {
      title: "delivers each of many that were enqueued at once exactly once",
      async run(stage) {
        const { bounded } = stage.capabilities;
        const count = Math.min(50, bounded?.messages ?? 50, stage.queue.traits.maxDemand);
        const payloads = Array.from({ length: count }, () => stage.payload());
        await Promise.all(payloads.map((payload) => stage.queue.enqueue(payload)));
        const receiver = stage.receiver();
        await receiver.take(count);
        await receiver.nothing(1, "all have been delivered");
        equal(receiver.ids.sort(), payloads.map(({ id }) => id).sort(), "what came");
      },
    },
    {
      title: "delivers new messages in the order in which they were accepted",
      needs: ["ordered"],
      async run(stage) {
        const payloads = await stage.fill(4);
        const messages = await stage.receiver().take(4);
        equal(
          messages.map(idOf),
          payloads.map(({ id }) => id),
          "the order",
        );
      },
    },
    {
      title: "takes a snapshot: what is changed after the call changes nothing",
      async run(stage) {
        const bytes = Buffer.from("before");
        const params: unknown[] = ["before", bytes];
        const query = "INSERT INTO ks.t (a, b) VALUES (?, ?)";
        const stored = stage.queue.enqueue(
          stage.payload({ operation: { kind: "statement", query, params } }),
        );
        params[0] = "after";
        bytes.fill(0);
        await stored;
        const { content } = await stage.receiver().next();
        const operation = content.ok ? content.payload.operation : undefined;
        const expected: Operation = { kind: "statement", query, params: ["before", Buffer.from("before")] };
        equal(operation, expected, "the operation");
      },
    },
    {
      title: "refuses a value that cannot be encoded with HELIX_PAYLOAD_INVALID, and stores nothing",
      async run(stage) {
        const operation: Operation = {
          kind: "statement",
          query: "DELETE FROM ks.t WHERE a = ?",
          params: [() => {}],
        };
        const payload = stage.payload({ operation });
        await rejects(stage.queue.enqueue(payload), code("HELIX_PAYLOAD_INVALID"), "a function as a value");
        await stage.receiver().nothing(1, "the payload was refused");
      },
    },
    {
      title: "refuses a payload of the wrong shape before any I/O, and stores nothing",
      async run(stage) {
        const payload = { ...stage.payload(), id: "not an id" };
        await rejects(stage.queue.enqueue(payload), CALLERS_MISTAKE, "a malformed id");
        await stage.receiver().nothing(1, "the payload was refused");
      },
    },
    {
      title: "stores nothing when the signal is aborted already, and rejects with its reason",
      async run(stage) {
        const reason = new Error("enough");
        const stored = stage.queue.enqueue(stage.payload(), { signal: AbortSignal.abort(reason) });
        await rejects(stored, exactly(reason), "an aborted enqueue");
        await stage.receiver().nothing(1, "the enqueue was aborted");
      },
    },
    {
      title:
        "refuses a payload that is too large with HELIX_PAYLOAD_TOO_LARGE, and takes one of half the bound",
      needs: ["payloadBound"],
      async run(stage) {
        const { bytes } = stage.fact("payloadBound");
        const query = "INSERT INTO ks.t (a) VALUES (?)";
        const sized = (length: number) =>
          stage.payload({ operation: { kind: "statement", query, params: ["x".repeat(length)] } });
        await rejects(stage.queue.enqueue(sized(bytes)), code("HELIX_PAYLOAD_TOO_LARGE"), "a large payload");
        const small = sized(Math.floor(bytes / 2));
        await stage.queue.enqueue(small);
        const receiver = stage.receiver();
        equal(idOf(await receiver.next()), small.id, "what comes");
        await receiver.nothing(1, "the large payload was refused");
      },
    },
    {
      title: "refuses the first message above its bound with HELIX_QUEUE_FULL, and evicts none",
      needs: ["bounded"],
      async run(stage) {
        const { messages: bound } = stage.fact("bounded");
        const payloads = await stage.fill(bound);
        await rejects(stage.queue.enqueue(stage.payload()), code("HELIX_QUEUE_FULL"), "one too many");
        const receiver = stage.receiver();
        for (const payload of payloads) {
          const message = await receiver.next();
          if (stage.capabilities.ordered) equal(idOf(message), payload.id, "the next");
          await message.ack();
        }
        equal(receiver.ids.sort(), payloads.map(({ id }) => id).sort(), "what the full queue held");
        await receiver.nothing(1, "the last one was refused");
      },
    },
    {
      title: "has room for one more when one was acknowledged, and not while it is in hand or delayed",
      needs: ["bounded"],
      async run(stage) {
        const receiver = stage.receiver();
        await stage.fill(stage.fact("bounded").messages);
        const [first, second] = await receiver.take(2);
        await second?.release({ delayMs: 60_000 });
        await rejects(stage.queue.enqueue(stage.payload()), code("HELIX_QUEUE_FULL"), "one too many");
        await first?.ack();
        // A server may need a moment to count what has left.
        await stage.until(accepted, "room for one more", () => "HELIX_QUEUE_FULL");
        await rejects(stage.queue.enqueue(stage.payload()), code("HELIX_QUEUE_FULL"), "the one after it");

        async function accepted(): Promise<boolean> {
          const stored = stage.queue.enqueue(stage.payload());
          return stored.then(
            () => true,
            (error) => !isHelixError(error, "HELIX_QUEUE_FULL") && Promise.reject(error),
          );
        }
      },
    },
  ],
};
