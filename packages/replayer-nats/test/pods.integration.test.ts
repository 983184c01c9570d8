import { createPayload, type ExecuteFunc, type ReplayQueue } from "@helix/core";
import { Heartbeat, setRate, status } from "@helix/operations";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { ReplayWorker } from "@helix/worker";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { connectNatsControl, connectNatsEnqueuer, connectNatsReplayer } from "../src/index.ts";

const ANNA = { by: "anna", why: "B is slow" };

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  onTestFinished(async () => void (await one.close()));
  return one;
}

async function startPod(connect: { servers: string }, host: string, execute: ExecuteFunc) {
  const queue = closing(await connectNatsReplayer({ connect, maxBytes: 2 ** 26 }));
  const worker = new ReplayWorker({ queue, executor: execute });
  const { control } = queue;
  const heartbeat = new Heartbeat({ control, queue, worker, host, version: "1.2.3", intervalMs: 1000 });
  heartbeat.start();
  await heartbeat.ratesKnown();
  await worker.start();
  const stop = async () => {
    await heartbeat.stop();
    await worker.stop();
  };
  onTestFinished(stop);
  return { queue, worker, stop };
}

async function fill(connect: { servers: string }, count: number): Promise<void> {
  const app = closing(await connectNatsEnqueuer({ connect }));
  const operation = { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [1] } as const;
  const write = () => app.enqueue(createPayload({ targetCluster: "B", operation, timestampMicros: 1n }));
  await Promise.all(Array.from({ length: count }, write));
}

test("two pods obey a rate in sum, and a status that an operator asks for knows them, their share and what they do", async ({
  annotate,
}) => {
  const connect = { servers: server.url };
  const executed: string[] = [];
  const start = (host: string) => startPod(connect, host, async () => void executed.push(host));
  const pods = [await start("pod-1"), await start("pod-2")];
  const control = closing(await connectNatsControl({ connect }));
  const queue = pods[0]?.queue as ReplayQueue;
  const operated = { queue, control };
  await setRate(operated, "B", { ...ANNA, perSecond: 50 });
  const shares = () => pods.map(({ worker }) => worker.figures().clusters.B.perSecond);
  await waitFor(() => shares().every((share) => share === 25), {
    timeoutMs: 10_000,
    describe: () => `each has its half; it has ${shares()}`,
  });
  const startMs = performance.now();
  await fill(connect, 150);
  await waitFor(() => executed.length === 150, { timeoutMs: 30_000, describe: "all are executed" });
  const seconds = (performance.now() - startMs) / 1000;
  await annotate(
    `150 in ${seconds.toFixed(1)} s, ${executed.filter((host) => host === "pod-1").length} by the first`,
  );
  // Each may begin with a tenth of a second's worth.
  expect(seconds).toBeGreaterThan((150 - 2 * 3) / 50);
  expect(new Set(executed)).toEqual(new Set(["pod-1", "pod-2"]));

  const told = await waitFor(
    async () => {
      const now = await status(operated);
      const applied = now.pods.reduce((sum, { lanes }) => sum + lanes["high.B"].applied, 0);
      return applied === 150 && now.clusters.B.depth === 0 && now;
    },
    { timeoutMs: 10_000, describe: "the pods have said what they did" },
  );
  expect(
    told.pods.map(({ host, isAlive, clusters }) => [host, isAlive, clusters.B.perSecond]).sort(),
  ).toEqual([
    ["pod-1", true, 25],
    ["pod-2", true, 25],
  ]);
  expect([told.unread, told.warnings, told.clusters.B.breaker.pods]).toEqual([[], [], 2]);
  expect(told.clusters.B.sentence).toMatch(
    /^B: (open|replaying [\d.]+\/s); at most 50\/s by anna, B is slow; nothing waits$/,
  );
  await pods[1]?.stop();
  expect((await status(operated)).pods.map(({ host }) => host)).toEqual(["pod-1"]);
  await waitFor(() => shares()[0] === 50, { timeoutMs: 10_000, describe: "the other has all of it" });
});

test("the room of a queue is told by its limits on the server", async () => {
  const names = { streamName: "narrow", subjectPrefix: "narrow.replay" };
  const connect = { servers: server.url };
  const queue = closing(
    await connectNatsReplayer({ connect, ...names, maxMsgs: 100, maxBytes: 2 ** 24, maxDeadLetters: 10 }),
  );
  const operation = { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [1] } as const;
  for (let n = 0; n < 40; n++) {
    await queue.enqueue(
      createPayload({ targetCluster: "B", priority: "low", operation, timestampMicros: 1n }),
    );
  }
  const room = await queue.room();
  expect(room).toContainEqual({
    of: "lanes",
    lanes: ["low.B"],
    unit: "messages",
    used: 40,
    messages: 40,
    capacity: 50,
  });
  expect(room.map(({ of, unit, lanes, capacity }) => [of, unit, lanes.length, capacity])).toEqual([
    ...Array(4).fill(["lanes", "messages", 1, 50]),
    ["lanes", "messages", 4, 100],
    ["lanes", "bytes", 4, 2 ** 24],
    ["dead-letters", "messages", 4, 10],
    ["dead-letters", "bytes", 4, 2 ** 24],
  ]);
  const { warnings } = await status({ queue, control: queue.control });
  expect(warnings.map(({ code, lane }) => [code, lane])).toEqual([
    ["lanes-nearly-full", "low.B"],
    ["nobody-replays", undefined],
  ]);
});
