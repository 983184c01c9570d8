import { startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf, failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ killable: true });
});
afterAll(() => server.stop());

describe("connectNatsEnqueuer", () => {
  it("resolves when the stream has the message, with headers that an operator can read", async () => {
    await using rig = new Rig(server);
    await rig.replayer();
    const queue = await rig.enqueuer();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await queue.enqueue(payloadOf("one", { priority: "low", targetCluster: "A", traceparent }));
    const { api } = await rig.api();
    const stored = await api.streams.getMessage(rig.streamName, { seq: 1 });
    expect(stored?.subject).toBe(`${rig.subjectPrefix}.low.A`);
    expect(
      Object.fromEntries([...(stored?.header ?? [])].map(([name, values]) => [name, values[0]])),
    ).toEqual({
      "Nats-Msg-Id": "one.0",
      "Nats-Expected-Stream": rig.streamName,
      "Helix-Format": "1",
      "Helix-Table": "ks.t",
      traceparent,
    });
  });

  it("creates nothing, and says that no stream takes the message when none does", async () => {
    await using rig = new Rig(server);
    const queue = await rig.enqueuer({ enqueueTimeoutMs: 300 });
    const error = await failureOf(queue.enqueue(payloadOf("one")));
    expect(error).toMatchObject({ code: "HELIX_QUEUE_UNAVAILABLE", stored: "no" });
    expect(error.message).toContain(rig.streamName);
    const { api } = await rig.api();
    const names = await api.streams.names().next();
    expect(names.some((name) => name.includes(rig.streamName))).toBe(false);
  });

  it("refuses a payload that was enqueued before", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await queue.enqueue(payloadOf("one"));
    expect(await failureOf(queue.enqueue(payloadOf("one")))).toMatchObject({
      code: "HELIX_PAYLOAD_DUPLICATE",
      id: "one",
      life: 0,
    });
    await queue.enqueue(payloadOf("one", { life: 1 }));
    expect((await queue.depths())[2]?.pending).toBe(2);
  });

  it("publishes again with the same id after an answer that was lost, and stores it once", async () => {
    await using rig = new Rig(server);
    await rig.replayer();
    await using proxy = await startFaultProxy({ target: addressOf(server) });
    const connect = { servers: `127.0.0.1:${proxy.port}` };
    const queue = await rig.enqueuer({ connect, publishTimeoutMs: 300 });
    await queue.enqueue(payloadOf("first"));
    await proxy.set("half-open");
    const enqueued = queue.enqueue(payloadOf("second"));
    const { api } = await rig.api();
    const stored = async () => (await api.streams.info(rig.streamName)).state.messages;
    await waitFor(async () => (await stored()) === 2, { timeoutMs: 5000, describe: "the message is stored" });
    await proxy.set("refuse");
    await proxy.set("pass");
    await enqueued;
    expect(await stored()).toBe(2);
  });

  it("fails at once while there is no connection, and works again when there is", async () => {
    await using rig = new Rig(server);
    await rig.replayer();
    await using proxy = await startFaultProxy({ target: addressOf(server) });
    const queue = await rig.enqueuer({ connect: { servers: `127.0.0.1:${proxy.port}` } });
    await queue.enqueue(payloadOf("one"));
    await proxy.set("refuse");
    await waitFor(() => rig.log.some(({ text }) => text === "disconnected from NATS"), {
      timeoutMs: 5000,
      describe: "the loss of the connection is noticed",
    });
    const before = performance.now();
    expect(await failureOf(queue.enqueue(payloadOf("two")))).toMatchObject({
      code: "HELIX_QUEUE_UNAVAILABLE",
      stored: "no",
    });
    expect(performance.now() - before).toBeLessThan(100);
    await proxy.set("pass");
    let tries = 0;
    await waitFor(() => queue.enqueue(payloadOf(`again-${tries++}`)).then(() => true), {
      timeoutMs: 10_000,
      describe: "it is connected again",
    });
  });

  it("connects again, and stores what it says it has stored, with a logger that throws", async () => {
    await using rig = new Rig(server);
    await using proxy = await startFaultProxy({ target: addressOf(server) });
    let lines = 0;
    const fail = () => {
      lines++;
      throw new Error("the log's disk is full");
    };
    const logger = { debug: fail, info: fail, warn: fail, error: fail };
    const connect = { servers: `127.0.0.1:${proxy.port}` };
    const queue = await rig.replayer({ connect, logger });
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("one"));
    await proxy.set("refuse");
    const until = (isConnected: boolean) =>
      waitFor(() => queue.health.isConnected === isConnected, {
        timeoutMs: 10_000,
        describe: "the connection",
      });
    await until(false);
    await proxy.set("pass");
    await until(true);
    await queue.enqueue(payloadOf("two"));
    expect([idOf(await receiver.next()), idOf(await receiver.next())]).toEqual(["one", "two"]);
    expect(lines).toBeGreaterThan(2);
  });

  it("says of a payload whose answer never came that it may be stored", async () => {
    await using rig = new Rig(server);
    await rig.replayer();
    await using proxy = await startFaultProxy({ target: addressOf(server) });
    const connect = { servers: `127.0.0.1:${proxy.port}` };
    const queue = await rig.enqueuer({ connect, publishTimeoutMs: 200, enqueueTimeoutMs: 500 });
    await proxy.set("half-open");
    expect(await failureOf(queue.enqueue(payloadOf("one")))).toMatchObject({
      code: "HELIX_QUEUE_TIMEOUT",
      timeoutMs: 500,
      stored: "maybe",
    });
  });

  it("tells of all that was stored while the process was frozen for longer than all its timeouts", async () => {
    await using rig = new Rig(server);
    const watcher = await rig.replayer();
    const queue = await rig.enqueuer({ publishTimeoutMs: 100, enqueueTimeoutMs: 100 });
    const all = Array.from({ length: 50 }, (_, n) => queue.enqueue(payloadOf(`p${n}`)));
    await Promise.resolve();
    const lock = new Int32Array(new SharedArrayBuffer(4));
    expect(Atomics.wait(lock, 0, 0, 1500)).toBe("timed-out");
    const told = await Promise.allSettled(all);
    expect(told.filter(({ status }) => status === "rejected")).toEqual([]);
    expect((await watcher.depths())[2]?.pending).toBe(50);
  });

  it("starts without a server, and works as soon as there is one", async () => {
    const late = await startNatsServer({ killable: true });
    await late.kill();
    try {
      await using rig = new Rig(late);
      const queue = await rig.replayer();
      expect(queue.health).toMatchObject({ isReady: false, isConnected: false });
      expect(await failureOf(queue.enqueue(payloadOf("one")))).toMatchObject({
        code: "HELIX_QUEUE_UNAVAILABLE",
      });
      await late.start();
      await waitFor(() => queue.health.isReady, { timeoutMs: 20_000, describe: "the queue is ready" });
      await queue.enqueue(payloadOf("one"));
      expect((await queue.depths())[2]?.pending).toBe(1);
    } finally {
      await late.stop();
    }
  });

  it("refuses what is more than the stream takes, by number, and leaves the other cluster its half", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxMsgs: 6 });
    for (const id of ["1", "2", "3"]) await queue.enqueue(payloadOf(id));
    expect(await failureOf(queue.enqueue(payloadOf("4")))).toMatchObject({
      code: "HELIX_QUEUE_FULL",
      lane: "high.B",
      limit: "messages",
    });
    for (const id of ["5", "6", "7"]) await queue.enqueue(payloadOf(id, { targetCluster: "A" }));
    expect(await failureOf(queue.enqueue(payloadOf("8", { priority: "low" })))).toMatchObject({
      code: "HELIX_QUEUE_FULL",
      lane: "low.B",
    });
    expect((await queue.depths()).map(({ pending }) => pending)).toEqual([3, 0, 3, 0]);
  });

  it("refuses what is more than the stream takes, by bytes", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxBytes: 1024 });
    const error = await failureOf(
      (async () => {
        for (let n = 0; n < 20; n++) await queue.enqueue(payloadOf(`p${n}`));
      })(),
    );
    expect(error).toMatchObject({ code: "HELIX_QUEUE_FULL", lane: "high.B", limit: "bytes" });
  });

  it("refuses a payload that leaves no room for its dead letter, before it is sent", async () => {
    const small = await startNatsServer({ config: { max_payload: 65_536 } });
    try {
      await using rig = new Rig(small);
      const queue = await rig.replayer();
      const of = (bytes: number) =>
        payloadOf(`p${bytes}`, {
          operation: {
            kind: "statement",
            query: "INSERT INTO t (a) VALUES (?)",
            params: ["x".repeat(bytes)],
          },
        });
      expect(await failureOf(queue.enqueue(of(49_152)))).toMatchObject({
        code: "HELIX_PAYLOAD_TOO_LARGE",
        maxPayloadBytes: 49_152,
      });
      await queue.enqueue(of(48_000));
    } finally {
      await small.stop();
    }
  });

  it("bounds what is under way and what waits, and refuses the rest at once", async () => {
    await using rig = new Rig(server);
    await rig.replayer();
    const queue = await rig.enqueuer({ maxInFlight: 2, maxWaiting: 3 });
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, n) => queue.enqueue(payloadOf(`p${n}`))),
    );
    expect(results.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => "fulfilled"),
      ...Array.from({ length: 3 }, () => "rejected"),
    ]);
    expect(results[7]).toMatchObject({
      reason: { code: "HELIX_QUEUE_OVERLOADED", stored: "no", waiting: 3 },
    });
  });

  it("waits for what is under way when it is closed, and refuses what comes after", async () => {
    await using rig = new Rig(server);
    const watcher = await rig.replayer();
    const queue = await rig.enqueuer();
    const all = Array.from({ length: 1000 }, (_, n) => queue.enqueue(payloadOf(`p${n}`)));
    const closed = queue.close();
    expect(await failureOf(queue.enqueue(payloadOf("late")))).toMatchObject({ code: "HELIX_QUEUE_CLOSED" });
    await Promise.all([...all, closed, queue.close()]);
    expect((await watcher.depths())[2]?.pending).toBe(1000);
  });

  it("leaves a connection open that was passed in", async () => {
    await using rig = new Rig(server);
    const { connection } = await rig.api();
    const queue = await rig.replayer({ connect: undefined, connection });
    await queue.enqueue(payloadOf("one"));
    await queue.close();
    expect(connection.isClosed()).toBe(false);
    await connection.flush();
  });
});
