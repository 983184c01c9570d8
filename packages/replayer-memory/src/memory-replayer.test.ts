import { encodePayload } from "@helix/codec";
import { isHelixError, type ReplayMessage, type ReplayPayload } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { idOf, microtasks, payloadOf, Receiver } from "../test/helpers.ts";
import { MemoryReplayer, type MemoryReplayerOptions } from "./index.ts";

async function filled(ids: readonly string[], options: MemoryReplayerOptions = {}): Promise<MemoryReplayer> {
  const queue = new MemoryReplayer(options);
  for (const id of ids) await queue.enqueue(payloadOf(id));
  return queue;
}

describe("MemoryReplayer, enqueue", () => {
  it("delivers what was enqueued, as a snapshot, in the order of acceptance", async () => {
    const params = [Buffer.from("before")];
    const queue = new MemoryReplayer();
    await queue.enqueue(payloadOf("1", { operation: { kind: "statement", query: "q", params } }));
    await queue.enqueue(payloadOf("2"));
    params[0]?.fill(0);
    const receiver = new Receiver(queue);
    await receiver.demand(5);
    expect(receiver.ids).toEqual(["1", "2"]);
    expect(receiver.received[0]?.content).toMatchObject({
      payload: { operation: { params: [Buffer.from("before")] } },
    });
  });

  it("lets either priority and cluster use all of the capacity, and then refuses at once", async () => {
    const queue = await filled(["1", "2", "3"], { queueCapacity: 3 });
    await expect(
      queue.enqueue(payloadOf("4", { priority: "low", targetCluster: "A" })),
    ).rejects.toMatchObject({
      code: "HELIX_QUEUE_FULL",
      lane: "low.A",
      limit: "messages",
      capacity: 3,
    });
    expect(queue.length).toBe(3);
  });

  it("counts what is in hand and what is delayed against the capacity", async () => {
    const queue = await filled(["1", "2"], { queueCapacity: 2, clock: new ManualClock() });
    const receiver = new Receiver(queue);
    await (await receiver.next()).release({ delayMs: 10 });
    const second = await receiver.next();
    await expect(queue.enqueue(payloadOf("3"))).rejects.toMatchObject({ code: "HELIX_QUEUE_FULL" });
    await second.ack();
    await queue.enqueue(payloadOf("3"));
  });

  it("refuses the first byte above maxBytes, and not the last below", async () => {
    const bytes = encodePayload(payloadOf("1")).length;
    const queue = await filled(["1", "2"], { maxBytes: 2 * bytes });
    expect(queue.byteLength).toBe(2 * bytes);
    await expect(queue.enqueue(payloadOf("3"))).rejects.toMatchObject({
      limit: "bytes",
      capacity: 2 * bytes,
    });
    await (await new Receiver(queue).next()).ack();
    await queue.enqueue(payloadOf("3"));
    const tight = new MemoryReplayer({ maxBytes: 2 * bytes - 1 });
    await tight.enqueue(payloadOf("1"));
    await expect(tight.enqueue(payloadOf("2"))).rejects.toMatchObject({ code: "HELIX_QUEUE_FULL" });
  });

  it("stores nothing when the signal is aborted already, and rejects with its reason", async () => {
    const queue = new MemoryReplayer();
    const reason = new Error("enough");
    await expect(queue.enqueue(payloadOf("1"), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(queue.length).toBe(0);
  });

  it("stores nothing of a payload that is refused", async () => {
    const queue = new MemoryReplayer();
    await expect(queue.enqueue({ ...payloadOf("1"), targetCluster: "C" as never })).rejects.toThrow(
      TypeError,
    );
    const bad = payloadOf("2", { operation: { kind: "statement", query: "q", params: [() => {}] } });
    await expect(queue.enqueue(bad)).rejects.toMatchObject({
      code: "HELIX_PAYLOAD_INVALID",
      path: "params[0]",
    });
    expect(queue.length + queue.byteLength).toBe(0);
    expect(queue.counts().B.enqueued).toBe(0);
  });

  it("keeps payloads that are larger than a chunk, among small ones", async () => {
    const large = "x".repeat(700_000);
    const operation = { kind: "statement", query: "q", params: [large] } as const;
    const queue = new MemoryReplayer();
    const receiver = new Receiver(queue);
    for (const round of [1, 2, 3]) {
      await queue.enqueue(payloadOf(`s${round}`));
      expect(idOf(await receiver.next())).toBe(`s${round}`);
      await queue.enqueue(payloadOf(`l${round}`, { operation }));
      await queue.enqueue(payloadOf(`t${round}`));
      expect((await receiver.next()).content).toMatchObject({ payload: { operation: { params: [large] } } });
      expect(idOf(await receiver.next())).toBe(`t${round}`);
    }
  });
});

describe("MemoryReplayer, delivery", () => {
  it("delivers as many as were demanded, and a new demand replaces the rest of the old", async () => {
    const receiver = new Receiver(await filled(["1", "2", "3", "4"]));
    await receiver.demand(2);
    expect(receiver.ids).toEqual(["1", "2"]);
    receiver.source.demand(2);
    receiver.source.demand(0);
    await microtasks();
    expect(receiver.ids).toEqual(["1", "2"]);
    await receiver.demand(1);
    expect(receiver.ids).toEqual(["1", "2", "3"]);
  });

  it("never delivers from inside demand or enqueue", async () => {
    const queue = await filled(["1"]);
    const receiver = new Receiver(queue);
    receiver.source.demand(2);
    expect(receiver.ids).toEqual([]);
    await microtasks();
    void queue.enqueue(payloadOf("2"));
    expect(receiver.ids).toEqual(["1"]);
    await microtasks();
    expect(receiver.ids).toEqual(["1", "2"]);
  });

  it("wakes a waiting receiver without a timer", async () => {
    const clock = new ManualClock();
    const queue = new MemoryReplayer({ clock });
    const receiver = new Receiver(queue);
    await receiver.demand(1);
    expect(clock.timers).toBe(0);
    await queue.enqueue(payloadOf("1"));
    await microtasks();
    expect(receiver.ids).toEqual(["1"]);
  });

  it.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["rejects", () => Promise.reject(new Error("mine"))],
  ])("takes a message back at no cost when the listener %s, and goes on", async (_, fail) => {
    const queue = await filled(["1", "2"]);
    const received: ReplayMessage[] = [];
    const source = queue.open("high.B", (message) => {
      received.push(message);
      if (received.length === 1) return fail() as undefined;
    });
    source.demand(3);
    await microtasks();
    await microtasks();
    expect(received.map(idOf).sort()).toEqual(["1", "1", "2"]);
    expect(received.map(({ attempts }) => attempts)).toEqual([0, 0, 0]);
    await expect(received[0]?.ack()).rejects.toMatchObject({ code: "HELIX_MESSAGE_SETTLED" });
    expect((await queue.depths())[2]).toMatchObject({ pending: 0, inFlight: 2 });
  });

  it("keeps the lanes apart", async () => {
    const queue = new MemoryReplayer();
    await queue.enqueue(payloadOf("ha", { targetCluster: "A" }));
    await queue.enqueue(payloadOf("lb", { priority: "low" }));
    const receivers = (["high.A", "low.A", "high.B", "low.B"] as const).map(
      (lane) => new Receiver(queue, lane),
    );
    await Promise.all(receivers.map((receiver) => receiver.demand(9)));
    expect(receivers.map(({ ids }) => ids)).toEqual([["ha"], [], [], ["lb"]]);
  });

  it("has one open source per lane, and another after that one has stopped", async () => {
    const queue = await filled(["1"]);
    const first = new Receiver(queue);
    expect(() => new Receiver(queue)).toThrow("open already");
    first.source.demand(1);
    await first.source.stop();
    await first.source.stop();
    const second = new Receiver(queue);
    first.source.demand(1);
    await second.demand(1);
    expect([first.ids, second.ids]).toEqual([[], ["1"]]);
  });

  it.each([-1, 1.5, 10_001, "1"])("refuses a demand of %s", (demand) => {
    const { source } = new Receiver(new MemoryReplayer());
    expect(() => source.demand(demand as number)).toThrow("Expected `messages`");
  });
});

describe("MemoryReplayer, settlement", () => {
  it("puts back to the front what is released without delay, in the order of acceptance", async () => {
    const receiver = new Receiver(await filled(["1", "2", "3", "4"]));
    await receiver.demand(3);
    const [first, second, third] = receiver.received;
    await second?.release();
    await third?.release({ attempts: 2 });
    await first?.release();
    await receiver.demand(4);
    expect(receiver.ids.slice(3)).toEqual(["1", "2", "3", "4"]);
    expect(receiver.received.slice(3).map(({ attempts }) => attempts)).toEqual([0, 0, 2, 0]);
  });

  it("brings back what is released with a delay when it is due, behind what waits, without being asked", async () => {
    const clock = new ManualClock();
    const queue = await filled(["1", "2", "3"], { clock });
    const receiver = new Receiver(queue);
    await (await receiver.next()).release({ delayMs: 200, attempts: 1 });
    await (await receiver.next()).release({ delayMs: 100 });
    expect(clock.timers).toBe(1);
    await receiver.demand(9);
    clock.advanceNow(99);
    await microtasks();
    expect(receiver.ids.slice(2)).toEqual(["3"]);
    clock.advanceNow(1);
    await microtasks();
    expect(receiver.ids.slice(3)).toEqual(["2"]);
    clock.advanceNow(100);
    await microtasks();
    expect(receiver.received.slice(4).map((message) => [idOf(message), message.attempts])).toEqual([
      ["1", 1],
    ]);
    expect(clock.timers).toBe(0);
  });

  it.each(["ack", "release", "deadLetter"] as const)("rejects all that comes after %s", async (verb) => {
    const message = await new Receiver(await filled(["1"])).next();
    const settle = {
      ack: () => message.ack(),
      release: () => message.release(),
      deadLetter: () => bury(message),
    };
    await settle[verb]();
    for (const again of Object.values(settle)) {
      await expect(again()).rejects.toMatchObject({ code: "HELIX_MESSAGE_SETTLED", lane: "high.B" });
    }
    message.extend();
  });

  it("hands back what is forgotten, once and at no cost", async () => {
    const queue = await filled(["1"]);
    const receiver = new Receiver(queue);
    const message = await receiver.next();
    message.forget();
    message.forget();
    await expect(message.ack()).rejects.toMatchObject({ code: "HELIX_MESSAGE_SETTLED" });
    const again = await receiver.next();
    expect(again.attempts).toBe(0);
    await again.ack();
    again.forget();
    expect(queue.length).toBe(0);
  });

  it("leaves a message in hand when its release is refused", async () => {
    const message = await new Receiver(await filled(["1"])).next();
    await expect(message.release({ delayMs: -1 })).rejects.toThrow(RangeError);
    await expect(message.release({ attempts: 0.5 })).rejects.toThrow(TypeError);
    await message.ack();
  });
});

describe("MemoryReplayer, the end", () => {
  it("hands out everything with drainAll, oldest first, and settles what is in hand", async () => {
    const clock = new ManualClock();
    const queue = await filled(["1", "2", "3", "4"], { clock });
    await queue.enqueue(payloadOf("5", { targetCluster: "A", priority: "low" }));
    const receiver = new Receiver(queue);
    await receiver.demand(3);
    const [first, second, third] = receiver.received;
    await first?.release({ delayMs: 50 });
    await second?.release();
    expect(queue.drainAll().map(({ id }: ReplayPayload) => id)).toEqual(["1", "2", "3", "4", "5"]);
    await expect(third?.ack()).rejects.toMatchObject({ code: "HELIX_MESSAGE_SETTLED" });
    expect([queue.length, queue.byteLength, clock.timers]).toEqual([0, 0, 0]);
    expect(queue.counts()).toMatchObject({ A: { drained: 1, pending: 0 }, B: { drained: 4, pending: 0 } });
    expect(queue.drainAll()).toEqual([]);
  });

  it("refuses new work after close, delivers nothing, leaves no timer, and still settles and drains", async () => {
    const clock = new ManualClock();
    const queue = await filled(["1", "2", "3", "4"], { clock });
    const receiver = new Receiver(queue);
    await receiver.demand(3);
    const [first, second, third] = receiver.received;
    await first?.release({ delayMs: 50 });
    receiver.source.demand(9);
    await queue.close();
    await queue[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
    await second?.release({ delayMs: 5 });
    expect(clock.timers).toBe(0);
    await third?.ack();
    clock.advanceNow(100);
    await microtasks();
    expect(receiver.ids).toEqual(["1", "2", "3"]);
    await expect(queue.enqueue(payloadOf("5"))).rejects.toMatchObject({ code: "HELIX_QUEUE_CLOSED" });
    expect(() => new Receiver(queue)).toThrow(expect.objectContaining({ code: "HELIX_QUEUE_CLOSED" }));
    expect(queue.drainAll().map(({ id }) => id)).toEqual(["1", "2", "4"]);
  });
});

describe("MemoryReplayer, what it says of itself", () => {
  it("reports depths per lane, and the age of the oldest write wherever it is", async () => {
    const clock = new ManualClock();
    const queue = new MemoryReplayer({ clock });
    for (const [id, age] of [
      ["1", 10],
      ["2", 90],
      ["3", 50],
      ["4", 20],
    ] as const) {
      await queue.enqueue(payloadOf(id, { writtenAtMs: clock.wallMs() - age }));
    }
    const age = async () => (await queue.depths()).find(({ lane }) => lane === "high.B")?.oldestAgeMs;
    expect(await age()).toBe(90);
    const receiver = new Receiver(queue);
    await (await receiver.next()).ack();
    const oldest = await receiver.next();
    expect(await age()).toBe(90);
    await oldest.release({ delayMs: 30 });
    expect(await age()).toBe(90);
    const third = await receiver.next();
    expect((await queue.depths())[2]).toEqual({
      lane: "high.B",
      pending: 1,
      inFlight: 1,
      delayed: 1,
      stuck: 0,
      oldestAgeMs: 90,
    });
    clock.advanceNow(30);
    await (await receiver.next()).ack();
    expect(await age()).toBe(120);
    await third.release();
    await (await receiver.next()).ack();
    await (await receiver.next()).ack();
    expect((await queue.depths())[2]).toEqual({
      lane: "high.B",
      pending: 0,
      inFlight: 0,
      delayed: 0,
      stuck: 0,
    });
  });

  it("passes the scheduling on to the worker", () => {
    const { traits } = new MemoryReplayer({ highPriorityRatio: 5, strictPriority: false });
    expect(traits).toMatchObject({
      maxDemand: 10_000,
      scheduling: { highPriorityRatio: 5, strictPriority: false },
    });
    expect(new MemoryReplayer().traits.scheduling?.highPriorityRatio).toBeUndefined();
  });

  it.each<[string, object]>([
    ["queueCapacity", { queueCapacity: 0 }],
    ["maxBytes", { maxBytes: "1" }],
    ["deadLetterCapacity", { deadLetterCapacity: 0 }],
    ["highPriorityRatio", { highPriorityRatio: -1 }],
    ["strictPriority", { strictPriority: 1 }],
    ["clock", { clock: {} }],
    ["capacity", { capacity: 5 }],
  ])("refuses a wrong %s, naming it", (name, options) => {
    expect(() => new MemoryReplayer(options)).toThrow(`\`${name}\``);
  });

  it("gives errors of its own codes", async () => {
    const error = await (await filled([])).deadLetters.discard("none").catch((thrown: unknown) => thrown);
    expect(isHelixError(error, "HELIX_DEAD_LETTER_NOT_FOUND")).toBe(true);
  });
});

function bury(message: { deadLetter(cause: { reason: "rejected" }): Promise<void> }): Promise<void> {
  return message.deadLetter({ reason: "rejected" });
}
