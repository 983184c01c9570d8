import { waitFor } from "@helix/testkit";
import { type NatsCluster, startNatsCluster } from "@helix/testkit/nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureTopology } from "../src/index.ts";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

let cluster: NatsCluster;
beforeAll(async () => {
  cluster = await startNatsCluster({ nodes: 3 });
});
afterAll(() => cluster.stop());

it("a queue that is opened while two of three servers are away waits for them", {
  timeout: 180_000,
}, async () => {
  const [first, ...others] = cluster.nodes;
  if (first === undefined) throw new Error("no node");
  await using rig = new Rig(first);
  const options = { replicas: 3, maxBytes: 2 ** 26 };
  await ensureTopology({ ...rig.options, ...options });
  for (const node of others) await node.kill();
  const leaderless = { code: "HELIX_QUEUE_UNAVAILABLE", stored: "no" };
  expect(await failureOf(ensureTopology({ ...rig.options, ...options }))).toMatchObject(leaderless);
  const queue = await rig.replayer(options);
  expect(queue.health).toMatchObject({ isReady: false, isConnected: true, cause: leaderless });
  for (const node of others) await node.start();
  await cluster.untilHealthy();
  await waitFor(() => queue.health.isReady, { timeoutMs: 60_000, describe: "the queue is ready" });
  await queue.enqueue(payloadOf("one"));
});

it("one of those who redrive or discard a dead letter at once does it, with three copies of it", async () => {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error("no node");
  await using rig = new Rig(first);
  const options = { replicas: 3, maxBytes: 2 ** 26 };
  const one = await rig.replayer(options);
  const other = await rig.replayer({ ...options, connect: { servers: cluster.urls[1] ?? "" } });
  for (const end of ["discard", "redrive"] as const) {
    await one.enqueue(payloadOf(end));
    const receiver = new Receiver(one);
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    await receiver.source.stop();
    const acts = [one, other, one, other].map(({ deadLetters }) => deadLetters[end](`${end}.0`));
    const outcomes = await Promise.allSettled(acts);
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(outcome.reason).toMatchObject({ code: "HELIX_DEAD_LETTER_NOT_FOUND" });
    }
  }
  expect((await one.depths())[2]?.pending).toBe(1);
});

it("more copies than there are servers are waited for, since a server may be away", async () => {
  const [first] = cluster.nodes;
  if (first === undefined) throw new Error("no node");
  await using rig = new Rig(first);
  expect(await failureOf(ensureTopology({ ...rig.options, replicas: 5 }))).toMatchObject({
    code: "HELIX_QUEUE_UNAVAILABLE",
    message: expect.stringContaining("no suitable peers"),
  });
});
