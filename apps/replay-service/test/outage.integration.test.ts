import { hostname } from "node:os";
import { connectNatsEnqueuer, ensureTopology } from "@helix/replayer-nats";
import { type ScriptedCqlServer, waitFor } from "@helix/testkit";
import { startNatsCluster, startNatsServer } from "@helix/testkit/nats";
import { afterEach, beforeEach, expect, test } from "vitest";
import { insert, startServers } from "./pod.ts";
import { MAIN, ServiceProcess } from "./service-process.ts";
import { environmentOf } from "./valid-environment.ts";

let servers: { A: ScriptedCqlServer; B: ScriptedCqlServer };
beforeEach(async () => {
  servers = await startServers();
});
afterEach(() => Promise.all([servers.A.close(), servers.B.close()]));

const NOT_READY = "the queue is not ready; it is looked at again";

/** What a pod says when its work on a cluster is over. */
const sums = (pod: ServiceProcess) => pod.log.filter((line) => "dead" in line && !("failed" in line));
const about = (pod: ServiceProcess) => pod.log.filter(({ cluster }) => cluster === "B");
test.each([1, 2, 3])(
  "after an outage of a cluster %i pods are ready soon, whoever drained the lane, and their logs end with good news",
  async (count) => {
    await using nats = await startNatsServer({ killable: true });
    const env = environmentOf(servers, { HELIX_NATS_SERVERS: nats.url });
    await using stack = new AsyncDisposableStack();
    const pods = Array.from({ length: count }, () => stack.use(new ServiceProcess(MAIN, env)));
    await Promise.all(pods.map((pod) => pod.ready()));
    await using enqueuer = await connectNatsEnqueuer({ connect: { servers: nats.url } });
    await servers.B.setDown();
    let writes = 0;
    const isSuspended = (pod: ServiceProcess) =>
      about(pod).some(({ message }) => String(message).startsWith("Replay to a cluster is suspended"));
    await waitFor(
      async () => {
        await enqueuer.enqueue(insert("B", [String(writes++), "Alice"]));
        return pods.every(isSuspended);
      },
      { timeoutMs: 30_000, intervalMs: 250, describe: "every pod has tried a message" },
    );
    await servers.B.setUp();
    const written = () => new Set(servers.B.requests.map(({ values }) => String(values[0]))).size;
    await waitFor(() => written() === writes, {
      timeoutMs: 15_000,
      describe: () => `B has ${writes} writes; it has ${written()}`,
    });
    await Promise.all(pods.map((pod) => pod.ready()));
    if (pods.length === 1) {
      await waitFor(() => pods.some((pod) => sums(pod).length > 0), {
        timeoutMs: 30_000,
        describe: () => `the pod sums the outage up; it said:\n${pods[0]?.output}`,
      });
    }
    for (const pod of pods) pod.signal("SIGTERM");
    expect(await Promise.all(pods.map(({ ended }) => ended))).toEqual(pods.map(() => 0));
    for (const pod of pods) {
      expect(about(pod).at(-1), pod.output).toMatchObject({ level: "info" });
      expect(pod.log.at(-1)?.message).toBe("the service has stopped");
      expect(pod.log[0]).toMatchObject({ stream: "helix-replay", nats: [nats.url] });
      expect(pod.log.every((line) => line.pod === hostname() && line.version !== undefined)).toBe(true);
    }
    // Each tells its own.
    expect(pods.flatMap(sums).reduce((sum, { applied }) => sum + Number(applied), 0)).toBe(writes);
  },
);

test("a pod that starts while NATS has no majority waits for it, and says so", {
  timeout: 180_000,
}, async () => {
  const nats = await startNatsCluster({ nodes: 3 });
  try {
    const [first, ...others] = nats.nodes;
    const url = first?.url ?? "";
    const queue = { HELIX_QUEUE_REPLICAS: "3", HELIX_QUEUE_MAX_BYTES: String(2 ** 26) };
    await ensureTopology({ connect: { servers: url }, replicas: 3, maxBytes: 2 ** 26 });
    for (const node of others) await node.kill();
    await using pod = new ServiceProcess(MAIN, environmentOf(servers, { HELIX_NATS_SERVERS: url, ...queue }));
    await waitFor(() => pod.log.some(({ message }) => message === NOT_READY), {
      timeoutMs: 60_000,
      describe: () => `the queue is not ready; the pod said:\n${pod.output}`,
    });
    expect(await pod.get("/readyz")).toMatchObject({
      status: 503,
      text: expect.stringContaining('"queue: '),
    });
    expect((await pod.get("/livez")).status).toBe(200);
    for (const node of others) await node.start();
    await nats.untilHealthy();
    await waitFor(async () => (await pod.get("/readyz")).status === 200, {
      timeoutMs: 60_000,
      describe: () => `the pod is ready; it said:\n${pod.output}`,
    });
    pod.signal("SIGTERM");
    expect(await pod.ended).toBe(0);
  } finally {
    await nats.stop();
  }
});
