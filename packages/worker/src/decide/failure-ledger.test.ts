import { describe, expect, it } from "vitest";
import { FailureLedger, type Place } from "./failure-ledger.ts";

/** A failure of an execution that took no time. */
function failed(ledger: FailureLedger, key: string, table: string | undefined, order: number, nowMs: number) {
  return ledger.failed(key, { table }, "table", { order, startedAtMs: nowMs }, nowMs, 0);
}

describe("FailureLedger", () => {
  it("proves a failure by another message of the table that started later and was applied before it failed", () => {
    const ledger = new FailureLedger();
    ledger.applied({ table: "ks.t" }, 2, 10);
    const failure = failed(ledger, "bad", "ks.t", 1, 20);
    expect([failure.proved, ledger.collect(failure)]).toEqual([true, 1]);
  });

  it("proves a failure by one that is applied up to a second after it, and by none later", () => {
    const ledger = new FailureLedger();
    ledger.applied({ table: "ks.t" }, 0, 0);
    const first = failed(ledger, "a", "ks.t", 1, 0);
    const second = failed(ledger, "b", "ks.t", 2, 1);
    ledger.applied({ table: "ks.t" }, 3, 1001);
    expect([first.proved, second.proved]).toEqual([false, true]);
    ledger.applied({ table: "ks.t" }, 4, 1001);
    expect([ledger.collect(first), ledger.collect(second)]).toEqual([0, 1]);
  });

  it("proves by what comes later only where the table was served up to a second before the start, or since", () => {
    for (const [appliedAtMs, isProved] of [
      [undefined, false],
      [8999, false],
      [9000, true],
      [14_000, true],
    ] as const) {
      const ledger = new FailureLedger();
      if (appliedAtMs !== undefined) ledger.applied({ table: "ks.t" }, 0, appliedAtMs);
      const failure = ledger.failed(
        "bad",
        { table: "ks.t" },
        "table",
        { order: 1, startedAtMs: 10_000 },
        15_000,
        0,
      );
      ledger.applied({ table: "ks.t" }, 2, 15_100);
      expect(failure.proved).toBe(isProved);
    }
  });

  it("proves nothing during the grace that is given, which begins with the first failure of a message", () => {
    const ledger = new FailureLedger();
    const fail = (nowMs: number) =>
      ledger.failed("bad", { table: "ks.t" }, "table", { order: nowMs, startedAtMs: nowMs }, nowMs, 50);
    ledger.applied({ table: "ks.t" }, 0, 0);
    const failures = [10, 59, 60].map((nowMs) => {
      const failure = fail(nowMs);
      ledger.applied({ table: "ks.t" }, nowMs + 1, nowMs);
      return failure;
    });
    expect(failures.map(({ proved }) => proved)).toEqual([false, false, true]);
  });

  it("does not take one that started earlier for a proof", () => {
    const ledger = new FailureLedger();
    ledger.applied({ table: "ks.t" }, 1, 10);
    const failure = failed(ledger, "bad", "ks.t", 2, 20);
    ledger.applied({ table: "ks.t" }, 0, 30);
    expect(failure.proved).toBe(false);
    ledger.applied({ table: "ks.t" }, 3, 40);
    expect(failure.proved).toBe(true);
  });

  it("proves one failure of a message by one application, however often it failed just before", () => {
    const ledger = new FailureLedger();
    ledger.applied({ table: "ks.t" }, 0, 0);
    const failures = [1, 2, 3].map((order) => failed(ledger, "a", "ks.t", order, order));
    ledger.applied({ table: "ks.t" }, 4, 10);
    ledger.applied({ table: "ks.t" }, 5, 11);
    expect(failures.map(({ proved }) => proved)).toEqual([false, false, true]);
  });

  it("proves nothing across tables, or where the table is unknown", () => {
    const ledger = new FailureLedger();
    ledger.applied({ table: "ks.t" }, 0, 0);
    const here = failed(ledger, "a", "ks.t", 1, 0);
    const nowhere = failed(ledger, "b", undefined, 2, 0);
    ledger.applied({ table: "ks.other" }, 3, 1);
    ledger.applied({}, 4, 1);
    expect([here.proved, nowhere.proved]).toEqual([false, false]);
  });

  it("proves nothing across a change of the breaker, in either direction", () => {
    const ledger = new FailureLedger();
    const before = failed(ledger, "a", "ks.t", 1, 0);
    ledger.beginEra(5, 0);
    ledger.applied({ table: "ks.t" }, 6, 1);
    const late = failed(ledger, "b", "ks.t", 2, 2);
    ledger.applied({ table: "ks.t" }, 7, 3);
    expect([before.proved, late.proved]).toEqual([false, false]);

    const after = failed(ledger, "c", "ks.t", 8, 4);
    ledger.beginEra(10, 0);
    ledger.applied({ table: "ks.t" }, 9, 5);
    expect(after.proved).toBe(false);
  });

  it("knows whether the table was served between two failures of a message, and uses that once", () => {
    const ledger = new FailureLedger();
    const served = (order: number) => failed(ledger, "bad", "ks.t", order, order * 10_000).isServed;
    ledger.applied({ table: "ks.t" }, 0, 0);
    expect([served(1), served(2)]).toEqual([false, false]);
    ledger.applied({ table: "ks.other" }, 3, 30_000);
    ledger.applied({ table: "ks.t" }, 4, 32_000);
    expect([served(5), served(6)]).toEqual([true, false]);
  });

  it("does not use what has proved one failure as a sign at the next", () => {
    const ledger = new FailureLedger();
    ledger.applied({ table: "ks.t" }, 0, 0);
    const first = failed(ledger, "bad", "ks.t", 1, 0);
    ledger.applied({ table: "ks.t" }, 2, 1);
    const next = failed(ledger, "bad", "ks.t", 3, 10_000);
    expect([first.proved, next.isServed]).toEqual([true, false]);
  });

  it("counts each failure once, and tells of late proofs with the next one", () => {
    const ledger = new FailureLedger();
    const first = failed(ledger, "bad", "ks.t", 1, 0);
    expect(ledger.collect(first)).toBe(0);
    ledger.applied({ table: "ks.t" }, 2, 1);
    ledger.applied({ table: "ks.t" }, 3, 2);
    ledger.prove(first);
    const second = failed(ledger, "bad", "ks.t", 4, 3);
    ledger.prove(second);
    ledger.applied({ table: "ks.t" }, 5, 4);
    expect([ledger.collect(second), ledger.collect(second)]).toEqual([2, 0]);
  });

  it("counts the failures of a message in a row until it has ended", () => {
    const ledger = new FailureLedger();
    failed(ledger, "bad", "ks.t", 1, 5);
    const failure = failed(ledger, "bad", "ks.t", 2, 9);
    expect(failure).toMatchObject({ forMs: 4, record: { failures: 2 } });
    expect([ledger.failuresOf("bad"), ledger.failuresOf("good"), ledger.size]).toEqual([2, 0, 1]);
    ledger.forget("bad");
    expect([ledger.failuresOf("bad"), ledger.size]).toEqual([0, 0]);
  });

  it("counts what could not be served for the backoff alone: neither for patience, nor to be proved", () => {
    const ledger = new FailureLedger();
    expect([ledger.unserved("m"), ledger.unserved("m"), ledger.failuresOf("m")]).toEqual([1, 2, 2]);
    ledger.applied({ table: "ks.t" }, 5, 1000);
    const failure = failed(ledger, "m", "ks.t", 6, 900_000);
    expect(failure).toMatchObject({ forMs: 0, proved: false, isServed: false });
    expect(ledger.collect(failure)).toBe(0);
  });

  it("forgets the message that failed longest ago when it holds 50,000", () => {
    const ledger = new FailureLedger();
    for (let n = 0; n < 50_000; n++) failed(ledger, `m${n}`, "ks.t", n, 0);
    failed(ledger, "m0", "ks.t", 50_000, 1);
    failed(ledger, "new", "ks.t", 50_001, 2);
    expect([ledger.size, ledger.failuresOf("m0"), ledger.failuresOf("m1")]).toEqual([50_000, 2, 0]);
  });

  it("keeps tables and texts that are in use, however many others there are, and those apart", () => {
    const ledger = new FailureLedger();
    for (let n = 0; n < 5000; n++) {
      ledger.applied({ table: "ks.used", text: "INSERT used" }, 2 * n, n);
      ledger.applied({ table: `ks.t${n}`, text: `INSERT ${n}` }, 2 * n + 1, n);
    }
    ledger.applied({ table: "ks.t" }, 10_000, 5000);
    for (let n = 0; n < 5000; n++) ledger.applied({ text: `INSERT ${n}` }, 10_001 + n, 5000);
    const failing = (place: Place) =>
      ledger.failed(
        "bad",
        place,
        "table" in place ? "table" : "text",
        { order: 9997, startedAtMs: 5000 },
        5000,
        0,
      ).proved;
    expect([failing({ table: "ks.t" }), failing({ table: "ks.used" })]).toEqual([true, true]);
    expect([failing({ text: "INSERT used" }), failing({ text: "INSERT 4999" })]).toEqual([false, true]);
  });

  describe("of one that it does not know", () => {
    const place = () => ({ table: "ks.away", text: "INSERT" });
    const known = (ledger: FailureLedger, key: string) => [
      ledger.hasFailed(key, place),
      ledger.failingForMs(key, place, 3_600_000),
    ];

    it("believes that it has not failed, as long as nothing was forgotten", () => {
      const ledger = new FailureLedger();
      for (let n = 0; n < 49_999; n++) failed(ledger, `m${n}`, "ks.away", n, n);
      expect(known(ledger, "new")).toEqual([false, 0]);
      expect(known(ledger, "m1000")).toEqual([true, 3_599_000]);
    });

    it("believes afterwards that it has failed for as long as its table, until that is served", () => {
      const ledger = new FailureLedger();
      for (let n = 0; n < 60_000; n++) failed(ledger, `m${n}`, "ks.away", n, n);
      expect(known(ledger, "m0")).toEqual([true, 3_600_000]);
      ledger.applied({ table: "ks.away", text: "INSERT" }, 60_000, 60_000);
      expect(known(ledger, "m0")).toEqual([false, 0]);
      expect(known(ledger, "m59999")).toEqual([true, 3_540_001]);
    });

    it("knows nothing of its table when the cluster went away or came back", () => {
      const ledger = new FailureLedger();
      for (let n = 0; n < 60_000; n++) failed(ledger, `m${n}`, "ks.away", n, n);
      ledger.beginEra(60_000, 3_600_000);
      expect(known(ledger, "m0")).toEqual([false, 0]);
    });
  });
});
