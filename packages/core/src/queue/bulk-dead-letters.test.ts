import { describe, expect, it } from "vitest";
import { type HelixErrorCode, helixError } from "../errors.ts";
import { discardDeadLetters, redriveDeadLetters } from "./bulk-dead-letters.ts";
import type { DeadLetterFilter } from "./dead-letter-filter.ts";
import type { BulkStore, DeadLetter, DiscardOneOptions, RedriveOneOptions } from "./dead-letters.ts";

/** Dead letters that are nothing but ids; those that begin with `x` cannot be decoded, those with `o` are too old. */
class Letters implements BulkStore {
  readonly ids: string[];
  readonly calls: unknown[][] = [];
  readonly failures = new Map<string, unknown>();
  scanFailsAfter = Number.POSITIVE_INFINITY;
  bytes = 100;
  /** Those that are under way until `end` is called; undefined: each ends at once. */
  waiting: Map<string, () => void> | undefined;
  onCall: (id: string) => void = () => {};

  constructor(...ids: string[]) {
    this.ids = ids;
  }

  async *scan(filter?: DeadLetterFilter): AsyncGenerator<DeadLetter, void, void> {
    this.calls.push(["scan", filter]);
    for (const [index, id] of [...this.ids].entries()) {
      if (index >= this.scanFailsAfter) throw new Error("no connection");
      const reason = id.startsWith("o") ? "too-old" : "rejected";
      const raw = { length: this.bytes } as Uint8Array;
      const unread = { x: "HELIX_PAYLOAD_INVALID", s: "HELIX_ENVELOPE_KEY_UNKNOWN" }[id.charAt(0)];
      yield {
        ...{ id, reason, raw },
        content: unread === undefined ? { ok: true } : { ok: false, error: error(unread as HelixErrorCode) },
      } as DeadLetter;
    }
  }

  async redrive(id: string, options?: RedriveOneOptions): Promise<void> {
    await this.#take("redrive", id, ...(options?.force ? [options] : []));
  }

  async discard(id: string, options?: DiscardOneOptions): Promise<void> {
    await this.#take("discard", id, options);
  }

  async end(...ids: string[]): Promise<void> {
    for (const id of ids) this.waiting?.get(id)?.();
    await settle();
  }

  async #take(...call: [string, string, ...unknown[]]): Promise<void> {
    const [, id] = call;
    this.calls.push(call);
    this.onCall(id);
    await new Promise<void>((resolve) => {
      if (this.waiting === undefined) return resolve();
      this.waiting.set(id, resolve);
    });
    this.waiting?.delete(id);
    if (this.failures.has(id)) throw this.failures.get(id);
    this.ids.splice(this.ids.indexOf(id), 1);
  }
}

/** Everything that can happen by itself has happened. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Time that passes when it is waited for: at once, so far as the test can tell. */
class HastyClock {
  nowMs = 0;
  /** Called with each timer; what it does not call never fires. */
  onTimer: (fire: () => void) => void = (fire) => fire();

  wallMs(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    queueMicrotask(() =>
      this.onTimer(() => {
        this.nowMs += delayMs;
        callback();
      }),
    );
    return () => {};
  }
}

const error = (code: HelixErrorCode) => helixError(code, "no", {} as never);

describe("redriveDeadLetters", () => {
  it("redrives what the filter finds, in the store's order, skips what is no payload, and says so", async () => {
    const letters = new Letters("a", "x1", "b");
    const progress: unknown[] = [];
    const report = await redriveDeadLetters(letters, {
      filter: { cluster: "B" },
      onProgress: (at) => progress.push(at),
    });
    expect(report).toEqual({
      matched: 3,
      redriven: 2,
      failed: 0,
      skipped: 1,
      needsForce: 0,
      vanished: 0,
      errors: {},
      ended: "done",
    });
    expect(letters.calls).toEqual([
      ["scan", { cluster: "B" }],
      ["redrive", "a"],
      ["redrive", "b"],
    ]);
    expect(progress).toEqual([
      { matched: 1, redriven: 1, failed: 0 },
      { matched: 2, redriven: 1, failed: 0 },
      { matched: 3, redriven: 2, failed: 0 },
    ]);
  });

  it("counts what this process cannot read as failed, by why, in a dry run as well", async () => {
    for (const dryRun of [false, true]) {
      const letters = new Letters("s1", "a", "s2", "s3", "s4", "b");
      const report = await redriveDeadLetters(letters, { dryRun });
      const errors = { HELIX_ENVELOPE_KEY_UNKNOWN: 4 };
      expect(report).toMatchObject({ matched: 6, redriven: 2, failed: 4, skipped: 0, errors, ended: "done" });
      expect(letters.calls.filter(([verb]) => verb === "redrive")).toHaveLength(dryRun ? 0 : 2);
    }
  });

  it("changes nothing in a dry run, without waiting", async () => {
    const letters = new Letters("a", "x1", "b", "c");
    const report = await redriveDeadLetters(letters, {
      dryRun: true,
      limit: 2,
      perSecond: 1,
      clock: new HastyClock(),
    });
    expect(report).toMatchObject({ matched: 3, redriven: 2, skipped: 1, ended: "limit" });
    expect([letters.ids, letters.calls]).toEqual([["a", "x1", "b", "c"], [["scan", undefined]]]);
  });

  it("leaves what needs force, says how many those are, and does not count them for the limit", async () => {
    const letters = new Letters("o1", "x1", "a", "o2", "b", "c");
    const report = await redriveDeadLetters(letters, { limit: 2 });
    expect(report).toMatchObject({ matched: 5, redriven: 2, skipped: 1, needsForce: 2, ended: "limit" });
    expect(letters.ids).toEqual(["o1", "x1", "o2", "c"]);
    expect(await redriveDeadLetters(letters, { dryRun: true })).toMatchObject({ redriven: 1, needsForce: 2 });
  });

  it("redrives by force all that the filter finds", async () => {
    const letters = new Letters("o1", "a", "o2");
    const report = await redriveDeadLetters(letters, { force: true });
    expect(report).toMatchObject({ matched: 3, redriven: 3, needsForce: 0, ended: "done" });
    expect(letters.calls.slice(1)).toEqual(["o1", "a", "o2"].map((id) => ["redrive", id, { force: true }]));
  });

  it("counts as left what only the store knows to need force, and goes on over any number of those", async () => {
    const letters = new Letters("1", "2", "3", "4", "a");
    for (const id of ["1", "2", "3", "4"]) letters.failures.set(id, error("HELIX_REDRIVE_NEEDS_FORCE"));
    const report = await redriveDeadLetters(letters);
    expect(report).toMatchObject({ redriven: 1, failed: 0, needsForce: 4, errors: {}, ended: "done" });
  });

  it("takes up as many as the limit says, beside those that are skipped", async () => {
    const letters = new Letters("x1", "a", "b", "c");
    expect(await redriveDeadLetters(letters, { limit: 2 })).toMatchObject({ redriven: 2, ended: "limit" });
    expect(letters.ids).toEqual(["x1", "c"]);
  });

  it("goes on after one that fails, counts it by its code, and finds nothing wrong with one that vanished", async () => {
    const letters = new Letters("a", "b", "c", "d", "e");
    letters.failures.set("a", error("HELIX_PAYLOAD_TOO_LARGE"));
    letters.failures.set("b", error("HELIX_DEAD_LETTER_NOT_FOUND"));
    letters.failures.set("d", new RangeError("no"));
    expect(await redriveDeadLetters(letters)).toEqual({
      matched: 5,
      redriven: 2,
      failed: 2,
      skipped: 0,
      needsForce: 0,
      vanished: 1,
      errors: { HELIX_PAYLOAD_TOO_LARGE: 1, RangeError: 1 },
      ended: "done",
    });
  });

  it.each(["HELIX_QUEUE_FULL", "HELIX_QUEUE_CLOSED"] as const)(
    "ends at %s, with what remains told",
    async (code) => {
      const letters = new Letters("a", "b", "c", "d");
      const full = error(code);
      letters.failures.set("b", full);
      const report = await redriveDeadLetters(letters);
      expect(report).toMatchObject({ matched: 2, redriven: 1, failed: 1, ended: "error", remaining: 2 });
      expect(report.error).toBe(full);
      expect(letters.ids).toEqual(["b", "c", "d"]);
    },
  );

  it("ends at the third failure in a row, since it is the connection then, but not at the third in all", async () => {
    const letters = new Letters("1", "2", "a", "3", "4", "5", "b");
    for (const id of ["1", "2", "3", "4", "5"]) letters.failures.set(id, new Error("not now"));
    const report = await redriveDeadLetters(letters);
    expect(report).toMatchObject({ matched: 6, redriven: 1, failed: 5, ended: "error", remaining: 1 });
  });

  it("goes on over any number of failures that are the dead letters' own", async () => {
    const letters = new Letters("1", "2", "3", "4", "a");
    for (const id of ["1", "2", "3", "4"]) letters.failures.set(id, error("HELIX_PAYLOAD_TOO_LARGE"));
    expect(await redriveDeadLetters(letters)).toMatchObject({ redriven: 1, failed: 4, ended: "done" });
  });

  it("reports what was done when the scan fails half way, and rejects when it fails at once", async () => {
    const letters = new Letters("a", "b", "c");
    letters.scanFailsAfter = 2;
    const report = await redriveDeadLetters(letters);
    expect(report).toMatchObject({ redriven: 2, ended: "error", error: { message: "no connection" } });
    letters.scanFailsAfter = 0;
    await expect(redriveDeadLetters(letters)).rejects.toThrow("no connection");
  });

  it("says that what remains is unknown when it cannot be counted", async () => {
    const letters = new Letters("a", "b", "c");
    letters.failures.set("a", error("HELIX_QUEUE_FULL"));
    letters.scanFailsAfter = 2;
    expect(await redriveDeadLetters(letters)).not.toHaveProperty("remaining");
  });

  it("stops between two when it is cancelled, also while it waits for its turn", async () => {
    const letters = new Letters("a", "b", "c");
    const cancel = new AbortController();
    letters.onCall = () => cancel.abort();
    expect(await redriveDeadLetters(letters, { signal: cancel.signal })).toMatchObject({
      matched: 1,
      redriven: 1,
      ended: "cancelled",
    });
    const clock = new HastyClock();
    const late = new AbortController();
    letters.onCall = () => {};
    clock.onTimer = () => late.abort();
    const run = redriveDeadLetters(letters, { signal: late.signal, perSecond: 1, clock });
    expect(await run).toMatchObject({ matched: 1, redriven: 1, ended: "cancelled" });
    expect([letters.ids, clock.nowMs]).toEqual([["c"], 0]);
  });

  it("keeps to the rate, and makes up for no pause by a burst", async () => {
    const letters = new Letters("a", "b", "c", "d");
    const clock = new HastyClock();
    const atMs: number[] = [];
    letters.onCall = (id) => {
      atMs.push(clock.monotonicMs());
      if (id === "b") clock.nowMs += 1000;
    };
    await redriveDeadLetters(letters, { perSecond: 10, clock });
    expect(atMs).toEqual([0, 100, 1100, 1200]);
  });

  it("is not disturbed by a listener that throws or rejects", async () => {
    const letters = new Letters("a", "b");
    let calls = 0;
    const onProgress = () => {
      if (calls++ === 0) throw new Error("mine");
      return Promise.reject(new Error("mine"));
    };
    expect(await redriveDeadLetters(letters, { onProgress })).toMatchObject({ redriven: 2, ended: "done" });
    expect(calls).toBe(2);
  });

  it.each<[string, object]>([
    ["limit", { limit: 0 }],
    ["perSecond", { perSecond: -1 }],
    ["dryRun", { dryRun: 1 }],
    ["force", { force: "yes" }],
    ["filter", { filter: "B" }],
    ["signal", { signal: {} }],
    ["onProgress", { onProgress: 1 }],
    ["rate", { rate: 1 }],
  ])("refuses a wrong %s before it looks at the store", async (name, options) => {
    const letters = new Letters("a");
    await expect(redriveDeadLetters(letters, options)).rejects.toThrow(`\`${name}\``);
    expect(letters.calls).toEqual([]);
  });
});

describe("a bulk run of which each takes its time", () => {
  const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);
  const waiting = (letters: Letters) => [...(letters.waiting?.keys() ?? [])];

  function slow(...ids: string[]): Letters {
    const letters = new Letters(...ids);
    letters.waiting = new Map();
    return letters;
  }

  /** Lets all end that are under way, and those that begin then, so many times. */
  async function rounds(letters: Letters, count = Number.POSITIVE_INFINITY): Promise<number[]> {
    const sizes: number[] = [];
    await settle();
    while (waiting(letters).length > 0 && sizes.length < count) {
      sizes.push(waiting(letters).length);
      await letters.end(...waiting(letters));
    }
    return sizes;
  }

  it("begins with one, has up to 64 under way, and counts each once", async () => {
    const letters = slow(...names(200));
    const run = redriveDeadLetters(letters);
    expect(await rounds(letters)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 9]);
    expect(await run).toMatchObject({ matched: 200, redriven: 200, ended: "done" });
    expect(letters.ids).toEqual([]);
  });

  it("has no more under way than 8 MiB, and one of any size", async () => {
    for (const [bytes, most] of [
      [3 * 2 ** 20, 2],
      [50 * 2 ** 20, 1],
    ] as const) {
      const letters = slow(...names(8));
      letters.bytes = bytes;
      const run = redriveDeadLetters(letters);
      expect(Math.max(...(await rounds(letters)))).toBe(most);
      expect(await run).toMatchObject({ redriven: 8 });
    }
  });

  it("takes up none above the limit, and others in place of those that vanish", async () => {
    const letters = slow(...names(10));
    letters.failures.set("n3", error("HELIX_DEAD_LETTER_NOT_FOUND"));
    const run = redriveDeadLetters(letters, { limit: 5 });
    expect(await rounds(letters)).toEqual([1, 2, 2, 1]);
    expect(await run).toMatchObject({ matched: 6, redriven: 5, vanished: 1, ended: "limit" });
    expect(letters.ids).toEqual(["n3", "n6", "n7", "n8", "n9"]);
  });

  it("takes up none after it is cancelled, and reports what was under way when that has ended", async () => {
    const letters = slow(...names(100));
    letters.failures.set("n5", error("HELIX_QUEUE_FULL"));
    const cancel = new AbortController();
    const run = redriveDeadLetters(letters, { signal: cancel.signal });
    await rounds(letters, 2);
    expect(waiting(letters)).toEqual(["n3", "n4", "n5", "n6"]);
    cancel.abort();
    await letters.end("n4");
    expect(waiting(letters)).toEqual(["n3", "n5", "n6"]);
    await letters.end("n3", "n5", "n6");
    const report = await run;
    expect(report).toMatchObject({ matched: 7, redriven: 6, failed: 1, ended: "cancelled" });
    expect(report).not.toHaveProperty("remaining");
  });

  it("takes up none after HELIX_QUEUE_FULL, and counts what was under way and what remains", async () => {
    const letters = slow(...names(20));
    for (const id of ["n4", "n6"]) letters.failures.set(id, error("HELIX_QUEUE_FULL"));
    const run = redriveDeadLetters(letters);
    await rounds(letters, 2);
    await letters.end("n4");
    await letters.end("n3", "n5", "n6");
    const report = await run;
    expect(report).toMatchObject({ matched: 7, redriven: 5, failed: 2, ended: "error", remaining: 13 });
    expect(report.errors).toEqual({ HELIX_QUEUE_FULL: 2 });
    expect(letters.ids).toEqual(["n4", "n6", ...names(20).slice(7)]);
  });

  it("ends at three failures one after the other, not at three between which others are done, and begins anew with one", async () => {
    const letters = slow(...names(40));
    for (const id of ["n3", "n4", "n6", "n20", "n21", "n22"]) letters.failures.set(id, new Error("not now"));
    const run = redriveDeadLetters(letters);
    await rounds(letters, 2);
    await letters.end("n3", "n4", "n5", "n6");
    expect(waiting(letters)).toEqual(["n7"]);
    expect(await rounds(letters)).toEqual([1, 2, 4, 8, 1]);
    expect(await run).toMatchObject({
      matched: 23,
      redriven: 17,
      failed: 6,
      ended: "error",
      remaining: 17,
    });
  });

  it("waits for what is under way when the store cannot be read on", async () => {
    const letters = slow(...names(10));
    letters.scanFailsAfter = 5;
    const run = redriveDeadLetters(letters);
    await rounds(letters);
    expect(await run).toMatchObject({
      matched: 5,
      redriven: 5,
      ended: "error",
      error: { message: "no connection" },
    });
  });

  it("keeps to the rate, however many are under way", async () => {
    const letters = slow(...names(6));
    const clock = new HastyClock();
    const atMs: number[] = [];
    letters.onCall = () => atMs.push(clock.monotonicMs());
    const run = redriveDeadLetters(letters, { perSecond: 10, clock });
    await rounds(letters);
    await run;
    expect(atMs).toEqual([0, 100, 200, 300, 400, 500]);
  });

  it("hands the dead letter itself to a store that can do with what it has just given", async () => {
    const letters = new Letters("a", "b");
    const taken: unknown[] = [];
    const scanned = {
      redrive: async ({ id }: DeadLetter, options: unknown) => void taken.push([id, options]),
      discard: async ({ id }: DeadLetter, options: unknown) => void taken.push([id, options]),
    };
    const store = Object.assign(letters, { scanned });
    expect(await redriveDeadLetters(store, { force: true })).toMatchObject({ redriven: 2 });
    expect(await discardDeadLetters(store, { why: "obsolete", limit: 1 })).toMatchObject({ discarded: 1 });
    expect(taken).toEqual([
      ["a", { force: true }],
      ["b", { force: true }],
      ["a", { why: "obsolete" }],
    ]);
    expect(letters.calls.filter(([kind]) => kind !== "scan")).toEqual([]);
  });
});

describe("discardDeadLetters", () => {
  it("discards what the filter finds, with the reason, also what is no payload", async () => {
    const letters = new Letters("a", "x1", "b");
    const report = await discardDeadLetters(letters, {
      filter: { priority: "low" },
      by: "me",
      why: "obsolete",
    });
    expect(report).toEqual({
      matched: 3,
      discarded: 3,
      failed: 0,
      skipped: 0,
      vanished: 0,
      errors: {},
      ended: "done",
    });
    expect(letters.calls[2]).toEqual(["discard", "x1", { by: "me", why: "obsolete" }]);
  });

  it("obeys dry run, limit and signal as a redrive does", async () => {
    const letters = new Letters("a", "b", "c");
    expect(await discardDeadLetters(letters, { dryRun: true })).toMatchObject({ discarded: 3 });
    expect(await discardDeadLetters(letters, { limit: 1 })).toMatchObject({ discarded: 1, ended: "limit" });
    const report = await discardDeadLetters(letters, { signal: AbortSignal.abort() });
    expect(report).toMatchObject({ matched: 0, discarded: 0, ended: "cancelled" });
    expect(letters.ids).toEqual(["b", "c"]);
  });

  it("refuses a reason that is no text", async () => {
    await expect(discardDeadLetters(new Letters(), { why: 1 as never })).rejects.toThrow("`why`");
  });
});
