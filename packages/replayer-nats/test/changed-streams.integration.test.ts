import { type Clock, systemClock } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import type { ConsumerConfig, JetStreamManager, StreamConfig } from "@nats-io/jetstream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureTopology, type NatsReplayer } from "../src/index.ts";
import { failureOf, idOf, payloadOf, Receiver, Rig } from "./rig.ts";

const HOUR = 3_600_000_000_000;
const LANE = "helix-worker-high-B";

/** What is done once a minute is done twice a second. */
const clock: Clock = {
  ...systemClock,
  setTimer: (run, delayMs) => systemClock.setTimer(run, delayMs >= 30_000 ? delayMs / 120 : delayMs),
};

interface Changed {
  readonly rig: Rig;
  readonly queue: NatsReplayer;
  readonly api: JetStreamManager;
}

describe.each(["2.12", "2.15"] as const)("a queue that runs on NATS %s", (version) => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer({ version });
  });
  afterAll(() => server.stop());

  async function until(what: string, isSo: () => boolean) {
    await waitFor(isSo, { timeoutMs: 20_000, describe: what });
  }

  async function changed(rig: Rig): Promise<Changed> {
    const queue = await rig.replayer({ clock });
    return { rig, queue, api: (await rig.api()).api };
  }

  const stream =
    (suffix: string, change: Partial<StreamConfig>) =>
    async ({ api, rig }: Changed) => {
      await api.streams.update(`${rig.streamName}${suffix}`, change);
    };
  const consumer =
    (change: Partial<ConsumerConfig>) =>
    async ({ api, rig }: Changed) => {
      await api.consumers.update(rig.streamName, LANE, change);
    };

  it.each<[string, (of: Changed) => Promise<void>, string, "error" | "warn"]>([
    ["lanes age", stream("", { max_age: HOUR }), "`max_age` is 3600000 ms, expected 0 ms", "error"],
    [
      "lanes evict",
      stream("", { discard: "old" as StreamConfig["discard"], discard_new_per_subject: false }),
      '`discard` is "old"',
      "error",
    ],
    [
      "a lane evicts",
      stream("", { discard_new_per_subject: false }),
      "`discard_new_per_subject` is",
      "error",
    ],
    ["lanes hold less", stream("", { max_msgs: 10 }), "`max_msgs` is 10, expected 1000000", "error"],
    ["lanes hold more", stream("", { max_bytes: 2 ** 27 }), "`max_bytes` is", "warn"],
    ["lanes take no large message", stream("", { max_msg_size: 100 }), "`max_msg_size` is 100", "error"],
    ["lanes acknowledge nothing", stream("", { no_ack: true }), "`no_ack` is true", "error"],
    ["dead letters age", stream("-dead-letters", { max_age: HOUR }), "`max_age` is 3600000 ms", "error"],
    ["the trash is emptied sooner", stream("-trash", { max_age: HOUR }), "`max_age` is 3600000 ms", "error"],
    [
      "a lane gives up after some deliveries",
      consumer({ max_deliver: 5 }),
      "`max_deliver` is 5, expected -1",
      "error",
    ],
    ["a lane is without bodies", consumer({ headers_only: true }), "`headers_only` is true", "error"],
    [
      "a lane is paused",
      ({ api, rig }) =>
        api.consumers.pause(rig.streamName, LANE, new Date(Date.now() + 3_600_000)).then(() => {}),
      "`pause_until` is",
      "warn",
    ],
    [
      "a lane is taken away",
      async (of) => {
        const { config } = await of.api.streams.info(of.rig.streamName);
        await stream("", { subjects: config.subjects.slice(1) })(of);
      },
      "`subjects` is",
      "error",
    ],
  ])(
    "says, and so does the doctor, that somebody has changed its streams: %s",
    async (_, change, said, level) => {
      await using rig = new Rig(server);
      const all = await changed(rig);
      const { queue } = all;
      await change(all);
      await until("it says so", () => queue.health.warning?.includes(said) === true);
      expect(queue.health).toMatchObject({ isReady: true });
      expect(rig.log.filter((line) => line.level === level).map(({ text }) => text)).toEqual([
        queue.health.warning,
      ]);
      expect((await queue.examine()).findings).toContainEqual(
        expect.objectContaining({ code: "drift", harm: level === "error" ? "loss" : "standstill" }),
      );
    },
  );

  it("says it once, and that it is over", async () => {
    await using rig = new Rig(server);
    const all = await changed(rig);
    const { queue } = all;
    await stream("", { max_age: HOUR })(all);
    await until("it says so", () => queue.health.warning !== undefined);
    await stream("-trash", { max_age: HOUR })(all);
    await until("it says both", () => queue.health.warning?.includes("-trash") === true);
    await stream("-trash", { max_age: 7 * 24 * HOUR })(all);
    await stream("", { max_age: 0 })(all);
    await until("it is over", () => queue.health.warning === undefined);
    const lines = rig.log.filter(({ text }) => text.startsWith("the streams of the queue are"));
    expect(lines.filter(({ level }) => level === "error").length).toBeLessThanOrEqual(3);
    expect(lines.at(-1)?.text).toBe("the streams of the queue are as its options say again");
  });

  it("settles nothing of lanes that were made anew while it asked for nothing", async () => {
    await using rig = new Rig(server);
    const { queue, api } = await changed(rig);
    const receiver = new Receiver(queue);
    await queue.enqueue(payloadOf("before"));
    const before = await receiver.next();
    await api.streams.delete(rig.streamName);
    await ensureTopology({ ...rig.options, maxBytes: 2 ** 26 });
    await queue.enqueue(payloadOf("after"));
    await until("it has seen that", () => before.leaseUntilMs === 0);
    expect(await failureOf(before.ack())).toMatchObject({ code: "HELIX_LEASE_LAPSED" });
    await (await receiver.next()).release();
    expect(idOf(await receiver.next())).toBe("after");
  });

  it("makes dead letters anew that are gone, though nothing is written there, and says so", async () => {
    await using rig = new Rig(server);
    const { queue, api } = await changed(rig);
    await api.streams.delete(`${rig.streamName}-dead-letters`);
    await until("it says so", () => rig.log.some(({ text }) => text.includes("were gone and are made anew")));
    expect(queue.health).toEqual({ isReady: true, isConnected: true });
    expect(await queue.deadLetters.list()).toEqual([]);
  });
});
