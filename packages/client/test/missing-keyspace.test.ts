import { createPayload } from "@helix/core";
import { MemoryReplayer } from "@helix/replayer-memory";
import { waitFor } from "@helix/testkit";
import { ReplayWorker } from "@helix/worker";
import { expect, test } from "vitest";
import { TwoClusters } from "./two-clusters.ts";

const payloadFor = (keyspace: string, id: string) =>
  createPayload({
    targetCluster: "B",
    keyspace,
    operation: { kind: "statement", query: "INSERT INTO t (id) VALUES (?)", params: [id] },
    timestampMicros: 1n,
  });

test("messages for a keyspace that a cluster lacks hold up nothing, cost nothing, and are applied once it is there", async () => {
  await using clusters = await TwoClusters.connected({
    driver: { socketOptions: { readTimeout: 10_000, connectTimeout: 10_000 } },
  });
  const queue = new MemoryReplayer();
  const applied: unknown[] = [];
  const attempts: number[] = [];
  let opened = 0;
  await using worker = new ReplayWorker({
    queue,
    executor: clusters.client.replayExecutor(),
    maxDeliver: 1,
    retryDelayMs: 10,
    maxRetryDelayMs: 200,
    onSuccess: ({ payload }) => applied.push(payload.keyspace),
    onError: (failed) => attempts.push(failed.attempts),
  });
  worker.on("cluster:breaker:opened", () => opened++);
  await worker.start();
  for (let n = 0; n < 20; n++) await queue.enqueue(payloadFor("gone", `lacking${n}`));
  await waitFor(() => attempts.length > 100, {
    timeoutMs: 10_000,
    describe: "each has failed several times",
  });
  for (let n = 0; n < 500; n++) await queue.enqueue(payloadFor("shop", `good${n}`));
  await waitFor(() => applied.length === 500, { timeoutMs: 10_000, describe: "the good ones are applied" });
  expect([applied.includes("gone"), opened, Math.max(...attempts)]).toEqual([false, 0, 0]);
  clusters.servers.B.schema.set("gone.t", { columns: { id: "text" } });
  await waitFor(() => applied.length === 520, {
    timeoutMs: 10_000,
    describe: "the others are applied as well",
  });
  expect([opened, queue.counts().B.deadLettered]).toEqual([0, 0]);
}, 30_000);
