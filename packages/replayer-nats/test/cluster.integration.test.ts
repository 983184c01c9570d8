import { setTimeout as after } from "node:timers/promises";
import { waitFor } from "@helix/testkit";
import { type NatsCluster, startNatsCluster } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Rig } from "./rig.ts";
import { settle, Workers, Writers } from "./torture.ts";

const MESSAGES = 10_000;

let cluster: NatsCluster;
beforeAll(async () => {
  cluster = await startNatsCluster({ nodes: 3 });
});
afterAll(() => cluster.stop());

it("loses nothing that was acknowledged while the leader of three is killed, twice", {
  timeout: 180_000,
}, async ({ annotate }) => {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error("no node");
  await using rig = new Rig(first);
  const options = { connect: { servers: [...cluster.urls] }, replicas: 3, ackWaitMs: 5000 };
  const watcher = await rig.replayer(options);
  const workers = new Workers([await rig.replayer(options), await rig.replayer(options)]);
  const writers = new Writers(await rig.enqueuer({ connect: options.connect }));
  await workers.start();
  const { api } = await rig.api(options.connect);
  const killLeader = async () => {
    const leader = await waitFor(
      async () => {
        const { cluster: seen } = await api.streams.info(rig.streamName);
        return cluster.nodes.find(({ name }) => name === seen?.leader);
      },
      { timeoutMs: 30_000, describe: "the stream has a leader" },
    );
    await leader.kill();
    await after(3000);
    await leader.start();
    await cluster.untilHealthy();
  };
  const faults = async () => {
    for (const share of [0.3, 0.6]) {
      await waitFor(() => writers.acknowledged.size >= MESSAGES * share, {
        timeoutMs: 60_000,
        describe: () => `enough is written; ${writers.acknowledged.size} are`,
      });
      await killLeader();
    }
  };
  await writers.write(MESSAGES, faults());
  const report = await settle(watcher, writers, workers, 60_000);
  await workers.stop();
  await annotate(JSON.stringify(report));
  expect(report.lost).toEqual([]);
  expect(report.acknowledged).toBeGreaterThanOrEqual(MESSAGES);
  expect(report.stuck).toBe(0);
  expect(rig.log.find(({ text }) => text === "the queue is ready")?.fields).toMatchObject({
    replicas: 3,
    storage: "file",
  });
});
