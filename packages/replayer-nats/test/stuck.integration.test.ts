import { METRICS, type MetricLabels, type MetricName } from "@helix/core";
import { waitFor } from "@helix/testkit";
import { ManualClock } from "@helix/testkit/manual-clock";
import { type NatsServer, startNatsServer } from "@helix/testkit/nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsReplayer } from "../src/index.ts";
import { idOf, payloadOf, Receiver, Rig } from "./rig.ts";

let server: NatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

class Figures {
  readonly counted = new Map<string, number>();
  readonly gauges = new Map<string, number>();

  increment(name: MetricName<"counter">, labels: MetricLabels, by = 1): void {
    const key = keyOf(name, labels);
    this.counted.set(key, (this.counted.get(key) ?? 0) + by);
  }
  gauge(name: MetricName<"gauge">, labels: MetricLabels, value: number): void {
    this.gauges.set(keyOf(name, labels), value);
  }
  observe(): void {}
}

function keyOf(name: MetricName, labels: MetricLabels): string {
  return [name, ...METRICS[name].labels.map((label) => labels[label])].join(" ");
}

const STUCK = "helix_queue_messages B high stuck";
const RECOVERED = "helix_stuck_recovered_total B high";

/** So many messages that are stored and owed to nobody, as after a fault of the server: their deliveries are used up. */
async function strand(rig: Rig, queue: NatsReplayer, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => queue.enqueue(payloadOf(`p${n}`))));
  await useUp(rig, queue, count);
}

/** The deliveries of all that is in the lane. */
async function useUp(rig: Rig, queue: NatsReplayer, count: number): Promise<void> {
  const { api } = await rig.api();
  await api.consumers.update(rig.streamName, "helix-worker-high-B", {
    max_deliver: 1,
    ack_wait: 1_000_000_000,
  });
  const receiver = new Receiver(queue);
  receiver.source.demand(count);
  await receiver.until(count);
  await receiver.source.stop();
  await until(queue, ({ stuck }) => stuck === count);
  for (const message of receiver.received) message.forget();
  await api.consumers.update(rig.streamName, "helix-worker-high-B", {
    max_deliver: -1,
    ack_wait: 30_000_000_000,
  });
}

async function until(
  queue: NatsReplayer,
  condition: (depth: { stuck: number; pending: number; inFlight: number }) => boolean,
): Promise<void> {
  let last = {};
  await waitFor(
    async () => {
      const depth = (await queue.depths())[2] ?? { stuck: -1, pending: -1, inFlight: -1 };
      last = depth;
      return condition(depth);
    },
    { timeoutMs: 20_000, describe: () => `the lane's depth is as expected; it is ${JSON.stringify(last)}` },
  );
}

describe("stuck messages", () => {
  it("come back all at once when they were seen twice, however many they are", async () => {
    await using rig = new Rig(server);
    const metrics = new Figures();
    const queue = await rig.replayer({ metrics, maxAckPending: 5000 });
    await strand(rig, queue, 3000);
    const told: object[] = [];
    queue.on("queue:stuck:recovered", (event) => told.push(event));
    expect(await queue.recoverStuck()).toBe(0);
    expect([metrics.gauges.get(STUCK), metrics.counted.get(RECOVERED)]).toEqual([3000, undefined]);
    expect(await queue.recoverStuck()).toBe(3000);
    await queue.recoverStuck();
    expect([metrics.gauges.get(STUCK), metrics.counted.get(RECOVERED)]).toEqual([0, 3000]);
    expect(told).toEqual([{ lane: "high.B", count: 3000 }]);
    expect(rig.log.filter(({ level }) => level === "warn").map(({ fields }) => fields)).toEqual([
      { lane: "high.B", count: 3000 },
      { lane: "high.B", count: 3000 },
    ]);
    const receiver = new Receiver(queue);
    receiver.source.demand(4000);
    await receiver.until(3000);
    expect(new Set(receiver.ids).size).toBe(3000);
  });

  it("stay as old as they are, however often they come back", async () => {
    await using rig = new Rig(server);
    await (await rig.replayer()).enqueue(payloadOf("old"));
    const { api } = await rig.api();
    const stored = async () => {
      const message = await api.streams.getMessage(rig.streamName, {
        last_by_subj: `${rig.subjectPrefix}.high.B`,
      });
      const said = message?.header.get("Helix-First-Stored");
      return { atMs: message?.time.getTime(), said: said === "" ? undefined : Number(said) };
    };
    const { atMs } = await stored();
    for (let times = 1; times <= 2; times++) {
      // One that has not looked yet.
      const queue = await rig.replayer();
      await useUp(rig, queue, 1);
      expect((await queue.recoverStuck()) + (await queue.recoverStuck())).toBe(1);
      expect((await stored()).said).toBe(atMs);
    }
  });

  it("come back once, though five pods look at the same time", async () => {
    await using rig = new Rig(server);
    const [first, ...others] = [
      await rig.replayer(),
      await rig.replayer(),
      await rig.replayer(),
      await rig.replayer(),
      await rig.replayer(),
    ];
    await strand(rig, first, 500);
    const pods = [first, ...others];
    await Promise.all(pods.map((pod) => pod.recoverStuck()));
    const counts = await Promise.all(pods.map((pod) => pod.recoverStuck()));
    expect(counts.reduce((sum, count) => sum + count)).toBe(500);
    const { api } = await rig.api();
    expect((await api.streams.info(rig.streamName)).state.messages).toBe(500);
  });

  it("come back without a word from anybody while a lane is open, seconds after they were seen", async () => {
    await using rig = new Rig(server);
    const stranding = await rig.replayer();
    await strand(rig, stranding, 3);
    await stranding.close();
    const clock = new ManualClock();
    const queue = await rig.replayer({ clock });
    const timersBefore = clock.timers;
    const receiver = new Receiver(queue);
    await clock.advance(60_000);
    const logged = (text: string) => rig.log.some((line) => line.text.startsWith(text));
    await waitFor(() => logged("the server holds messages"), { timeoutMs: 5000, describe: "they are seen" });
    expect(logged("brought stuck messages back")).toBe(false);
    await waitFor(() => clock.timers > timersBefore, { timeoutMs: 5000, describe: "the next look is due" });
    await clock.advance(5000);
    await waitFor(() => logged("brought stuck messages back"), {
      timeoutMs: 5000,
      describe: "they are back",
    });
    receiver.source.demand(3);
    await receiver.until(3);
    expect(receiver.received.map(idOf).sort()).toEqual(["p0", "p1", "p2"]);
  });

  it("fill their lane until a person gives it more room, which the log asks for", async () => {
    await using rig = new Rig(server);
    const queue = await rig.replayer({ maxMsgs: 6 });
    await strand(rig, queue, 3);
    await queue.recoverStuck();
    await expect(queue.recoverStuck()).rejects.toThrow(
      /where all that it holds is stuck, only a larger `maxMsgs`/,
    );
    await rig.replayer({ maxMsgs: 8, provision: "update" });
    await waitFor(async () => (await queue.recoverStuck().catch(() => 0)) > 0, {
      timeoutMs: 5000,
      describe: "one finds room",
    });
    const receiver = new Receiver(queue);
    receiver.source.demand(3);
    await receiver.until(1);
    await Promise.all(receiver.received.map((message) => message.ack()));
    await queue.recoverStuck();
    await receiver.until(3);
    expect(new Set(receiver.ids)).toEqual(new Set(["p0", "p1", "p2"]));
  });

  it("are looked for no more when the last lane has stopped, and again when one is opened", async () => {
    await using rig = new Rig(server);
    const clock = new ManualClock();
    const queue = await rig.replayer({ clock });
    const before = clock.timers;
    const receivers = [new Receiver(queue, "high.B"), new Receiver(queue, "low.A")];
    expect(clock.timers).toBe(before + 1);
    for (const { source } of receivers) await source.stop();
    expect(clock.timers).toBe(before);
    new Receiver(queue, "high.B");
    expect(clock.timers).toBe(before + 1);
  });
});
