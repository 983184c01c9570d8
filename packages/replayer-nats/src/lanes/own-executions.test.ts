import { describe, expect, test } from "vitest";
import { decodeExecutions, encodeExecutions } from "./execution-record.ts";
import { OwnExecutions } from "./own-executions.ts";

const LEASE_MS = 1000;

/** Time that stands still until it is told to go on. */
class StandingClock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();
  readonly wallMs = () => this.#nowMs;
  readonly monotonicMs = () => this.#nowMs;
  readonly setTimer = (run: () => void, delayMs: number) => {
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  get timers(): number {
    return this.#timers.size;
  }

  async pass(ms: number): Promise<void> {
    for (const untilMs = this.#nowMs + ms; this.#nowMs < untilMs; this.#nowMs++) {
      for (const timer of [...this.#timers]) {
        if (timer.atMs <= this.#nowMs && this.#timers.delete(timer)) timer.run();
      }
      for (let n = 0; n < 20; n++) await Promise.resolve();
    }
  }
}

function rig() {
  const clock = new StandingClock();
  const writes: { readonly atMs: number; readonly messages: readonly string[] }[] = [];
  const state = { fails: false };
  const write = async (messages: readonly string[]) => {
    writes.push({ atMs: clock.monotonicMs(), messages });
    if (state.fails) throw new Error("nobody stores it");
  };
  const own = new OwnExecutions({
    clock,
    leaseMs: LEASE_MS,
    store: (_, record) => write(decodeExecutions(record)?.messages ?? []),
    remove: () => write([]),
  });
  return { clock, writes, state, own };
}

describe("what a process is executing", () => {
  test("is written at most every 50 ms, however many executions begin and end", async () => {
    const { clock, writes, own } = rig();
    const marked: number[] = [];
    for (let n = 0; n < 1000; n++) {
      const delivery = {};
      void own.begin(delivery, `m${n}`, false).then(() => marked.push(n));
      await clock.pass(1);
      own.end(delivery);
    }
    expect(writes.length).toBeLessThanOrEqual(21);
    expect(marked.length).toBeGreaterThanOrEqual(950);
  });

  test("is written before `begin` resolves, and again as a heartbeat, until nothing is left of it", async () => {
    const { clock, writes, own } = rig();
    const delivery = {};
    let isMarked = false;
    void own.begin(delivery, "m", false).then(() => {
      isMarked = true;
    });
    expect(isMarked).toBe(false);
    await clock.pass(2);
    expect([isMarked, writes]).toEqual([true, [{ atMs: 0, messages: ["m"] }]]);
    await clock.pass(LEASE_MS);
    expect(writes.length).toBe(1 + 5);
    own.end(delivery);
    await clock.pass(LEASE_MS);
    expect(writes.slice(6).map(({ messages }) => messages)).toEqual([[]]);
    expect(clock.timers).toBe(0);
  });

  test("that cannot be written rejects who waits for it, and is removed once it can be", async () => {
    const { clock, writes, state, own } = rig();
    const delivery = {};
    state.fails = true;
    const failed = expect(own.begin(delivery, "m", false)).rejects.toThrow("nobody stores it");
    await clock.pass(2);
    await failed;
    own.end(delivery);
    await clock.pass(LEASE_MS);
    state.fails = false;
    await clock.pass(LEASE_MS);
    expect(writes.at(-1)?.messages).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  test("is removed by a close, whatever is in hand; nothing begins after it", async () => {
    const { clock, writes, own } = rig();
    const marked = own.begin({}, "m", false);
    await clock.pass(1);
    await marked;
    await own.close();
    await own.close();
    expect(writes.map(({ messages }) => messages)).toEqual([["m"], []]);
    await expect(own.begin({}, "n", false)).rejects.toThrow("closed");
    expect(clock.timers).toBe(0);
  });
});

test("a record stays within a quarter of a megabyte, and names the suspects first", () => {
  const many = Array.from({ length: 20_000 }, (_, n) => ({ id: `message-${n}.0`, isSuspect: n === 19_999 }));
  const bytes = encodeExecutions(many, LEASE_MS);
  expect(bytes.length).toBeLessThanOrEqual(256 * 1024 + 100);
  expect(decodeExecutions(bytes)?.suspects).toEqual(["message-19999.0"]);
  expect(decodeExecutions(bytes)?.messages.length).toBeGreaterThan(10_000);
});
