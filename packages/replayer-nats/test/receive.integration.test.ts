import { systemClock } from "@helix/core";
import { startFaultProxy, waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTopology, type NatsReplayer } from "../src/index.ts";
import { addressOf, failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer({ killable: true });
});
afterAll(() => server.stop());

async function fill(queue: { enqueue(payload: ReturnType<typeof payloadOf>): Promise<void> }, count: number) {
  const ids = Array.from({ length: count }, (_, n) => `p${n}`);
  await Promise.all(ids.map((id) => queue.enqueue(payloadOf(id))));
  return ids;
}

/** Something that was deleted is there again: the second message is enqueued and received. */
async function receivesAfter(queue: NatsReplayer, receiver: Receiver): Promise<void> {
  await waitFor(() => queue.enqueue(payloadOf("after")).then(() => true), {
    timeoutMs: 20_000,
    describe: "it can be enqueued to",
  });
  await receiver.until(2, 20_000);
}

describe("a lane", () => {
  it("delivers what is demanded and not one more, in order", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const ids: string[] = [];
    for (let n = 0; n < 30; n++) {
      await queue.enqueue(payloadOf(`p${n}`));
      ids.push(`p${n}`);
    }
    const receiver = new Receiver(queue);
    receiver.source.demand(10);
    await receiver.until(10);
    expect((await queue.depths())[2]).toMatchObject({ pending: 20, inFlight: 10 });
    receiver.source.demand(20);
    await receiver.until(30);
    expect(receiver.ids).toEqual(ids);
  });

  it("delivers an arrival within milliseconds to one that waits", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    receiver.source.demand(1);
    await queue.enqueue(payloadOf("warm-up"));
    await receiver.until(1);
    const tookMs: number[] = [];
    for (let n = 0; n < 50; n++) {
      receiver.source.demand(1);
      const before = performance.now();
      const arrived = receiver.until(n + 2);
      await queue.enqueue(payloadOf(`p${n}`));
      await arrived;
      tookMs.push(performance.now() - before);
    }
    expect(tookMs.sort((a, b) => a - b)[25]).toBeLessThan(30);
  });

  it("takes back a demand: what is on its way goes to somebody else at once", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const other = await rig.replayer();
    const first = new Receiver(queue);
    first.source.demand(100);
    await waitFor(async () => (await waitingPulls(rig)) === 1, { timeoutMs: 5000, describe: "a pull waits" });
    first.source.demand(0);
    await fill(other, 50);
    const second = new Receiver(other);
    second.source.demand(50);
    await second.until(50, 5000);
    expect(first.received).toEqual([]);
  });

  it("hands back to somebody else, and not to its own open pulls, when the queue closes", async () => {
    await using rig = new Rig(server);
    const other = await rig.replayer();
    const ids = await fill(other, 20);
    // Whether it was lost between two answers of the server was a matter of chance, every second time.
    for (let round = 0; round < 10; round++) {
      const queue = await rig.replayer();
      const held = new Receiver(queue);
      held.source.demand(100);
      await held.until(20, 5000);
      expect(held.ids.toSorted()).toEqual(ids.toSorted());
      const stopped = held.source.stop();
      for (const message of held.received) await message.release();
      await stopped;
      await queue.close();
    }
  });

  it("lowers a demand without delivering more than that", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    receiver.source.demand(100);
    await waitFor(async () => (await waitingPulls(rig)) === 1, { timeoutMs: 5000, describe: "a pull waits" });
    receiver.source.demand(3);
    await fill(queue, 20);
    await receiver.until(3);
    // What was on its way beyond that is handed back, and goes to somebody else at once.
    const other = new Receiver(await rig.replayer());
    other.source.demand(20);
    await other.until(17);
    expect(receiver.received).toHaveLength(3);
  });

  it("holds no more than `maxAckPending`, and goes on as they are settled", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxAckPending: 5 });
    await fill(queue, 12);
    const receiver = new Receiver(queue);
    receiver.source.demand(100);
    await receiver.until(5);
    expect((await queue.depths())[2]).toMatchObject({ pending: 7, inFlight: 5 });
    for (let n = 0; n < 12; n++) {
      await receiver.until(n + 1);
      await receiver.received[n]?.ack();
    }
    expect(receiver.received).toHaveLength(12);
  });

  it("asks in requests of `maxRequestBatch` at most", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxRequestBatch: 7 });
    await fill(queue, 50);
    const receiver = new Receiver(queue);
    receiver.source.demand(50);
    await receiver.until(50);
  });

  it("is delivered to again after the server was killed, with nothing lost", async () => {
    const own = await startNatsServer({ killable: true });
    try {
      await using rig = new Rig(own);
      const queue = await rig.replayer();
      const receiver = new Receiver(queue);
      receiver.source.demand(1000);
      await fill(queue, 20);
      await receiver.until(20);
      await own.kill();
      // Settled while there is nobody to tell.
      const acknowledged = Promise.all(receiver.received.map((message) => message.ack()));
      await own.start();
      await acknowledged;
      await waitFor(() => queue.health.isReady, { timeoutMs: 20_000, describe: "reconnected" });
      await queue.enqueue(payloadOf("after"));
      // What was in hand may come again: the server had not written down that it had delivered it.
      await waitFor(
        async () => {
          for (const message of receiver.received.slice(20)) await message.ack().catch(() => {});
          const depth = (await queue.depths())[2];
          return receiver.ids.includes("after") && depth?.pending === 0 && depth.inFlight === 0;
        },
        { timeoutMs: 20_000, describe: "the acknowledgements have been sent again, and nothing is left" },
      );
      expect(new Set(receiver.ids).size).toBe(21);
    } finally {
      await own.stop();
    }
  });

  it.each(["consumer", "stream"])("goes on after its %s was deleted", async (what) => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    receiver.source.demand(10);
    await queue.enqueue(payloadOf("before"));
    await receiver.until(1);
    await receiver.received[0]?.ack();
    const { api } = await rig.api();
    if (what === "stream") await api.streams.delete(rig.streamName);
    else await api.consumers.delete(rig.streamName, "helix-worker-high-B");
    await receivesAfter(queue, receiver);
    expect(receiver.ids).toEqual(["before", "after"]);
  });

  it("settles nothing of a stream that was deleted, where another message may have its place", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    receiver.source.demand(10);
    await queue.enqueue(payloadOf("before"));
    await receiver.until(1);
    const { api } = await rig.api();
    await api.streams.delete(rig.streamName);
    await receivesAfter(queue, receiver);
    expect(await failureOf(receiver.received[0]?.ack() as Promise<void>)).toMatchObject({
      code: "HELIX_LEASE_LAPSED",
    });
    expect(receiver.received[0]?.leaseUntilMs).toBe(0);
    await receiver.received[1]?.release();
    await receiver.until(3);
    expect(receiver.ids).toEqual(["before", "after", "after"]);
  });

  it("settles nothing of a former stream either where the new one is not as its options say", async () => {
    await using rig = new Rig(server);
    const options = { ...rig.options, maxBytes: 2 ** 26 };
    await ensureTopology(options);
    const queue = await rig.replayer({ provision: "none" });
    const receiver = new Receiver(queue);
    receiver.source.demand(10);
    await queue.enqueue(payloadOf("before"));
    await receiver.until(1);
    const { api } = await rig.api();
    await api.streams.delete(rig.streamName);
    await ensureTopology({ ...options, maxMsgs: 500 });
    await waitFor(() => (queue.health.cause as { code?: string })?.code === "HELIX_TOPOLOGY_DRIFT", {
      timeoutMs: 20_000,
      describe: "it has seen the new one",
    });
    await queue.enqueue(payloadOf("after"));
    await receiver.until(2);
    expect(await failureOf(receiver.received[0]?.ack() as Promise<void>)).toMatchObject({
      code: "HELIX_LEASE_LAPSED",
    });
    await receiver.received[1]?.release();
    await receiver.until(3);
    expect(receiver.ids).toEqual(["before", "after", "after"]);
  });

  it("hears of a connection that swallows everything, and goes on by another", async () => {
    await using rig = new Rig(server);
    const writer = await rig.replayer({ ackWaitMs: 2000 });
    await using proxy = await startFaultProxy({ target: addressOf(server) });
    const queue = await rig.replayer({ connect: { servers: `127.0.0.1:${proxy.port}` }, ackWaitMs: 2000 });
    const receiver = new Receiver(queue);
    receiver.source.demand(10);
    await writer.enqueue(payloadOf("before"));
    await receiver.until(1);
    await receiver.received[0]?.ack();
    await proxy.set("blackhole");
    await writer.enqueue(payloadOf("meanwhile"));
    await proxy.set("pass");
    await receiver.until(2, 45_000);
    expect(receiver.ids).toContain("meanwhile");
  });

  it("gives what one held to another when its lease is over, and not while it is extended", async () => {
    await using rig = new Rig(server);
    const options = { ackWaitMs: 1000 };
    const queue = await rig.replayer(options);
    const other = await rig.replayer(options);
    await fill(queue, 2);
    const holder = new Receiver(queue);
    holder.source.demand(2);
    await holder.until(2);
    const [kept, lapsed] = holder.received;
    const extending = setInterval(() => kept?.extend(), 200);
    const waiter = new Receiver(other);
    waiter.source.demand(2);
    await waiter.until(1, 5000);
    expect(waiter.ids).toEqual([idOf(lapsed)]);
    expect(waiter.received[0]?.attempts).toBe(0);
    await kept?.ack();
    clearInterval(extending);
    await waiter.received[0]?.ack();
    await waitFor(async () => (await other.depths())[2]?.inFlight === 0, {
      timeoutMs: 5000,
      describe: "both are settled",
    });
    expect(waiter.received).toHaveLength(1);
  });

  it("counts failures over processes, and neither hand-backs nor the deaths of processes", async () => {
    await using rig = new Rig(server);
    const options = { ackWaitMs: 1000 };
    const queue = await rig.replayer(options);
    await fill(queue, 1);
    const first = new Receiver(queue);
    await (await first.next()).release();
    await (await first.next()).release({ delayMs: 50 });
    await (await first.next()).release({ attempts: 1, error: new TypeError(), errorText: "the first" });
    await (await first.next()).release({ attempts: 2, error: new RangeError(), errorText: "the second" });
    await queue.close();
    const other = await rig.replayer(options);
    const second = new Receiver(other);
    const lapsing = await second.next();
    expect(lapsing.attempts).toBe(2);
    const again = await second.next();
    expect(again.attempts).toBe(2);
    await again.deadLetter({
      reason: "attempts",
      outcome: "uncertain",
      error: new Error("the last"),
      attempts: 3,
    });
    expect(await other.deadLetters.get("p0.0")).toMatchObject({
      attempts: 3,
      reason: "attempts",
      outcome: "uncertain",
      firstError: { name: "TypeError", message: "the first" },
      error: { name: "Error", message: "the last" },
      origin: { stream: rig.streamName, sequence: 1, deliveries: 6 },
    });
    // The record went with the message.
    const { api } = await rig.api();
    await waitFor(async () => (await recordOf(api, rig, "p0.0")) === undefined, {
      timeoutMs: 5000,
      describe: "the record is gone",
    });
  });

  it("says of a message that it was stored longer ago than the retention", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxAgeMs: 60_000 });
    await rig.enqueueOld(payloadOf("old"), 61_000);
    await queue.enqueue(payloadOf("young"));
    await rig.enqueueOld(payloadOf("to-come"), -61_000);
    const receiver = new Receiver(queue);
    receiver.source.demand(3);
    await receiver.until(3);
    expect(receiver.received.map(({ expired }) => expired)).toEqual([true, false, false]);
    await receiver.received[0]?.deadLetter({ reason: "expired" });
    await queue.deadLetters.redrive("old.0");
    expect((await receiver.next()).expired).toBe(false);
  });

  it("keeps what an application enqueues whose clock is behind by more than the retention", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxAgeMs: 60_000 });
    const atMs = Date.now() - 90_000_000;
    await queue.enqueue(payloadOf("old", { writtenAtMs: atMs, enqueuedAtMs: atMs }));
    expect((await new Receiver(queue).next()).expired).toBe(false);
  });

  it("lets nothing expire while its own clock is a day ahead, says so, and knows how old dead letters are", async () => {
    await using rig = new Rig(server);
    const clock = { ...systemClock, wallMs: () => Date.now() + 90_000_000 };
    const queue = await rig.replayer({ maxAgeMs: 60_000, clock });
    await queue.enqueue(payloadOf("young"));
    await rig.enqueueOld(payloadOf("old"), 61_000);
    const receiver = new Receiver(queue);
    receiver.source.demand(2);
    await receiver.until(2);
    expect(receiver.received.map(({ expired }) => expired)).toEqual([false, false]);
    expect(queue.health).toMatchObject({ isReady: true, warning: expect.stringMatching(/90000 s ahead of/) });
    expect(rig.log.filter(({ level }) => level === "error")).toMatchObject([
      { text: expect.stringMatching(/no message expires/) },
    ]);
    await receiver.received[0]?.deadLetter({ reason: "rejected" });
    const other = await rig.replayer({ maxAgeMs: 60_000 });
    for (const one of [queue, other]) {
      expect(await one.deadLetters.list({ youngerThanMs: 60_000 })).toHaveLength(1);
    }
    // Of the write, by the clock of who made it.
    expect((await queue.depths())[2]?.oldestAgeMs).toBeLessThan(60_000);
  });

  it("delivers what cannot be decoded with its bytes, and keeps it as a dead letter", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const { connection } = await rig.api();
    const bytes = new Uint8Array([0xc1, 1, 2, 3]);
    connection.publish(`${rig.subjectPrefix}.high.B`, bytes);
    const message = await new Receiver(queue).next();
    expect(message.content).toMatchObject({ ok: false, error: { code: "HELIX_PAYLOAD_INVALID" } });
    await message.deadLetter({ reason: "undecodable" });
    const [letter] = await queue.deadLetters.list();
    expect([...(letter?.raw ?? [])]).toEqual([...bytes]);
    expect(await failureOf(queue.deadLetters.redrive(letter?.id ?? ""))).toMatchObject({
      code: "HELIX_PAYLOAD_INVALID",
    });
    await queue.deadLetters.discard(letter?.id ?? "", { by: "an operator", why: "rubbish" });
    expect(await queue.deadLetters.list()).toEqual([]);
  });

  it("is open once at a time, and validates its demand", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const receiver = new Receiver(queue);
    expect(() => new Receiver(queue)).toThrow("open already");
    expect(() => receiver.source.demand(-1)).toThrow("`messages`");
    expect(() => receiver.source.demand(10_001)).toThrow("`messages`");
    await receiver.source.stop();
    await receiver.source.stop();
    await new Receiver(queue).source.stop();
    expect(() => queue.open("high.C" as never, () => {}, { pollIntervalMs: 1 })).toThrow("`lane`");
  });

  it("delivers good messages at once while fifty thousand are in backoff", { timeout: 120_000 }, async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    const bad = 50_000;
    for (let n = 0; n < bad; n += 5000) {
      await Promise.all(Array.from({ length: 5000 }, (_, k) => queue.enqueue(payloadOf(`bad${n + k}`))));
    }
    let released = 0;
    const good: number[] = [];
    const source = queue.open(
      "high.B",
      (message) => {
        if (idOf(message)?.startsWith("bad")) {
          released++;
          void message.release({ delayMs: 600_000 });
        } else {
          good.push(performance.now());
          void message.ack();
        }
        if (released % 50 === 0 || good.length > 0) source.demand(100);
      },
      { pollIntervalMs: 100 },
    );
    source.demand(100);
    await waitFor(() => released === bad, { timeoutMs: 60_000, describe: "all bad ones are in backoff" });
    expect((await queue.depths())[2]).toMatchObject({ pending: 0, delayed: bad });
    const before = performance.now();
    await queue.enqueue(payloadOf("good"));
    await waitFor(() => good.length === 1, { timeoutMs: 10_000, describe: "the good one arrives" });
    expect((good[0] ?? 0) - before).toBeLessThan(500);
  });
});

describe("stuck messages", () => {
  it("are counted, seen twice, and brought back with their id", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer();
    await fill(queue, 3);
    const { api } = await rig.api();
    // A message whose deliveries are used up is stored and owed to nobody: what a fault of the server looks like.
    await api.consumers.update(rig.streamName, "helix-worker-high-B", {
      max_deliver: 1,
      ack_wait: 1_000_000_000,
    });
    const receiver = new Receiver(queue);
    receiver.source.demand(3);
    await receiver.until(3);
    await receiver.received[0]?.ack();
    await receiver.received[2]?.ack();
    await receiver.received[1]?.release();
    receiver.source.demand(1);
    await waitFor(async () => (await queue.depths())[2]?.stuck === 1, {
      timeoutMs: 20_000,
      describe: "one is stuck",
    });
    // Its consumer stays as it is: a server that may deliver it again could do so by itself.
    expect(await queue.recoverStuck()).toBe(0);
    expect(await queue.recoverStuck()).toBe(1);
    await receiver.until(4);
    expect(idOf(receiver.received[3])).toBe("p1");
    expect(receiver.received[3]?.attempts).toBe(0);
    await receiver.received[3]?.ack();
    await waitFor(async () => (await api.streams.info(rig.streamName)).state.messages === 0, {
      timeoutMs: 5000,
      describe: "nothing is left",
    });
  });
});

async function waitingPulls(rig: Rig): Promise<number> {
  await using watch = new Rig(rig.server);
  const { api } = await watch.api();
  return (await api.consumers.info(rig.streamName, "helix-worker-high-B")).num_waiting;
}

async function recordOf(
  api: Awaited<ReturnType<Rig["api"]>>["api"],
  rig: Rig,
  id: string,
): Promise<string | undefined> {
  const stored = await api.streams.getMessage(`KV_${rig.streamName}-state`, {
    last_by_subj: `$KV.${rig.streamName}-state.attempts.${id}`,
  });
  return stored?.data.length ? stored.string() : undefined;
}
