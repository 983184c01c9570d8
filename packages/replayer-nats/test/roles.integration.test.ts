import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNatsEnqueuer, connectNatsReplayer, ensureTopology } from "../src/index.ts";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

/** Exactly what the README says that each role needs, for the names of `helix-replay`. */
const STREAMS = ["helix-replay", "helix-replay-dead-letters", "KV_helix-replay-state"];
const LANES = ["high.A", "low.A", "high.B", "low.B"];
const ENQUEUE = { publish: LANES.map((lane) => `helix.replay.${lane}`), subscribe: ["_INBOX_app.>"] };
const WORK = {
  publish: [
    ...ENQUEUE.publish,
    ...LANES.map((lane) => `helix.replay.dead.${lane}.*.*`),
    "$KV.helix-replay-state.>",
    "$JS.ACK.helix-replay.>",
    "$JS.API.CONSUMER.MSG.NEXT.helix-replay.*",
    "$JS.API.CONSUMER.INFO.helix-replay.*",
    ...STREAMS.map((stream) => `$JS.API.STREAM.INFO.${stream}`),
    ...STREAMS.map((stream) => `$JS.API.STREAM.MSG.GET.${stream}`),
    "$JS.API.STREAM.MSG.DELETE.helix-replay",
    "$JS.API.STREAM.MSG.DELETE.helix-replay-dead-letters",
    "$JS.API.STREAM.PURGE.KV_helix-replay-state",
  ],
  subscribe: ["_INBOX_worker.>"],
};
const PULL = "$JS.API.CONSUMER.MSG.NEXT.helix-replay.*";
const READ = "$JS.API.STREAM.MSG.GET.KV_helix-replay-state";
const ADMIN = {
  publish: [
    ...STREAMS.flatMap((stream) => [`$JS.API.STREAM.INFO.${stream}`, `$JS.API.STREAM.CREATE.${stream}`]),
    "$JS.API.CONSUMER.INFO.helix-replay.*",
    "$JS.API.CONSUMER.CREATE.helix-replay.>",
  ],
  subscribe: ["_INBOX_admin.>"],
};

let server: NatsServer;
beforeAll(async () => {
  const user = (name: string, permissions: { publish: string[]; subscribe: string[] }) => ({
    user: name,
    password: "p",
    permissions,
  });
  server = await startNatsServer({
    config: {
      authorization: {
        users: [
          user("app", ENQUEUE),
          user("worker", WORK),
          user("admin", ADMIN),
          user("idle", {
            publish: WORK.publish.filter((subject) => subject !== PULL),
            subscribe: ["_INBOX_idle.>"],
          }),
          user("blind", {
            publish: WORK.publish.filter((subject) => subject !== READ),
            subscribe: ["_INBOX_blind.>"],
          }),
          user("mute", {
            publish: WORK.publish.filter((subject) => !subject.startsWith("$KV.")),
            subscribe: ["_INBOX_mute.>"],
          }),
          user("nobody", { publish: ["other"], subscribe: ["_INBOX_app.>"] }),
          user("deaf", { publish: ENQUEUE.publish, subscribe: ["other"] }),
        ],
      },
    },
  });
  await ensureTopology({ connect: as("admin") });
});
afterAll(() => server.stop());

function as(user: string, inbox = user) {
  return { servers: server.url, user, pass: "p", inboxPrefix: `_INBOX_${inbox}` };
}

describe("a user with the rights of", () => {
  it("an application enqueues, and can do nothing else", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("app") }));
    await queue.enqueue(payloadOf("from-app"));
    expect(await failureOf(ensureTopology({ connect: as("app") }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "publish",
      subject: "$JS.API.STREAM.INFO.helix-replay",
    });
    expect(await failureOf(connectNatsReplayer({ connect: as("app") }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
    });
  });

  it("a worker does all that a queue does, without a right to make anything", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(
      await connectNatsReplayer({ connect: as("worker"), provision: "none", logger: rig.logger }),
    );
    const receiver = new Receiver(queue, "low.A");
    await queue.enqueue(payloadOf("worker-1", { targetCluster: "A", priority: "low" }));
    await (await receiver.next()).release({ attempts: 1 });
    const message = await receiver.next();
    expect(message.attempts).toBe(1);
    await message.mark?.();
    message.extend();
    await message.deadLetter({ reason: "attempts" });
    expect(await queue.deadLetters.get("worker-1.0")).toMatchObject({ attempts: 1 });
    await queue.deadLetters.redrive("worker-1.0");
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    expect(await queue.deadLetters.list()).toHaveLength(1);
    await queue.deadLetters.discard("worker-1.1");
    await waitFor(async () => (await queue.depths())[1]?.inFlight === 0, {
      timeoutMs: 5000,
      describe: "everything is settled",
    });
    expect(await queue.recoverStuck()).toBe(0);
    expect(
      rig.log.filter(({ level }) => level === "warn" || level === "error").map(({ text }) => text),
    ).toEqual(["a dead letter was discarded"]);
  });
});

describe("without the rights", () => {
  it("to publish, an enqueue is refused at once and nothing is stored", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("nobody", "app") }));
    const before = performance.now();
    expect(await failureOf(queue.enqueue(payloadOf("nobody")))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "publish",
      stored: "no",
    });
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it("to publish, each of many enqueues at once is told that it is not stored", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("nobody", "app") }));
    const all = Array.from({ length: 1000 }, (_, n) => failureOf(queue.enqueue(payloadOf(`nobody-${n}`))));
    const told = new Set((await Promise.all(all)).map(({ code, stored }) => `${code} ${stored}`));
    expect([...told]).toEqual(["HELIX_QUEUE_UNAUTHORIZED no"]);
  });

  it("to hear the answer, an enqueue is refused at once and may be stored", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("deaf") }));
    expect(await failureOf(queue.enqueue(payloadOf("deaf")))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "receive the answer",
      stored: "maybe",
    });
  });

  it("to ask for messages, a worker says so, and is not ready", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(
      await connectNatsReplayer({ connect: as("idle"), provision: "none", logger: rig.logger }),
    );
    expect(queue.health.isReady).toBe(true);
    new Receiver(queue, "low.A").source.demand(1);
    await waitFor(() => !queue.health.isReady, { timeoutMs: 5000, describe: "the queue is not ready" });
    expect(queue.health.cause).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      subject: "$JS.API.CONSUMER.MSG.NEXT.helix-replay.helix-worker-low-A",
    });
    expect(rig.log.filter(({ level }) => level === "error").map(({ text }) => text)).toEqual([
      "the worker lacks a right that it cannot work without",
    ]);
  });

  it("to read records, a worker does not begin", async () => {
    expect(await failureOf(connectNatsReplayer({ connect: as("blind"), provision: "none" }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "publish",
      subject: READ,
    });
  });

  it("to write records, a worker executes nothing that comes again, says so, and is not ready", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(
      await connectNatsReplayer({ connect: as("mute"), provision: "none", logger: rig.logger }),
    );
    const receiver = new Receiver(queue, "high.A");
    await queue.enqueue(payloadOf("mute-1", { targetCluster: "A" }));
    await (await receiver.next()).release();
    const message = await receiver.next();
    await expect(message.mark?.()).rejects.toMatchObject({ kind: "forbidden" });
    expect(queue.health).toMatchObject({ isReady: false, cause: { code: "HELIX_QUEUE_UNAUTHORIZED" } });
    await message.ack();
  });

  it("to connect at all, the queue is not made", async () => {
    expect(await failureOf(connectNatsReplayer({ connect: { ...as("app"), pass: "wrong" } }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "connect",
    });
    expect(await failureOf(connectNatsEnqueuer({ connect: { servers: server.url } }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
    });
  });
});
