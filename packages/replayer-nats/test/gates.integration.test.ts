import { type ClusterId, type GateChange, orderGate, StoredClusterGate } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { ReplayWorker } from "@helix/worker";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectNatsControl } from "../src/index.ts";
import { payloadOf, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ killable: true });
});
afterAll(() => server.stop());

/** Two pods that replay, an application with a gate, and somebody who gives orders. */
async function start(rig: Rig) {
  const executed = new Set<string>();
  const pods = await Promise.all(
    [1, 2].map(async () => {
      const queue = await rig.replayer({ ackWaitMs: 1000 });
      const gate = new StoredClusterGate({ store: queue.control, writer: queue.control });
      const worker = new ReplayWorker({
        queue,
        gate,
        executor: async ({ id }) => {
          executed.add(id);
        },
      });
      await worker.start();
      return { worker, gate, close: () => worker.stop().then(() => gate.close()) };
    }),
  );
  const app = await rig.enqueuer();
  const gate = new StoredClusterGate({ store: app.control });
  const operator = rig.closing(await connectNatsControl(rig.options));
  for (const { close } of pods) rig.closing({ close });
  let written = 0;
  return {
    pods,
    app,
    /** By the payloads' ids: a server that is killed may forget an acknowledgement, and bring that message again. */
    executed,
    gates: [gate, ...pods.map((pod) => pod.gate)],
    order: (change: Partial<GateChange>) =>
      orderGate(operator, { cluster: "B", state: "paused", reason: "repair", by: "anna", ...change }),
    async write(targetCluster: ClusterId): Promise<string> {
      const id = `${rig.streamName}-${process.hrtime.bigint()}-${++written}`;
      await app.enqueue(payloadOf(id, { targetCluster }));
      return id;
    },
    async stop() {
      for (const { close } of pods) await close();
      gate.close();
    },
  };
}

type Started = Awaited<ReturnType<typeof start>>;

async function untilAll({ gates }: Started, state: string): Promise<number> {
  const startMs = performance.now();
  await waitFor(() => gates.every((gate) => gate.state("B") === state), {
    timeoutMs: 10_000,
    describe: () => `B is ${state} for all; it is ${gates.map((gate) => gate.state("B"))}`,
  });
  return performance.now() - startMs;
}

it("two pods and a client see a pause within a second, execute nothing until it is over, and keep it over restarts of all of them and of NATS", async ({
  annotate,
}) => {
  await using rig = new Rig(server);
  const first = await start(rig);
  await untilAll(first, "open");
  const served = (ids: readonly string[], describe: string) =>
    waitFor(() => ids.every((id) => first.executed.has(id) || second?.executed.has(id)), {
      timeoutMs: 10_000,
      describe,
    });
  let second: Started | undefined;
  await served([await first.write("B")], "it is executed");
  await first.order({});
  const seenMs = await untilAll(first, "paused");
  await annotate(`seen by all after ${seenMs.toFixed()} ms`);
  expect(seenMs).toBeLessThan(1000);
  const waiting: string[] = [];
  for (let n = 0; n < 5; n++) waiting.push(await first.write("B"));
  await served([await first.write("A")], "A is served");

  await server.kill();
  await waitFor(() => rig.log.some(({ text }) => text === "disconnected from NATS"), {
    timeoutMs: 10_000,
    describe: "NATS is away",
  });
  expect(first.gates.map((gate) => gate.state("B"))).toEqual(["paused", "paused", "paused"]);
  await server.start();
  let again: string | undefined;
  await waitFor(
    async () => {
      again = await first.write("A").catch(() => undefined);
      return again !== undefined;
    },
    { timeoutMs: 10_000, describe: "NATS is back" },
  );
  await served([String(again)], "A is served again");
  await first.stop();

  second = await start(rig);
  await untilAll(second, "paused");
  await served([await second.write("A")], "A is served by new pods");
  expect(waiting.filter((id) => first.executed.has(id) || second?.executed.has(id))).toEqual([]);
  expect(second.pods.map(({ worker }) => worker.pausedBy("B"))).toEqual(
    Array(2).fill("paused by anna: repair"),
  );
  await second.order({ state: "open", reason: "" });
  await served(waiting, "what waited is executed");
  await second.stop();
});

it("a pause that has an end ends while NATS is away, and what waited is executed when it is back", async () => {
  await using rig = new Rig(server);
  const all = await start(rig);
  await untilAll(all, "open");
  await all.order({ untilMs: Date.now() + 3000 });
  await untilAll(all, "paused");
  const id = await all.write("B");
  await server.kill();
  await untilAll(all, "open");
  expect([...all.executed]).toEqual([]);
  await server.start();
  await waitFor(() => all.executed.has(id), { timeoutMs: 20_000, describe: "it is executed" });
  await all.stop();
});

it("a pause outlives the loss of the bucket, which a pod makes again and puts it into", async () => {
  await using rig = new Rig(server);
  const all = await start(rig);
  await all.order({});
  await untilAll(all, "paused");
  const { api } = await rig.api();
  await api.streams.delete(`KV_${rig.streamName}-control`);
  await waitFor(
    () =>
      api.streams.getMessage(`KV_${rig.streamName}-control`, { seq: 1 }).then(
        (found) => found !== null,
        () => false,
      ),
    {
      timeoutMs: 10_000,
      describe: "the order is there again",
    },
  );
  const late = new StoredClusterGate({ store: all.app.control });
  await late.known();
  expect([late.state("B"), late.reasonOf("B")]).toEqual(["paused", "paused by anna: repair"]);
  late.close();
  await all.stop();
});
