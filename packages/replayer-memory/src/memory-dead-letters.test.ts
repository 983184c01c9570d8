import { encodePayload } from "@helix/codec";
import { type DeadLetterReason, discardDeadLetters, redriveDeadLetters } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import { describe, expect, it } from "vitest";
import { microtasks, payloadOf, Receiver } from "../test/helpers.ts";
import { MemoryReplayer, type MemoryReplayerOptions } from "./index.ts";

class Bench {
  readonly clock = new ManualClock();
  readonly queue: MemoryReplayer;
  readonly receiver: Receiver;

  constructor(options: MemoryReplayerOptions = {}) {
    this.queue = new MemoryReplayer({ clock: this.clock, ...options });
    this.receiver = new Receiver(this.queue);
  }

  async bury(id: string, reason: DeadLetterReason = "rejected", error?: unknown): Promise<void> {
    await this.queue.enqueue(payloadOf(id));
    await (await this.receiver.next()).deadLetter({ reason, error });
  }

  async ids(filter = {}): Promise<string[]> {
    return (await this.queue.deadLetters.list(filter)).map(({ id }) => id);
  }
}

describe("MemoryReplayer, dead letters", () => {
  it("keeps a dead letter with its cause, attempts and time, out of its lane", async () => {
    const { queue, receiver, clock } = new Bench();
    await queue.enqueue(payloadOf("1"));
    await (await receiver.next()).release({ error: new Error("not counted") });
    await (await receiver.next()).release({ attempts: 4, error: new TypeError(), errorText: "the first" });
    clock.advanceNow(7);
    const error = Object.assign(new Error("x".repeat(5000)), { code: 8704 });
    await (await receiver.next()).deadLetter({ reason: "attempts", outcome: "uncertain", error });
    expect(await queue.deadLetters.get("1.0")).toEqual({
      id: "1.0",
      lane: "high.B",
      content: { ok: true, payload: payloadOf("1") },
      raw: encodePayload(payloadOf("1")),
      reason: "attempts",
      outcome: "uncertain",
      error: { name: "Error", message: "x".repeat(2048), code: "8704" },
      toldError: { name: "Error", message: "Error 0x2200", code: "8704" },
      firstError: { name: "TypeError", message: "the first" },
      attempts: 4,
      deadAtMs: clock.wallMs(),
      origin: { sequence: 0 },
    });
    expect([queue.length, queue.byteLength]).toEqual([0, 0]);
  });

  it("lists them oldest first, by any condition, up to a limit", async () => {
    const bench = new Bench();
    const low = new Receiver(bench.queue, "low.A");
    await bench.bury("1");
    await bench.queue.enqueue(
      payloadOf("2", {
        targetCluster: "A",
        priority: "low",
        operation: { kind: "statement", query: "DELETE FROM other.u WHERE id = 1", params: [] },
      }),
    );
    await (await low.next()).deadLetter({ reason: "held" });
    await bench.bury("3", "expired");
    expect(await bench.ids()).toEqual(["1.0", "2.0", "3.0"]);
    expect(await bench.ids({ limit: 2 })).toEqual(["1.0", "2.0"]);
    expect(await bench.ids({ cluster: "B" })).toEqual(["1.0", "3.0"]);
    expect(await bench.ids({ priority: "low" })).toEqual(["2.0"]);
    expect(await bench.ids({ reason: "expired" })).toEqual(["3.0"]);
    expect(await bench.ids({ table: "ks.t", limit: 1 })).toEqual(["1.0"]);
    expect(await bench.ids({ table: "other.u", cluster: "B" })).toEqual([]);
    await expect(bench.ids({ cluster: "C" })).rejects.toThrow("`cluster`");
    await expect(bench.ids({ limit: 0 })).rejects.toThrow("`limit`");
  });

  it("redrives to the end of the lane, with another life, no attempts and the same timestamp", async () => {
    const bench = new Bench();
    await bench.queue.enqueue(payloadOf("1", { disposition: "hold" }));
    await (await bench.receiver.next()).release({ attempts: 3 });
    await (await bench.receiver.next()).deadLetter({ reason: "held" });
    await bench.queue.enqueue(payloadOf("2"));
    bench.clock.advanceNow(5);
    await bench.queue.deadLetters.redrive("1.0");
    expect(await bench.ids()).toEqual([]);
    await (await bench.receiver.next()).ack();
    const message = await bench.receiver.next();
    expect(message.attempts).toBe(0);
    // No longer on hold: a person has decided.
    const redriven = {
      ...payloadOf("1", { disposition: "unsafe" }),
      life: 1,
      enqueuedAtMs: bench.clock.wallMs(),
    };
    expect(message.content).toEqual({ ok: true, payload: redriven });
    await message.deadLetter({ reason: "rejected" });
    expect(await bench.ids()).toEqual(["1.1"]);
  });

  it("keeps a dead letter whose redrive finds the queue full or closed", async () => {
    const { queue, ...bench } = new Bench({ queueCapacity: 1 });
    await queue.enqueue(payloadOf("1"));
    await (await bench.receiver.next()).deadLetter({ reason: "rejected" });
    await queue.enqueue(payloadOf("2"));
    await expect(queue.deadLetters.redrive("1.0")).rejects.toMatchObject({ code: "HELIX_QUEUE_FULL" });
    await queue.close();
    await expect(queue.deadLetters.redrive("1.0")).rejects.toMatchObject({ code: "HELIX_QUEUE_CLOSED" });
    expect(await queue.deadLetters.list()).toHaveLength(1);
    await queue.deadLetters.discard("1.0");
    expect(queue.counts().B).toMatchObject({
      deadLettered: 1,
      discarded: 1,
      deadLettersKept: 0,
      redriven: 0,
    });
  });

  it("redrives in bulk what there is, and not what dies again meanwhile, until the queue is full", async () => {
    const bench = new Bench({ queueCapacity: 4 });
    for (const id of ["1", "2", "3", "4"]) await bench.bury(id);
    bench.receiver.source.demand(4);
    bench.receiver.listen = (message) => message.deadLetter({ reason: "rejected" });
    expect(await redriveDeadLetters(bench.queue.deadLetters)).toMatchObject({ redriven: 4, ended: "done" });
    await microtasks();
    expect(await bench.ids()).toEqual(["1.1", "2.1", "3.1", "4.1"]);
    for (const id of ["5", "6"]) await bench.queue.enqueue(payloadOf(id));
    expect(await redriveDeadLetters(bench.queue.deadLetters)).toMatchObject({
      redriven: 2,
      failed: 1,
      errors: { HELIX_QUEUE_FULL: 1 },
      ended: "error",
      remaining: 1,
    });
    expect(await bench.ids()).toEqual(["3.1", "4.1"]);
    expect(await discardDeadLetters(bench.queue.deadLetters)).toMatchObject({ discarded: 2, ended: "done" });
    expect(bench.queue.counts().B).toMatchObject({ redriven: 6, discarded: 2, deadLettersKept: 0 });
  });

  it("leaves a message in hand when the dead letters are full, or the cause is none", async () => {
    const { queue, receiver, ...bench } = new Bench({ deadLetterCapacity: 1 });
    await queue.enqueue(payloadOf("1"));
    await (await receiver.next()).deadLetter({ reason: "rejected" });
    await queue.enqueue(payloadOf("2"));
    const message = await receiver.next();
    await expect(message.deadLetter({ reason: "rejected" })).rejects.toMatchObject({
      code: "HELIX_DEAD_LETTERS_FULL",
      lane: "high.B",
      capacity: 1,
    });
    await expect(message.deadLetter({ reason: "bored" as never })).rejects.toThrow("`reason`");
    await message.release({ delayMs: 30_000 });
    expect(bench.clock.timers).toBe(1);
    expect(queue.counts().B).toMatchObject({ deadLettered: 1, pending: 1 });
  });

  it("keeps both when a payload that was enqueued twice dies twice", async () => {
    const bench = new Bench();
    await bench.bury("1");
    await bench.bury("1");
    expect(new Set(await bench.ids()).size).toBe(2);
  });

  it.each(["redrive", "discard"] as const)("rejects %s of what is not there", async (verb) => {
    const { queue } = new Bench();
    await expect(queue.deadLetters[verb]("1.0")).rejects.toMatchObject({
      code: "HELIX_DEAD_LETTER_NOT_FOUND",
      id: "1.0",
    });
    expect(await queue.deadLetters.get("1.0")).toBeUndefined();
  });
});
