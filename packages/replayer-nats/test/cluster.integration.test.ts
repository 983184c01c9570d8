import { setTimeout as after } from "node:timers/promises";
import type { ReplayMessage, ReplayPayload } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsCluster, startNatsCluster } from "@helix/testkit/nats";
import { ReplayWorker } from "@helix/worker";
import type { JetStreamManager } from "@nats-io/jetstream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import { idOf, payloadOf, Rig } from "./rig.ts";
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
    const leader = await leaderOf(api, rig.streamName);
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

describe("what is on its way when nobody wants it any more", () => {
  const TOGGLES = 150;
  const CLOSES = 20;
  /** Long, so that whatever was sent to nobody comes far too late. */
  const LEASE_MS = 20_000;
  const PATIENCE_MS = 10_000;
  let rig: Rig;
  let settings: { connect: { servers: string[] }; replicas: number; ackWaitMs: number };
  beforeEach(async () => {
    const [first] = cluster.nodes;
    if (first === undefined) throw new Error("no node");
    rig = new Rig(first);
    settings = { connect: { servers: [...cluster.urls] }, replicas: 3, ackWaitMs: LEASE_MS };
    await rig.replayer(settings);
  });
  afterEach(() => rig[Symbol.asyncDispose]());

  /** Connected to the server that leads the lane's consumer, or to another one. */
  async function connected(isLeader: boolean): Promise<NatsReplayer> {
    const { api } = await rig.api(settings.connect);
    const { cluster: seen } = await api.consumers.info(rig.streamName, "helix-worker-high-B");
    const node = cluster.nodes.find(({ name }) => (name === seen?.leader) === isLeader);
    if (node === undefined) throw new Error("no node");
    return rig.replayer({ ...settings, connect: { servers: node.url } });
  }

  it.each([true, false])(
    "comes again at once while the demand falls and rises; connected to the leader: %s",
    {
      timeout: 120_000,
    },
    async (isLeader) => {
      const queue = await connected(isLeader);
      const ids = new Set<string | undefined>();
      let isOn = true;
      const source = queue.open(
        "high.B",
        (message) => {
          ids.add(idOf(message));
          void message.ack();
          if (isOn) source.demand(8);
        },
        { pollIntervalMs: 100 },
      );
      let written = 0;
      const write = () =>
        Promise.all(Array.from({ length: 10 }, () => queue.enqueue(payloadOf(`${written++}`))));
      for (let toggle = 0; toggle < TOGGLES; toggle++) {
        isOn = true;
        source.demand(8);
        await write();
        isOn = false;
        source.demand(0);
        await write();
      }
      isOn = true;
      source.demand(8);
      await waitFor(() => ids.size === written, {
        timeoutMs: PATIENCE_MS,
        describe: () => `all ${written} arrive before a lease is over; ${ids.size} have`,
      });
    },
  );

  it("goes to others at once when a pod closes while its lane is busy", { timeout: 120_000 }, async () => {
    const written = 2000;
    const writer = await rig.replayer(settings);
    for (let n = 0; n < written; n += 200) {
      await Promise.all(Array.from({ length: 200 }, (_, k) => writer.enqueue(payloadOf(`${n + k}`))));
    }
    const ids = new Set<string | undefined>();
    for (let close = 0; close < CLOSES; close++) {
      const queue = await connected(false);
      await new Promise<void>((resolve) => {
        const source = queue.open(
          "high.B",
          (message) => {
            // In hand when it closes, so it comes again when its lease is over: not what this is about.
            ids.add(idOf(message));
            if (close % 2 === 0) resolve();
          },
          { pollIntervalMs: 100 },
        );
        source.demand(100);
        if (close % 2 === 1) void writer.depths().then(() => resolve());
      });
      await queue.close();
    }
    const last = await connected(false);
    const source = last.open(
      "high.B",
      (message) => {
        ids.add(idOf(message));
        // Else it could hold no more than `maxAckPending` of them.
        message.ack().catch(() => {});
      },
      { pollIntervalMs: 100 },
    );
    await waitFor(
      () => {
        source.demand(100);
        return ids.size === written;
      },
      {
        timeoutMs: PATIENCE_MS,
        describe: () => `all ${written} arrive before a lease is over; ${ids.size} have`,
      },
    );
  });
});

it("makes no suspect of what three pods try again and again while the leader of their records is killed", {
  timeout: 180_000,
}, async () => {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error("no node");
  await using rig = new Rig(first);
  // A write that is under way when the leader dies must be given up, and made again, well within a lease.
  const times = { ackWaitMs: 5000, publishTimeoutMs: 1000 };
  const options = { connect: { servers: [...cluster.urls] }, replicas: 3, ...times };
  const enqueuer = await rig.replayer(options);
  const messages = 200;
  for (let n = 0; n < messages; n++) await enqueuer.enqueue(payloadOf(`m${n}`));
  const applied = new Set<string>();
  let suspects = 0;
  let redeliveries = 0;
  let isBack = false;
  const executor = {
    execute: async ({ id }: ReplayPayload) => {
      await after(5);
      if (!isBack) throw Object.assign(new Error("no quorum"), { outcome: "uncertain" });
      applied.add(id);
    },
    probe: async () => {},
  };
  for (let pod = 0; pod < 3; pod++) {
    const queue = await rig.replayer(options);
    const open = queue.open.bind(queue);
    queue.open = (lane, onMessage, openOptions) => {
      const count = (message: ReplayMessage) => {
        if (message.suspect) suspects++;
        if (message.mark !== undefined) redeliveries++;
        onMessage(message);
      };
      return open(lane, count, openOptions);
    };
    const worker = new ReplayWorker({ queue, executor, retryDelayMs: 50, maxRetryDelayMs: 500 });
    await worker.start();
    rig.closing({ close: () => worker.stop({ graceMs: 0 }) });
  }
  const { api } = await rig.api(options.connect);
  const goOn = async () => {
    const before = redeliveries;
    await waitFor(() => redeliveries > before + 500, { timeoutMs: 60_000, describe: "messages come again" });
  };
  await goOn();
  const leader = await leaderOf(api, `KV_${rig.streamName}-state`);
  await leader.kill();
  await goOn();
  await leader.start();
  await cluster.untilHealthy();
  await goOn();
  isBack = true;
  await waitFor(() => applied.size === messages, { timeoutMs: 60_000, describe: "all are applied" });
  expect(suspects).toBe(0);
});

function leaderOf(api: JetStreamManager, stream: string): Promise<NatsCluster["nodes"][number]> {
  return waitFor(
    async () => {
      const { cluster: seen } = await api.streams.info(stream);
      return cluster.nodes.find(({ name }) => name === seen?.leader);
    },
    { timeoutMs: 30_000, describe: `${stream} has a leader` },
  );
}
