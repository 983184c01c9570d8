import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { ReplayWorker, type ReplayWorkerOptions } from "@helix/worker";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import { payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

async function letters(queue: NatsReplayer, count: number) {
  await waitFor(async () => (await queue.deadLetters.list()).length === count, {
    timeoutMs: 10_000,
    describe: `there are ${count} dead letters`,
  });
  return queue.deadLetters.list();
}

async function running(
  queue: NatsReplayer,
  options: Omit<ReplayWorkerOptions, "queue">,
): Promise<ReplayWorker> {
  const worker = new ReplayWorker({ queue, ...options });
  await worker.start();
  return worker;
}

describe("a worker on the durable queue", () => {
  it("buries what is held, too old or rejected, each with its cause, and tells onDrop of each", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxAgeMs: 60_000 });
    const executed: string[] = [];
    const dropped: string[] = [];
    await queue.enqueue(payloadOf("held", { disposition: "hold" }));
    await rig.enqueueOld(payloadOf("old"), 61_000);
    await queue.enqueue(payloadOf("bad"));
    await queue.enqueue(payloadOf("good"));
    await using _ = await running(queue, {
      executor: async ({ id }) => {
        executed.push(id);
        if (id === "bad") throw Object.assign(new SyntaxError("no such thing"), { outcome: "rejected" });
      },
      onDrop: ({ payload, cause }) => dropped.push(`${payload?.id} ${cause}`),
    });
    const found = await letters(queue, 3);
    expect(found.map(({ id, reason, outcome, attempts }) => [id, reason, outcome, attempts]).sort()).toEqual([
      ["bad.0", "rejected", "rejected", 1],
      ["held.0", "held", undefined, 0],
      ["old.0", "expired", undefined, 0],
    ]);
    expect(executed.sort()).toEqual(["bad", "good"]);
    expect(dropped.sort()).toEqual(["bad rejected", "held held", "old expired"]);
  });

  it("executes what was held once somebody has redriven it", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const executed: [string, number][] = [];
    await queue.enqueue(payloadOf("held", { disposition: "hold" }));
    await using _ = await running(queue, {
      executor: async ({ id, life }) => {
        executed.push([id, life]);
      },
    });
    await letters(queue, 1);
    await queue.deadLetters.redrive("held.0");
    await waitFor(() => executed.length === 1, { timeoutMs: 5000, describe: "it is executed" });
    expect(executed).toEqual([["held", 1]]);
    await letters(queue, 0);
  });

  it("hands everything back when it is stopped: another has it within a second, at no cost", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const other = await rig.replayer();
    for (let n = 0; n < 60; n++) await queue.enqueue(payloadOf(`p${n}`));
    let started = 0;
    const worker = await running(queue, {
      concurrency: 20,
      executor: (_, { signal }) => {
        started++;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      },
    });
    await waitFor(() => started === 20, { timeoutMs: 5000, describe: "the slots are taken" });
    await worker.stop({ graceMs: 0 });
    const receiver = new Receiver(other);
    receiver.source.demand(100);
    await receiver.until(60, 1000);
    expect(receiver.received.every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it("extends what it executes for longer than the lease: nobody else gets it", async () => {
    await using rig = new Rig(server);
    const options = { ackWaitMs: 1000 };
    const queue = await rig.replayer(options);
    const other = await rig.replayer(options);
    await queue.enqueue(payloadOf("long"));
    let done = 0;
    await using _ = await running(queue, {
      executor: async () => {
        await new Promise((resolve) => setTimeout(resolve, 3000));
        done++;
      },
    });
    await waitFor(async () => (await queue.depths())[2]?.inFlight === 1, {
      timeoutMs: 5000,
      describe: "it is in hand",
    });
    const receiver = new Receiver(other);
    receiver.source.demand(1);
    await waitFor(() => done === 1, { timeoutMs: 5000, describe: "it is done" });
    expect(receiver.received).toEqual([]);
  });
});

describe("without its own streams", () => {
  it("a failure that cannot be written down is not counted, and the bucket is made again", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    const receiver = new Receiver(queue);
    const message = await receiver.next();
    const { api } = await rig.api();
    await api.streams.delete(`KV_${rig.streamName}-state`);
    await message.release({ attempts: 1 });
    const again = await receiver.next();
    expect(again.attempts).toBe(0);
    await waitFor(() => api.streams.info(`KV_${rig.streamName}-state`).then(() => true), {
      timeoutMs: 10_000,
      describe: "the bucket is there again",
    });
    await again.release({ attempts: 1 });
    expect((await receiver.next()).attempts).toBe(1);
  });

  it("a dead letter stays a message, until there is a stream for it again", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ ackWaitMs: 1000 });
    await queue.enqueue(payloadOf("one"));
    const receiver = new Receiver(queue);
    const message = await receiver.next();
    const { api } = await rig.api();
    await api.streams.delete(`${rig.streamName}-dead-letters`);
    await expect(message.deadLetter({ reason: "rejected" })).rejects.toMatchObject({
      code: "HELIX_QUEUE_UNAVAILABLE",
    });
    await waitFor(() => api.streams.info(`${rig.streamName}-dead-letters`).then(() => true), {
      timeoutMs: 10_000,
      describe: "the stream is there again",
    });
    await message.deadLetter({ reason: "rejected" });
    expect((await queue.deadLetters.list()).map(({ id }) => id)).toEqual(["one.0"]);
  });
});
