import { setTimeout as after } from "node:timers/promises";
import type { ReplayMessage, ReplayPayload } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { ReplayWorker } from "@helix/worker";
import type { NatsConnection } from "@nats-io/nats-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import type { NatsReplayerOptions } from "../src/options.ts";
import { idOf, payloadOf, Receiver, Rig } from "./rig.ts";

const LEASE_MS = 1000;

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

/** A queue whose process can die: its connection breaks, and nothing more is heard of it. */
class Pod implements AsyncDisposable {
  readonly queue: NatsReplayer;
  readonly receiver: Receiver;
  readonly #connection: NatsConnection;

  private constructor(queue: NatsReplayer, connection: NatsConnection) {
    this.queue = queue;
    this.receiver = new Receiver(queue);
    this.#connection = connection;
  }

  static async start(rig: Rig, options: Partial<NatsReplayerOptions> = {}): Promise<Pod> {
    const { connection } = await rig.api();
    const own = { connect: undefined, connection, ackWaitMs: LEASE_MS };
    return new Pod(await rig.replayer({ ...own, ...options }), connection);
  }

  async die(): Promise<void> {
    await this.#connection.close();
  }

  /** So many messages, each marked as one that is being executed. */
  async execute(messages: number): Promise<void> {
    const { received, source } = this.receiver;
    const before = received.length;
    source.demand(messages);
    await this.receiver.until(before + messages);
    await Promise.all(received.slice(before).map((message) => message.mark?.()));
  }

  /** So many messages, held together: the lease of the first is extended until the last is there. */
  async hold(messages: number): Promise<ReplayMessage[]> {
    const { received, source } = this.receiver;
    source.demand(messages);
    await waitFor(
      () => {
        for (const message of received) message.extend();
        return received.length >= messages;
      },
      { timeoutMs: 10_000, describe: () => `${messages} messages are held; there are ${received.length}` },
    );
    return received.toSorted((a, b) => (idOf(a) ?? "").localeCompare(idOf(b) ?? ""));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue.close();
  }
}

/** Messages that are all delivered for the second time from now on. */
async function redelivered(rig: Rig, messages: number, ackWaitMs = LEASE_MS): Promise<void> {
  await using pod = await Pod.start(rig, { ackWaitMs });
  for (let n = 0; n < messages; n++) await pod.queue.enqueue(payloadOf(`m${n}`));
  pod.receiver.source.demand(messages);
  await pod.receiver.until(messages);
  for (const message of pod.receiver.received) await message.release();
}

async function recordsIn(rig: Rig): Promise<string[]> {
  const { api, connection } = await rig.api();
  const info = await api.streams.info(`KV_${rig.streamName}-state`, { subjects_filter: ">" });
  await connection.close();
  return Object.keys(info.state.subjects ?? {}).map((subject) => subject.replace(/^\$KV\.[^.]+\./, ""));
}

/** By the clock, since it is the servers' that counts. */
const passed = async (ms: number) => {
  const fromMs = performance.now();
  await waitFor(() => performance.now() - fromMs > ms, { timeoutMs: 10_000, describe: "time passes" });
};

const noRecords = (rig: Rig) =>
  waitFor(async () => (await recordsIn(rig)).length === 0, {
    timeoutMs: 5000,
    describe: "no record is left",
  });

async function put(rig: Rig, key: string, body: string): Promise<void> {
  const { connection } = await rig.api();
  await connection.request(`$KV.${rig.streamName}-state.${key}`, body);
  await connection.close();
}

describe("a message that was being executed when its process died", () => {
  it("is a suspect from then on, without an attempt, since one of many may have been it", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 3);
    const pod = await Pod.start(rig);
    await pod.execute(2);
    await pod.die();
    await using next = await Pod.start(rig);
    const suspects = new Map<string | undefined, unknown[]>();
    for (let n = 0; n < 3; n++) {
      const message = await next.receiver.next();
      suspects.set(idOf(message), [message.suspect, message.attempts]);
      await message.release({ delayMs: 60_000 });
    }
    expect(Object.fromEntries(suspects)).toEqual({ m0: [true, 0], m1: [true, 0], m2: [false, 0] });
  });

  it("counts an attempt for each death in its turn as a suspect, once, whoever reads of it", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    const expected = [
      [0, false],
      [0, true],
      [1, true],
      [2, true],
    ];
    for (const one of expected) {
      const pod = await Pod.start(rig);
      const message = await pod.receiver.next();
      expect([message.attempts, message.suspect]).toEqual(one);
      await message.mark?.();
      await pod.die();
    }
  });

  it("counts no attempt for the first death in its turn beside another that is no suspect yet", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 2);
    const seen: unknown[] = [];
    for (const marked of [["m0"], ["m0", "m1"], ["m0"], ["m0", "m1"]]) {
      const pod = await Pod.start(rig);
      const messages = await pod.hold(2);
      seen.push(messages.map(({ attempts, suspect }) => `${suspect} ${attempts}`));
      for (const message of messages) if (marked.includes(idOf(message) ?? "")) await message.mark?.();
      await pod.die();
    }
    expect(seen).toEqual([
      ["false 0", "false 0"],
      ["true 0", "false 0"],
      ["true 0", "true 0"],
      ["true 1", "true 0"],
    ]);
  });

  it("is no suspect after an orderly stop, with it in hand", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    const pod = await Pod.start(rig);
    await pod.execute(1);
    expect(await recordsIn(rig)).toHaveLength(1);
    await pod.queue.close();
    expect(await recordsIn(rig)).toEqual([]);
    await using next = await Pod.start(rig);
    expect(await next.receiver.next()).toMatchObject({ attempts: 0, suspect: false });
  });
});

describe("a process that lives", () => {
  it("makes no suspect of what it holds for longer than the lease", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    await using pod = await Pod.start(rig);
    await pod.execute(1);
    await using other = await Pod.start(rig);
    const message = await other.receiver.next();
    expect(message).toMatchObject({ attempts: 0, suspect: false });
  });

  it("makes no suspect of what it was executing while the servers were away for longer than the lease", async () => {
    await using own = await startNatsServer({ killable: true });
    await using rig = new Rig(own);
    const leaseMs = 3000;
    await redelivered(rig, 40, leaseMs);
    const pods = await Promise.all(
      [1, 2, 3, 4].map(async () => new Receiver(await rig.replayer({ ackWaitMs: leaseMs }))),
    );
    for (const { source } of pods) source.demand(10);
    for (const pod of pods) await pod.until(10);
    await Promise.all(pods.flatMap(({ received }) => received.map((message) => message.mark?.())));
    await own.kill();
    await passed(1.2 * leaseMs);
    await own.start();
    for (const { source } of pods) source.demand(40);
    const again = () => pods.flatMap(({ received }) => received.slice(10));
    await waitFor(() => new Set(again().map(idOf)).size === 40, {
      timeoutMs: 20_000,
      describe: "all have come again",
    });
    expect(again().filter(({ suspect, attempts }) => suspect === true || attempts > 0)).toEqual([]);
  });

  it("says nothing about what it has handed back, and leaves no record", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 20);
    await using pod = await Pod.start(rig);
    await using other = await Pod.start(rig);
    const suspects: unknown[] = [];
    for (let round = 0; round < 5; round++) {
      for (const { receiver } of [pod, other]) {
        const before = receiver.received.length;
        receiver.source.demand(10);
        await receiver.until(before + 10);
        for (const message of receiver.received.slice(before)) {
          suspects.push(message.suspect);
          await message.mark?.();
          await message.release({ delayMs: 1 });
        }
      }
    }
    expect(suspects).toEqual(Array.from({ length: 100 }, () => false));
    await noRecords(rig);
  });
});

it("a rolling restart of pods that retry everything makes no suspect and costs no attempt", async () => {
  await using rig = new Rig(server);
  const messages = 300;
  const applied = new Set<string>();
  let suspects = 0;
  let redeliveries = 0;
  let isBack = false;
  const start = async () => {
    const queue = await rig.replayer({ ackWaitMs: 3000 });
    const open = queue.open.bind(queue);
    queue.open = (lane, onMessage, options) => {
      const count = (message: ReplayMessage) => {
        if (message.suspect) suspects++;
        if (message.mark !== undefined) redeliveries++;
        onMessage(message);
      };
      return open(lane, count, options);
    };
    const execute = async ({ id }: ReplayPayload) => {
      await after(5);
      if (!isBack) throw Object.assign(new Error("no quorum"), { outcome: "uncertain" });
      applied.add(id);
    };
    const executor = { execute, probe: async () => {} };
    const worker = new ReplayWorker({ queue, executor, retryDelayMs: 20, maxRetryDelayMs: 200 });
    await worker.start();
    return { queue, worker };
  };
  const stop = async ({ queue, worker }: Awaited<ReturnType<typeof start>>) => {
    await worker.stop({ graceMs: 0 });
    await queue.close();
  };
  const pods = [await start(), await start(), await start()];
  const enqueuer = await rig.enqueuer();
  for (let n = 0; n < messages; n++) await enqueuer.enqueue(payloadOf(`m${n}`));
  for (let restarts = 0; restarts < 9; restarts++) {
    const before = redeliveries;
    await waitFor(() => redeliveries > before + 300, { timeoutMs: 20_000, describe: "messages come again" });
    await stop(pods.shift() as (typeof pods)[0]);
    pods.push(await start());
  }
  expect((await recordsIn(rig)).filter((key) => !key.startsWith("executing"))).toEqual([]);
  isBack = true;
  await waitFor(() => applied.size === messages, { timeoutMs: 30_000, describe: "all are applied" });
  for (const pod of pods) await stop(pod);
  expect(suspects).toBe(0);
  expect(await recordsIn(rig)).toEqual([]);
});

describe("a record", () => {
  it("goes with its message, marked, handed back, counted, delivered again and acknowledged", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    await using pod = await Pod.start(rig);
    for (const release of [{}, { attempts: 1 }, { delayMs: 1 }]) {
      const message = await pod.receiver.next();
      await message.mark?.();
      await message.release(release);
    }
    const message = await pod.receiver.next();
    await message.mark?.();
    expect((await recordsIn(rig)).sort()).toEqual(["attempts.m0.0", expect.stringMatching(/^executing/)]);
    await message.ack();
    await noRecords(rig);
  });

  it("that another process has written in between is read, whoever had the message before", async () => {
    await using rig = new Rig(server);
    await using pod = await Pod.start(rig);
    await using other = await Pod.start(rig);
    await pod.queue.enqueue(payloadOf("m0"));
    const counts: number[] = [];
    for (const { receiver } of [pod, other, other, pod, pod, other]) {
      const message = await receiver.next();
      counts.push(message.attempts);
      await message.release({ attempts: message.attempts + 1 });
    }
    expect(counts).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it.each([
    ["null", 0],
    ["[]", 0],
    ["{", 0],
    ['{"attempts":"4"}', 0],
    ['{"attempts":-1}', 0],
    ['{"attempts":4,"firstError":"none","deaths":{}}', 4],
    ['{"attempts":4,"firstError":null,"deaths":[1,null]}', 4],
  ])("with the body %s is worth %i attempts, and ends nothing", async (body, attempts) => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    await put(rig, "attempts.m0.0", body);
    await put(rig, "executing.0123456789abcdef", body);
    await using pod = await Pod.start(rig);
    const message = await pod.receiver.next();
    expect(message).toMatchObject({ attempts, suspect: false });
    expect(rig.log.filter(({ text }) => text.startsWith("the record of a message is none"))).toHaveLength(
      attempts === 0 ? 1 : 0,
    );
    await message.deadLetter({ reason: "rejected" });
    expect(await pod.queue.deadLetters.get("m0.0")).toMatchObject({ attempts });
  });

  it("that cannot be read is not taken for none: its message waits until it can be", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    const { api } = await rig.api();
    const { config } = await api.streams.info(`KV_${rig.streamName}-state`);
    await using pod = await Pod.start(rig, { provision: "none" });
    const unreadable: unknown[] = [];
    pod.queue.on("queue:record:unreadable", (event) => unreadable.push(event));
    await api.streams.delete(config.name);
    pod.receiver.source.demand(1);
    await waitFor(() => rig.log.some(({ text }) => text.startsWith("cannot read what is known")), {
      timeoutMs: 5000,
      describe: "the record cannot be read",
    });
    expect(pod.receiver.received).toEqual([]);
    expect(unreadable[0]).toEqual({ id: "m0.0", error: expect.any(Error) });
    await api.streams.add(config);
    await put(rig, "attempts.m0.0", '{"attempts":4}');
    await pod.receiver.until(1);
    expect(pod.receiver.received[0]).toMatchObject({ attempts: 4, suspect: false });
    expect(rig.log.map(({ text }) => text)).toContain("what is known about messages can be read again");
  });

  it("of a process that is gone is kept for a while, and a thousand deaths leave thirty", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1);
    const executing = JSON.stringify({ messages: ["m0.0"], suspects: [] });
    for (let n = 0; n < 300; n++) await put(rig, `executing.${n}`, executing);
    await passed(LEASE_MS);
    await using pod = await Pod.start(rig);
    expect(await pod.receiver.next()).toMatchObject({ attempts: 0, suspect: true });
    await waitFor(
      async () => (await recordsIn(rig)).filter((key) => key.startsWith("executing")).length === 30,
      {
        timeoutMs: 10_000,
        describe: "thirty records are left",
      },
    );
    expect(await recordsIn(rig)).toContain("executing.299");
  });

  it("that is neither old nor young hands its message back until it is known, at no cost", async () => {
    await using rig = new Rig(server);
    await redelivered(rig, 1, 4000);
    await using pod = await Pod.start(rig, { ackWaitMs: 4000 });
    await put(rig, "executing.0123456789abcdef", JSON.stringify({ messages: ["m0.0"], suspects: [] }));
    const storedAtMs = performance.now();
    await waitFor(() => performance.now() - storedAtMs > 2500, {
      timeoutMs: 5000,
      describe: "it is in doubt",
    });
    const message = await pod.receiver.next();
    expect(performance.now() - storedAtMs).toBeGreaterThan(3900);
    expect(message).toMatchObject({ attempts: 0, suspect: true });
  });
});
