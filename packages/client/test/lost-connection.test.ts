import { createPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { type CqlRequest, type Reply, reply, waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { expect, test } from "vitest";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const payloadOf = (id: string) =>
  createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id, v) VALUES (?, ?)", params: [id, "a"] },
    timestampMicros: 1n,
  });
const idOf = ({ values }: CqlRequest) => values[0]?.toString();
const never = () => new Promise<Reply>(() => {});

async function cut({ servers, client }: TwoClusters): Promise<void> {
  await servers.B.setDown();
  await servers.B.setUp();
  await waitFor(() => client.clusterStates.B?.connected === true, {
    timeoutMs: 10_000,
    describe: "there is a session to B again",
  });
}

test("an answer that is lost with its connection is told apart from one that does not come", async () => {
  await using clusters = await TwoClusters.connected();
  const executor = clusters.client.replayExecutor();
  clusters.script.B = never;
  const failing = errorOf(executor.execute(payloadOf("1"), { signal: new AbortController().signal }));
  await waitFor(() => clusters.servers.B.requests.length > 0, {
    timeoutMs: 3000,
    describe: "the request has been sent",
  });
  await clusters.servers.B.setDown();
  const error = await failing;
  expect(executor.read?.(error)).toMatchObject({ applied: "maybe", load: "connection-lost" });
});

test("a connection that goes three times costs what was under way no attempt, though others are applied at once", async () => {
  await using clusters = await TwoClusters.connected();
  const applied: unknown[] = [];
  const attempts: number[] = [];
  const queue = new MemoryReplayer();
  await using worker = new ReplayWorker({
    queue,
    executor: clusters.client.replayExecutor(),
    maxDeliver: 1,
    retryDelayMs: 10,
    onSuccess: ({ payload: { operation } }) =>
      applied.push(operation.kind === "statement" && Object.values(operation.params)[0]),
    onError: (failed) => attempts.push(failed.attempts),
  });
  await worker.start();
  let cuts = 0;
  clusters.script.B = (request) => (idOf(request) === "slow" && cuts < 3 ? never() : reply.void);
  const isApplied = (id: string) =>
    waitFor(() => applied.includes(id), { timeoutMs: 10_000, describe: `${id} is applied` });
  await queue.enqueue(payloadOf("warm"));
  await isApplied("warm");
  await queue.enqueue(payloadOf("slow"));
  for (const fast of ["fast0", "fast1", "fast2"]) {
    const sent = () => clusters.servers.B.requests.filter((request) => idOf(request) === "slow").length;
    await waitFor(() => sent() > cuts, {
      timeoutMs: 10_000,
      describe: `slow is under way after ${cuts} cuts`,
    });
    await cut(clusters);
    cuts++;
    await queue.enqueue(payloadOf(fast));
    await isApplied(fast);
  }
  await isApplied("slow");
  expect([attempts.length >= 3, Math.max(...attempts)]).toEqual([true, 0]);
}, 20_000);
