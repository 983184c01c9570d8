import { LANES, silentLogger } from "@helix/core";
import { startFaultProxy, waitFor } from "@helix/testkit";
import { goStreamRequests, type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectNatsReplayer, ensureTopology } from "../src/index.ts";
import { addressOf, failureOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ killable: true });
});
afterAll(() => server.stop());

describe("ensureTopology", () => {
  it("makes six streams and four consumers, and nothing the second time", async () => {
    await using rig = new Rig(server);
    const { created } = await ensureTopology(rig.options);
    expect(created).toEqual([
      `stream KV_${rig.streamName}-state`,
      `stream KV_${rig.streamName}-clusters`,
      `stream KV_${rig.streamName}-control`,
      `stream ${rig.streamName}-dead-letters`,
      `stream ${rig.streamName}-trash`,
      `stream ${rig.streamName}`,
      "consumer helix-worker-high-A",
      "consumer helix-worker-low-A",
      "consumer helix-worker-high-B",
      "consumer helix-worker-low-B",
    ]);
    expect(await ensureTopology(rig.options)).toEqual({ created: [], updated: [] });
  });

  it("makes the same where NATS is away when it begins", async () => {
    await using rig = new Rig(server);
    await using proxy = await startFaultProxy({ target: addressOf(server) });
    await proxy.set("refuse");
    const making = ensureTopology({ ...rig.options, connect: { servers: `127.0.0.1:${proxy.port}` } });
    await waitFor(() => rig.log.some(({ text }) => text.startsWith("NATS is not there yet")), {
      timeoutMs: 10_000,
      describe: "it is away",
    });
    await proxy.set("pass");
    expect((await making).created).toHaveLength(10);
    expect(await ensureTopology(rig.options)).toEqual({ created: [], updated: [] });
  });

  it("never lets the server delete or evict a message by itself", async () => {
    await using rig = new Rig(server);
    await ensureTopology({ ...rig.options, maxMsgs: 100, maxBytes: 1_000_000 });
    const { api } = await rig.api();
    const { config } = await api.streams.info(rig.streamName);
    expect(config).toMatchObject({
      retention: "workqueue",
      discard: "new",
      discard_new_per_subject: true,
      max_age: 0,
      max_msgs: 100,
      max_msgs_per_subject: 50,
      max_bytes: 1_000_000,
    });
    const { config: consumer } = await api.consumers.info(rig.streamName, "helix-worker-high-A");
    expect(consumer).toMatchObject({ max_deliver: -1, max_ack_pending: 101_000, ack_wait: 30_000_000_000 });
    expect((await api.streams.info(`${rig.streamName}-dead-letters`)).config.max_age).toBe(0);
  });

  it("names the stream and the subjects that the server refuses, as where one prefix lies within another's, and makes nothing", async () => {
    await using rig = new Rig(server);
    await ensureTopology(rig.options);
    const within = {
      streamName: `${rig.streamName}-other`,
      subjectPrefix: `${rig.subjectPrefix}.dead.high.A`,
    };
    expect(await failureOf(ensureTopology({ ...rig.options, ...within }))).toMatchObject({
      code: "HELIX_QUEUE_REFUSED",
      message: expect.stringMatching(
        `stream ${within.streamName}, .*${within.subjectPrefix}\\.high\\.B.* overlap`,
      ),
    });
    const { api } = await rig.api();
    expect(await failureOf(api.streams.info(`KV_${within.streamName}-state`))).toMatchObject({ code: 10059 });
  });

  it("settles when eight pods start at once", async () => {
    await using rig = new Rig(server);
    const all = await Promise.all(Array.from({ length: 8 }, () => connectNatsReplayer(rig.options)));
    for (const one of all) rig.closing(one);
    expect(all.every(({ health }) => health.isReady)).toBe(true);
    const { api } = await rig.api();
    const consumers = await api.consumers.list(rig.streamName).next();
    expect(consumers.map(({ name }) => name).sort()).toEqual(
      LANES.map((lane) => `helix-worker-${lane.replace(".", "-")}`).sort(),
    );
  });

  it("names each field that differs with both values, and changes nothing", async () => {
    await using rig = new Rig(server);
    await ensureTopology({ ...rig.options, maxMsgs: 100, ackWaitMs: 20_000 });
    const error = await failureOf(ensureTopology({ ...rig.options, maxMsgs: 200, ackWaitMs: 20_000 }));
    expect(error).toMatchObject({
      code: "HELIX_TOPOLOGY_DRIFT",
      differences: [
        { object: `stream ${rig.streamName}`, field: "max_msgs", expected: 200, actual: 100 },
        { object: `stream ${rig.streamName}`, field: "max_msgs_per_subject", expected: 100, actual: 50 },
      ],
    });
    expect(error.message).toContain("`max_msgs` is 100, expected 200");
    const { api } = await rig.api();
    expect((await api.streams.info(rig.streamName)).config.max_msgs).toBe(100);
    expect(await failureOf(connectNatsReplayer({ ...rig.options, maxMsgs: 100 }))).toMatchObject({
      message: expect.stringContaining("`ack_wait` is 20000 ms, expected 30000 ms"),
      differences: LANES.map((lane) => ({
        object: `consumer helix-worker-${lane.replace(".", "-")}`,
        field: "ack_wait",
      })),
    });
  });

  it("changes what differs when it is told to", async () => {
    await using rig = new Rig(server);
    await ensureTopology(rig.options);
    const wanted = { ...rig.options, maxMsgs: 500, ackWaitMs: 5000, provision: "update" } as const;
    expect((await ensureTopology(wanted)).updated).toHaveLength(5);
    expect(await ensureTopology({ ...wanted, provision: "create" })).toEqual({ created: [], updated: [] });
  });

  it("lowers no limit of a stream that holds messages, since the server would delete them", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await Promise.all(Array.from({ length: 500 }, (_, n) => queue.enqueue(payloadOf(`p${n}`))));
    const { api } = await rig.api();
    const stored = async () => (await api.streams.info(rig.streamName)).state.messages;
    const before = { maxBytes: 2 ** 26, provision: "update" } as const;
    for (const lowered of [{ maxMsgs: 100 }, { maxBytes: 4096 }, { maxMsgs: 999_998 }]) {
      const error = await failureOf(ensureTopology({ ...rig.options, ...before, ...lowered }));
      expect(error).toMatchObject({ code: "HELIX_TOPOLOGY_DRIFT" });
      expect(error.message).toContain("the server would delete what is beyond it");
      expect(await stored()).toBe(500);
    }
    await ensureTopology({ ...rig.options, ...before, maxMsgs: 2_000_000 });
    await api.streams.purge(rig.streamName);
    await ensureTopology({ ...rig.options, ...before, maxMsgs: 100 });
    expect((await api.streams.info(rig.streamName)).config.max_msgs).toBe(100);
  });

  it("says at once what the server will always refuse", async () => {
    await using rig = new Rig(server);
    expect(await failureOf(connectNatsReplayer({ ...rig.options, replicas: 3 }))).toMatchObject({
      code: "HELIX_QUEUE_REFUSED",
      errorCode: 10_074,
    });
    await ensureTopology(rig.options);
    const other = { ...rig.options, streamName: `${rig.streamName}-other` };
    expect(await failureOf(ensureTopology(other))).toMatchObject({
      code: "HELIX_QUEUE_REFUSED",
      errorCode: 10_065,
    });
  });

  it("says that it is ready again, when somebody has made what was missing", async () => {
    await using rig = new Rig(server);
    const options = { ...rig.options, maxBytes: 2 ** 26, logger: silentLogger };
    await ensureTopology(options);
    const queue = await rig.replayer({ provision: "none" });
    const { api } = await rig.api();
    await api.consumers.delete(rig.streamName, "helix-worker-high-B");
    const receiver = new Receiver(queue);
    receiver.source.demand(1);
    await waitFor(() => rig.log.at(-1)?.text === "the queue is not ready; it is looked at again", {
      timeoutMs: 10_000,
      describe: () => `it is not ready; it said ${JSON.stringify(rig.log)}`,
    });
    await ensureTopology(options);
    await waitFor(() => queue.health.isReady && rig.log.at(-1)?.text === "the queue is ready", {
      timeoutMs: 10_000,
      describe: () => `it is ready; it said ${JSON.stringify(rig.log)}`,
    });
    await receiver.source.stop();
  });

  it("names what is missing when it is told to make nothing", async () => {
    await using rig = new Rig(server);
    expect(await failureOf(connectNatsReplayer({ ...rig.options, provision: "none" }))).toMatchObject({
      code: "HELIX_TOPOLOGY_MISSING",
      missing: [
        `stream KV_${rig.streamName}-state`,
        `stream KV_${rig.streamName}-clusters`,
        `stream KV_${rig.streamName}-control`,
        `stream ${rig.streamName}-dead-letters`,
        `stream ${rig.streamName}`,
      ],
    });
    await ensureTopology(rig.options);
    const { api } = await rig.api();
    await api.consumers.delete(rig.streamName, "helix-worker-low-B");
    expect(await failureOf(connectNatsReplayer({ ...rig.options, provision: "none" }))).toMatchObject({
      missing: ["consumer helix-worker-low-B"],
    });
  });

  it("is locked against the update with which a process of the Go library begins", async () => {
    await using rig = new Rig(server);
    await ensureTopology(rig.options);
    const { connection, api } = await rig.api();
    const [{ body }] = goStreamRequests(rig);
    const subject = `$JS.API.STREAM.UPDATE.${rig.streamName}`;
    const answer = await connection.request(subject, JSON.stringify(body));
    expect(answer.json()).toMatchObject({ error: { err_code: 10052 } });
    expect((await api.streams.info(rig.streamName)).config.discard).toBe("new");
  });

  it("recognises a stream that the Go library made, leaves it alone, and says what to do", async () => {
    await using rig = new Rig(server);
    await makeGoStream(rig);
    for (const provision of ["create", "update"] as const) {
      const error = await failureOf(connectNatsReplayer({ ...rig.options, provision }));
      expect(error).toMatchObject({ code: "HELIX_TOPOLOGY_DRIFT" });
      expect(error.message).toContain("`adoptGoStream`");
    }
    const { api } = await rig.api();
    expect((await api.streams.info(rig.streamName)).config.discard).toBe("old");
  });

  it("drains a stream that the Go library made, without changing it", async () => {
    await using rig = new Rig(server);
    await makeGoStream(rig);
    const { connection, api } = await rig.api();
    const before = JSON.stringify((await api.streams.info(rig.streamName)).config);
    // As `arloliu/helix` encodes it: no id, no headers.
    const body = Buffer.from(
      "88ae7461726765745f636c7573746572a142a57175657279a944454c455445207831a461726773" +
        "c0a974696d657374616d7001a87072696f7269747900a869735f6261746368c2aa62617463685f7479706500b062617463685f73746174656d656e747390",
      "hex",
    );
    connection.publish(`${rig.subjectPrefix}.high.B`, body);
    await connection.flush();
    const queue = await rig.replayer({ adoptGoStream: true });
    const receiver = new Receiver(queue);
    const message = await receiver.next();
    expect(message.content).toMatchObject({
      ok: true,
      payload: { targetCluster: "B", life: 0, operation: { query: "DELETE x1", params: [] } },
    });
    await message.deadLetter({ reason: "rejected" });
    expect((await queue.deadLetters.list())[0]?.content.ok).toBe(true);
    await queue.close();
    const { config, state } = await api.streams.info(rig.streamName);
    expect([JSON.stringify(config), state.messages]).toEqual([before, 0]);
  });

  it("refuses a server that loses messages", async () => {
    const { checkServer } = await import("../src/connection/server-version.ts");
    const check = (version: string | undefined, allowOldServer = false) =>
      checkServer(version, { allowOldServer, logger: undefined });
    for (const version of ["2.9.10", "2.10.26", "1.99.99", "later", undefined]) {
      expect(() => check(version)).toThrow(/must be 2\.10\.27 or later/);
      expect(() => check(version, true)).not.toThrow();
    }
    for (const version of ["2.10.27", "2.10.27-RC.1", "2.12.8", "v2.15.1", "3.0.0"]) {
      expect(() => check(version)).not.toThrow();
    }
  });
});

describe("options", () => {
  it.each([
    [{ streamName: "a b" }, "`streamName`"],
    [{ streamName: "a.b" }, "`streamName`"],
    [{ subjectPrefix: "helix.*" }, "`subjectPrefix`"],
    [{ subjectPrefix: ".helix" }, "`subjectPrefix`"],
    [{ replicas: 2 }, "1, 3 or 5"],
    [{ ackWaitMs: 10 }, "`ackWaitMs`"],
    [{ maxMsgs: 0 }, "`maxMsgs`"],
    [{ provision: "maybe" }, "`provision`"],
    [{ maxmsgs: 1 }, "Unknown option `maxmsgs`"],
    [{ connect: { servers: [] } }, "`servers`"],
    [{ connect: { servers: "x", pass: "secret" } }, "`user`"],
    [{ connect: { servers: "x", user: "u", token: "t" } }, "got several"],
    [{ connect: { servers: "x", credsFile: "/nowhere" } }, "`credsFile`"],
    [{ connect: { servers: "x", users: "u" } }, "Unknown option `users`"],
    [{ connect: undefined }, "exactly one of `connection` and `connect`"],
    [{ connection: { publish: 1 } }, "`connection`"],
    [{ logger: {} }, "`logger`"],
  ])("%j is refused before anything is tried", async (options, text) => {
    const given = { connect: { servers: "127.0.0.1:1" }, ...options } as never;
    const error = await failureOf(connectNatsReplayer(given));
    expect(error.constructor.name).toMatch(/TypeError|RangeError/);
    expect(error.message).toContain(text);
    expect(error.message).not.toContain("secret");
  });

  it("works with all of them at once", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({
      connect: { servers: [server.url], name: "test" },
      maxMsgs: 10,
      replicas: 1,
      highPriorityRatio: 3,
      strictPriority: true,
    });
    await queue.enqueue(payloadOf("one"));
    expect(queue.traits).toEqual({
      leaseMs: 30_000,
      maxDemand: 10_000,
      retentionMs: 86_400_000,
      scheduling: { highPriorityRatio: 3, strictPriority: true },
    });
  });
});

async function makeGoStream(rig: Rig): Promise<void> {
  const { connection } = await rig.api();
  for (const { subject, body } of goStreamRequests(rig)) {
    expect((await connection.request(subject, JSON.stringify(body))).json()).not.toHaveProperty("error");
  }
}
