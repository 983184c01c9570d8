import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer, withDeployedUsers } from "@helix/testkit/nats";
import { connect } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNatsEnqueuer, connectNatsReplayer, ensureTopology, natsPermissions } from "../src/index.ts";
import { failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

const ENQUEUE = natsPermissions("application");
const WORK = natsPermissions("worker");
const PULL = "$JS.API.CONSUMER.MSG.NEXT.helix-replay.helix-worker-low-A";
const COMPARE = "$JS.API.STREAM.MSG.GET.KV_helix-replay-clusters";
const READ = "$JS.API.STREAM.MSG.GET.KV_helix-replay-state";

let server: NatsServer;
beforeAll(async () => {
  const user = (name: string, permissions: ReturnType<typeof natsPermissions>) => ({
    user: name,
    password: "p",
    permissions,
  });
  server = await startNatsServer(
    withDeployedUsers(
      user("careless", WORK),
      user("spy", { publish: ["other"], subscribe: ["_INBOX.>"] }),
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
      user("uncompared", {
        publish: ENQUEUE.publish.filter((subject) => subject !== COMPARE),
        subscribe: ["_INBOX_uncompared.>"],
      }),
      user("nobody", { publish: ["other"], subscribe: ["_INBOX_nobody.>"] }),
      user("deaf", { publish: ENQUEUE.publish, subscribe: ["other"] }),
    ),
  );
  await ensureTopology({ connect: as("provisioner") });
});
afterAll(() => server.stop());

function as(user: string) {
  return { servers: server.url, user, pass: "p", inboxPrefix: `_INBOX_${user}` };
}

describe("a user with the rights of", () => {
  it("an application enqueues, and can do nothing else", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("application") }));
    await queue.enqueue(payloadOf("from-app"));
    expect(await failureOf(ensureTopology({ connect: as("application") }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "publish",
      subject: "$JS.API.STREAM.INFO.KV_helix-replay-state",
    });
    expect(await failureOf(connectNatsReplayer({ connect: as("application") }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
    });
  });

  it("a worker, which has an inbox of its own, is overheard by nobody who may listen to the usual ones", async () => {
    await using rig = new Rig(server);
    const { servers } = as("spy");
    const spy = rig.closing(await connect({ servers, user: "spy", pass: "p" }));
    const heard: string[] = [];
    spy.subscribe("_INBOX.>", {
      callback: (_, { data }) => void heard.push(Buffer.from(data).toString("latin1")),
    });
    await spy.flush();
    const row = (id: string) => payloadOf(id, { targetCluster: "A", priority: "low" });
    const heardOf = (id: string) => heard.some((text) => text.includes(id));
    const replay = async (user: string, id: string, inboxPrefix?: string) => {
      const connection = { ...as(user), ...(inboxPrefix && { inboxPrefix }) };
      await using queue = await connectNatsReplayer({ connect: connection, provision: "none" });
      const receiver = new Receiver(queue, "low.A");
      await queue.enqueue(row(id));
      await (await receiver.next()).ack();
    };
    await replay("worker", "in-private");
    await replay("careless", "in-public", "_INBOX");
    await waitFor(() => heardOf("in-public"), { timeoutMs: 5000, describe: "the row is heard" });
    expect(heardOf("in-private")).toBe(false);
  });
});

describe("without the rights", () => {
  it("to publish, an enqueue is refused at once and nothing is stored", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("nobody") }));
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
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("nobody") }));
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

  it("to read which clusters the queue is for, an application enqueues uncompared, and says so once", async () => {
    await using rig = new Rig(server);
    const queue = rig.closing(await connectNatsEnqueuer({ connect: as("uncompared"), logger: rig.logger }));
    const found = { dataCenters: ["dc1"], hosts: ["host-a"] };
    for (let n = 0; n < 2; n++) expect(await queue.identities?.claim("A", found)).toBe("unknown");
    await queue.enqueue(payloadOf("uncompared"));
    expect(rig.log.filter(({ level }) => level === "warn").map(({ text }) => text)).toEqual([
      "no right to read which clusters the queue is for: they are not compared",
    ]);
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
    expect(
      await failureOf(connectNatsReplayer({ connect: { ...as("application"), pass: "wrong" } })),
    ).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
      operation: "connect",
    });
    expect(await failureOf(connectNatsEnqueuer({ connect: { servers: server.url } }))).toMatchObject({
      code: "HELIX_QUEUE_UNAUTHORIZED",
    });
  });
});
