import { helixError, isHelixError } from "@helix/core";
import { reply, waitFor } from "@helix/testkit";
import { expect, test } from "vitest";
import { HelixClient } from "../src/index.ts";
import { errorOf, TwoClusters } from "./two-clusters.ts";

const INSERT = "INSERT INTO ks.t (id, v) VALUES (?, ?)";
const LONG_MS = 10_000;

/** Clusters of which B refuses every write, and a queue that is full until `makeRoom`. */
async function fullQueue(onQueueFull: object | "refuse", client: object = {}) {
  const clusters = await TwoClusters.connected({
    client: { onQueueFull, secondaryTimeoutMs: LONG_MS, ...client } as object,
    driver: { socketOptions: { readTimeout: LONG_MS } },
  });
  clusters.script.B = () => reply.error({ code: "unavailable", required: 2, alive: 1 });
  const full = helixError("HELIX_QUEUE_FULL", "full", { lane: "high.B", limit: "messages" });
  let room = 0;
  let tries = 0;
  clusters.replayer.refuse = () => {
    tries++;
    return room-- > 0 ? undefined : full;
  };
  return {
    clusters,
    full,
    write: (options = {}) => clusters.client.execute(INSERT, ["1", "a"], options),
    makeRoom: (messages: number) => {
      room = messages;
    },
    tries: () => tries,
    until: (what: string, condition: () => boolean) =>
      waitFor(condition, { timeoutMs: LONG_MS, describe: () => what }),
    [Symbol.asyncDispose]: () => clusters[Symbol.asyncDispose](),
  };
}

async function expectRefused(write: Promise<unknown>, cause: unknown): Promise<void> {
  const error = await errorOf(write);
  if (!isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")) throw error;
  expect(error.clusters.B).toMatchObject({ applied: "no", queued: "no" });
  expect(error.cause).toBe(cause);
}

test("a write whose queue is full is refused at once, where nothing else is said", async () => {
  await using queue = await fullQueue("refuse");
  await expectRefused(queue.write(), queue.full);
  expect(queue.tries()).toBe(1);
});

test("it waits for room where that is wanted, and is queued once", async () => {
  await using queue = await fullQueue({ waitMs: LONG_MS });
  const writes = [queue.write(), queue.write(), queue.write()];
  await queue.until("the first looks again", () => queue.tries() > 3);
  queue.makeRoom(1_000);
  expect((await Promise.all(writes)).map((result) => result.writes.B)).toEqual([
    "queued",
    "queued",
    "queued",
  ]);
  expect(queue.clusters.queued).toHaveLength(3);
});

test("it is refused with the queue's own error when there was no room in time", async () => {
  await using queue = await fullQueue({ waitMs: 120 });
  await expectRefused(queue.write(), queue.full);
  expect(queue.tries()).toBeGreaterThan(1);
});

test("one more than may wait is refused at once", async () => {
  await using queue = await fullQueue({ waitMs: LONG_MS, maxWaiting: 2 });
  const waiting = [queue.write(), queue.write()];
  await queue.until("both have asked", () => queue.tries() >= 1);
  const third = expectRefused(queue.write(), queue.full);
  await third;
  queue.makeRoom(1_000);
  await Promise.all(waiting);
});

test("a hundred that wait ask a full queue no more often than one, and all go in when it has room", async () => {
  await using queue = await fullQueue({ waitMs: LONG_MS });
  const first = queue.write();
  await queue.until("one waits", () => queue.tries() === 1);
  const others = Array.from({ length: 100 }, () => queue.write());
  await queue.until("some time has passed", () => queue.tries() >= 6);
  const before = performance.now();
  const tries = queue.tries();
  await queue.until("it has been asked five times more", () => queue.tries() >= tries + 5);
  expect(performance.now() - before).toBeGreaterThan(150);
  queue.makeRoom(1_000);
  const done = await Promise.all([first, ...others]);
  expect(done.every(({ writes }) => writes.B === "queued")).toBe(true);
  expect(queue.clusters.queued).toHaveLength(101);
});

test("the caller's signal ends the waiting for room", async () => {
  await using queue = await fullQueue({ waitMs: LONG_MS });
  const controller = new AbortController();
  const write = queue.write({ signal: controller.signal });
  await queue.until("it waits", () => queue.tries() >= 1);
  controller.abort();
  await expectRefused(write, queue.full);
});

test("close refuses what still waits after the time to drain, and leaves nothing", async () => {
  const queue = await fullQueue({ waitMs: 2 ** 31 - 1 }, { drainTimeoutMs: 50 });
  const refused = expectRefused(queue.write(), queue.full);
  await queue.until("it waits", () => queue.tries() >= 1);
  await queue.clusters.client.close();
  await refused;
  const tries = queue.tries();
  await queue.clusters[Symbol.asyncDispose]();
  expect(queue.tries()).toBe(tries);
});

test("what the queue says otherwise meanwhile, even nothing at all, is no success", async () => {
  for (const other of [new Error("connection lost"), undefined]) {
    await using queue = await fullQueue({ waitMs: LONG_MS });
    const write = queue.write();
    await queue.until("it waits", () => queue.tries() >= 1);
    queue.clusters.replayer.enqueue = () => Promise.reject(other);
    const error = await errorOf(write);
    if (!isHelixError(error, "HELIX_REPLAY_NOT_QUEUED")) throw error;
    expect(error.clusters.B?.queued).toBe("maybe");
  }
});

test.each([
  ["wait", 'to be "refuse", or an object'],
  [{}, "Expected `waitMs`"],
  [{ waitMs: 0 }, "Expected `waitMs`"],
  [{ waitMs: 1, maxWaiting: 0 }, "Expected `maxWaiting`"],
  [{ waitMs: 1, max: 1 }, "Unknown option `max` of `onQueueFull`"],
])("the option %j is refused by the constructor", (onQueueFull, message) => {
  const cluster = { contactPoints: ["127.0.0.1"], localDataCenter: "dc1" };
  const options = { clusters: { A: cluster, B: cluster }, onQueueFull: onQueueFull as "refuse" };
  expect(() => new HelixClient(options)).toThrow(message);
});
