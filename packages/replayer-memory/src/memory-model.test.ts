import { encodePayload } from "@helix/codec";
import { CLUSTERS, LANES, type Lane, type ReplayMessage } from "@helix/core";
import { ManualClock } from "@helix/testkit/manual-clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { idOf, microtasks, payloadOf, Receiver } from "../test/helpers.ts";
import { MemoryReplayer } from "./index.ts";

const CAPACITY = 8;
const DEAD_LETTERS = 3;

interface Item {
  readonly id: string;
  readonly life: number;
  readonly lane: Lane;
  readonly order: number;
  attempts: number;
}

/** The queue as plain arrays: what each operation should do, and nothing about how. */
class Model {
  readonly ready: Record<Lane, Item[]> = { "high.A": [], "low.A": [], "high.B": [], "low.B": [] };
  delayed: { item: Item; dueAtMs: number }[] = [];
  readonly inHand: Item[] = [];
  readonly dead: Item[] = [];
  readonly trash: Item[] = [];
  readonly counts = {
    A: { enqueued: 0, redriven: 0, applied: 0, deadLettered: 0, drained: 0, discarded: 0, restored: 0 },
    B: { enqueued: 0, redriven: 0, applied: 0, deadLettered: 0, drained: 0, discarded: 0, restored: 0 },
  };
  order = 0;

  get pending(): Item[] {
    return [...Object.values(this.ready).flat(), ...this.delayed.map(({ item }) => item), ...this.inHand];
  }

  count(lane: Lane, what: keyof Model["counts"]["A"]): void {
    this.counts[lane.endsWith("A") ? "A" : "B"][what]++;
  }

  expire(nowMs: number): void {
    const due = this.delayed.filter(({ dueAtMs }) => dueAtMs <= nowMs).sort((a, b) => a.dueAtMs - b.dueAtMs);
    this.delayed = this.delayed.filter(({ dueAtMs }) => dueAtMs > nowMs);
    for (const { item } of due) this.ready[item.lane].push(item);
  }

  /** Handed back: before all that was never handed out or came back from a delay, in the order of acceptance. */
  readonly front: Record<Lane, Item[]> = { "high.A": [], "low.A": [], "high.B": [], "low.B": [] };

  release(item: Item): void {
    this.front[item.lane].push(item);
    this.front[item.lane].sort((a, b) => a.order - b.order);
  }

  take(lane: Lane): Item | undefined {
    return this.front[lane].shift() ?? this.ready[lane].shift();
  }
}

type Step =
  | { readonly do: "enqueue"; readonly lane: Lane }
  | { readonly do: "demand"; readonly lane: Lane; readonly messages: number }
  | { readonly do: "ack" | "bury"; readonly pick: number }
  | { readonly do: "release"; readonly pick: number; readonly delayMs: number; readonly attempts: number }
  | { readonly do: "redrive" | "discard" | "restore" | "delete"; readonly pick: number }
  | { readonly do: "advance"; readonly ms: number }
  | { readonly do: "drain" };

/** Not evenly: what happens to a message more than once happens in a lane that is used a lot. */
const lane = fc.constantFrom<Lane>("high.B", "high.B", "high.B", "high.B", "low.B", "high.A", "low.A");
const pick = fc.nat(CAPACITY);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant("enqueue" as const), lane }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("demand" as const), lane, messages: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("ack" as const, "bury" as const), pick }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("release" as const),
      pick,
      delayMs: fc.constantFrom(0, 0, 5, 10, 20),
      attempts: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("redrive" as const, "discard" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("restore" as const, "delete" as const), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("advance" as const), ms: fc.nat(12) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drain" as const) }) },
);

/** The queue and the model side by side. */
class Run {
  readonly clock = new ManualClock();
  readonly queue = new MemoryReplayer({
    queueCapacity: CAPACITY,
    deadLetterCapacity: DEAD_LETTERS,
    clock: this.clock,
  });
  readonly receivers = new Map(LANES.map((one) => [one, new Receiver(this.queue, one)]));
  readonly model = new Model();
  /** By order of the item that it delivered. */
  readonly messages = new Map<Item, ReplayMessage>();

  async step(one: Step): Promise<void> {
    switch (one.do) {
      case "enqueue":
        return this.enqueue(one.lane);
      case "demand":
        return this.demand(one.lane, one.messages);
      case "ack":
        return this.settle(one.pick, async (message, item) => {
          await message.ack();
          this.model.count(item.lane, "applied");
        });
      case "bury":
        return this.settle(one.pick, (message, item) => this.bury(message, item));
      case "release":
        return this.settle(one.pick, async (message, item) => {
          await message.release({ delayMs: one.delayMs, attempts: one.attempts });
          item.attempts = one.attempts;
          if (one.delayMs === 0) this.model.release(item);
          else this.model.delayed.push({ item, dueAtMs: this.clock.monotonicMs() + one.delayMs });
        });
      case "redrive":
      case "discard":
        return this.ofDead(one.pick, one.do);
      case "restore":
      case "delete":
        return this.ofTrash(one.pick, one.do);
      case "advance":
        this.clock.advanceNow(one.ms);
        this.model.expire(this.clock.monotonicMs());
        return;
      case "drain":
        return this.drain();
    }
  }

  get full(): boolean {
    return this.pending.length >= CAPACITY;
  }

  get pending(): Item[] {
    return [...this.model.pending, ...Object.values(this.model.front).flat()];
  }

  async enqueue(into: Lane): Promise<void> {
    const item: Item = {
      id: `m${this.model.order}`,
      life: 0,
      lane: into,
      order: this.model.order,
      attempts: 0,
    };
    if (this.full) {
      await expect(this.queue.enqueue(this.payloadOf(item))).rejects.toMatchObject({
        code: "HELIX_QUEUE_FULL",
      });
      return;
    }
    await this.queue.enqueue(this.payloadOf(item));
    this.model.order++;
    this.model.ready[into].push(item);
    this.model.count(into, "enqueued");
  }

  async demand(from: Lane, messages: number): Promise<void> {
    const receiver = this.receivers.get(from) as Receiver;
    const before = receiver.received.length;
    await receiver.demand(messages);
    // What is left of the demand must not deliver in the middle of a later step.
    await receiver.demand(0);
    const delivered = receiver.received.slice(before);
    const due: Item[] = [];
    for (let next = messages > 0 ? this.model.take(from) : undefined; next !== undefined; ) {
      due.push(next);
      next = due.length < messages ? this.model.take(from) : undefined;
    }
    expect(delivered.map((message) => [idOf(message), message.attempts])).toEqual(
      due.map(({ id, attempts }) => [id, attempts]),
    );
    for (const [index, item] of due.entries()) {
      this.model.inHand.push(item);
      this.messages.set(item, delivered[index] as ReplayMessage);
    }
  }

  async settle(at: number, act: (message: ReplayMessage, item: Item) => Promise<void>): Promise<void> {
    const { inHand } = this.model;
    const item = inHand[at % Math.max(1, inHand.length)];
    if (item === undefined) return;
    const message = this.messages.get(item) as ReplayMessage;
    inHand.splice(inHand.indexOf(item), 1);
    await act(message, item);
    if (!inHand.includes(item))
      await expect(message.ack()).rejects.toMatchObject({ code: "HELIX_MESSAGE_SETTLED" });
  }

  async bury(message: ReplayMessage, item: Item): Promise<void> {
    const burial = message.deadLetter({ reason: "rejected" });
    if (this.model.dead.length >= DEAD_LETTERS) {
      await expect(burial).rejects.toMatchObject({ code: "HELIX_DEAD_LETTERS_FULL" });
      this.model.inHand.push(item);
      return;
    }
    await burial;
    this.model.dead.push(item);
    this.model.count(item.lane, "deadLettered");
  }

  async ofDead(at: number, verb: "redrive" | "discard"): Promise<void> {
    const { dead } = this.model;
    const item = dead[at % Math.max(1, dead.length)];
    if (item === undefined) return;
    const done = this.queue.deadLetters[verb](`${item.id}.${item.life}`);
    if (verb === "redrive" && this.full) {
      await expect(done).rejects.toMatchObject({ code: "HELIX_QUEUE_FULL" });
      return;
    }
    if (verb === "discard" && this.model.trash.length >= DEAD_LETTERS) {
      await expect(done).rejects.toMatchObject({ code: "HELIX_TRASH_FULL" });
      return;
    }
    await done;
    dead.splice(dead.indexOf(item), 1);
    if (verb === "discard") this.model.trash.push(item);
    this.model.count(item.lane, verb === "redrive" ? "redriven" : "discarded");
    if (verb === "redrive") {
      const order = this.model.order++;
      this.model.ready[item.lane].push({ ...item, life: item.life + 1, attempts: 0, order });
    }
  }

  async ofTrash(at: number, verb: "restore" | "delete"): Promise<void> {
    const { trash, dead } = this.model;
    const item = trash[at % Math.max(1, trash.length)];
    if (item === undefined) return;
    const done = this.queue.deadLetters.trash[verb](`${item.id}.${item.life}`);
    if (verb === "restore" && dead.length >= DEAD_LETTERS) {
      await expect(done).rejects.toMatchObject({ code: "HELIX_DEAD_LETTERS_FULL" });
      return;
    }
    await done;
    trash.splice(trash.indexOf(item), 1);
    if (verb === "delete") return;
    dead.push(item);
    this.model.count(item.lane, "restored");
  }

  async drain(): Promise<void> {
    const expected = this.pending.sort((a, b) => a.order - b.order);
    const inHand = this.model.inHand.splice(0);
    expect(this.queue.drainAll().map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    for (const item of expected) this.model.count(item.lane, "drained");
    for (const one of LANES) {
      this.model.ready[one].length = 0;
      this.model.front[one].length = 0;
    }
    this.model.delayed = [];
    for (const item of inHand) {
      await expect(this.messages.get(item)?.ack()).rejects.toMatchObject({ code: "HELIX_MESSAGE_SETTLED" });
    }
  }

  payloadOf({ id, lane: into, life }: Item) {
    return payloadOf(id, {
      life,
      targetCluster: into.endsWith("A") ? "A" : "B",
      priority: into.startsWith("high") ? "high" : "low",
    });
  }

  /** After every step: the same figures, and both equations of the accounting. */
  async check(): Promise<void> {
    await microtasks();
    const { model, queue } = this;
    expect(queue.length).toBe(this.pending.length);
    const bytes = this.pending.map((item) => this.bytesOf(item));
    expect(queue.byteLength).toBe(bytes.reduce((sum, one) => sum + one, 0));
    expect(this.clock.timers).toBe(model.delayed.length > 0 ? 1 : 0);
    for (const depth of await queue.depths()) {
      expect(depth).toMatchObject({
        pending: model.ready[depth.lane].length + model.front[depth.lane].length,
        inFlight: model.inHand.filter((item) => item.lane === depth.lane).length,
        delayed: model.delayed.filter(({ item }) => item.lane === depth.lane).length,
      });
    }
    const counts = queue.counts();
    for (const cluster of CLUSTERS) {
      const of = counts[cluster];
      expect(of).toMatchObject(model.counts[cluster]);
      expect(of.pending).toBe(this.pending.filter((item) => item.lane.endsWith(cluster)).length);
      expect(of.enqueued + of.redriven).toBe(of.applied + of.deadLettered + of.drained + of.pending);
      expect(of.deadLettered + of.restored).toBe(of.deadLettersKept + of.redriven + of.discarded);
    }
    const idsOf = (items: readonly Item[]) => items.map(({ id, life }) => `${id}.${life}`);
    const letters = await queue.deadLetters.list();
    expect(letters.map(({ id }) => id)).toEqual(idsOf(model.dead));
    const discarded = await queue.deadLetters.trash.list();
    expect(discarded.map(({ id }) => id)).toEqual(idsOf(model.trash));
  }

  /** Redriven payloads differ from the first in life and time of the enqueue, which take the same bytes here. */
  bytesOf(item: Item): number {
    return encodePayload(this.payloadOf(item)).length;
  }
}

describe("MemoryReplayer against a model of plain arrays", () => {
  it("does the same, and accounts for every message, after every step", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 120, size: "max" }), async (steps) => {
        const run = new Run();
        for (const one of steps) {
          await run.step(one);
          await run.check();
        }
      }),
      { numRuns: 250 },
    );
  }, 60_000);
});
