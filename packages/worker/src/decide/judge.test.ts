import {
  Backoff,
  createPayload,
  type DeadLetterReason,
  type ErrorReading,
  type Outcome,
  readingOf,
} from "@helix/core";
import { describe, expect, it } from "vitest";
import { FailureLedger } from "./failure-ledger.ts";
import { type Ended, Judge, type Verdict } from "./judge.ts";

const MAX_DELIVER = 3;
const PATIENCE_MS = 60_000;
const EXECUTE_TIMEOUT_MS = 1000;
const error = new Error("what the executor said");
const errorText = "what may be told of it";

const payloadOf = (id: string, table = "t") =>
  createPayload({
    id,
    targetCluster: "A",
    operation: { kind: "statement", query: `INSERT INTO ks.${table} (id) VALUES (?)`, params: [1] },
    tables: [`ks.${table}`],
    timestampMicros: 1n,
  });
const message = payloadOf("message");

type More = Partial<Ended> & { readonly reading?: Partial<ErrorReading> };

/** What has happened on the cluster until the execution that a case is about. */
class History {
  readonly judge = new Judge({
    ledger: new FailureLedger(),
    maxDeliver: MAX_DELIVER,
    patienceMs: PATIENCE_MS,
    executeTimeoutMs: EXECUTE_TIMEOUT_MS,
    retryDelayMs: 100,
    backoff: new Backoff({ initialMs: 100, maxMs: 30_000 }),
    random: () => 0.999_999,
  });
  nowMs = 100_000;
  #order = 1;

  /** Executions take 10 ms, one after the other. */
  ended(outcome: Outcome, { reading, ...more }: More = {}) {
    const startedAtMs = this.nowMs;
    this.nowMs += 10;
    return this.judge.note({
      payload: message,
      attempts: 0,
      order: this.#order++,
      startedAtMs,
      nowMs: this.nowMs,
      trial: false,
      ending:
        outcome === "applied"
          ? { outcome }
          : { outcome, error, reading: { ...readingOf({ outcome }), text: errorText, ...reading } },
      ...more,
    });
  }

  /** Another message of the table is applied. */
  served(table?: string): this {
    this.ended("applied", { payload: payloadOf("other", table) });
    return this;
  }

  /** The message fails as it will again, and others are applied before and after it. */
  failedBetweenGood(load?: ErrorReading["load"]): this {
    this.served();
    this.judge.verdict(this.ended("uncertain", { reading: { load } }), 0, false);
    return this.served();
  }

  pass(ms: number): this {
    this.nowMs += ms;
    return this;
  }
}

interface Case {
  readonly outcome: Outcome;
  readonly before?: (history: History) => void;
  readonly ended?: More;
  readonly trialInMs?: number;
  readonly isThere?: boolean;
}

const back = (delayMs: number): Verdict => ({
  kind: "hand-back",
  attempts: 0,
  counted: false,
  release: { delayMs },
});
const counted = (attempts: number, delayMs: number): Verdict => ({
  kind: "hand-back",
  attempts,
  counted: true,
  release: { delayMs, attempts, error, errorText },
});
/** The failure before was proved after its verdict; this one is not, yet. */
const owed = (attempts: number, delayMs: number): Verdict =>
  ({ ...counted(attempts, delayMs), counted: false }) as Verdict;
const dead = (reason: DeadLetterReason, attempts: number, isCounted: boolean): Verdict => ({
  kind: "dead-letter",
  attempts,
  counted: isCounted,
  cause: { reason, outcome: reason === "attempts" ? "uncertain" : "rejected", error, errorText, attempts },
});

describe("what becomes of a message whose execution has ended", () => {
  it.each<[string, Case, Verdict]>([
    ["applied", { outcome: "applied" }, { kind: "acknowledge" }],
    ["refused for good", { outcome: "rejected" }, dead("rejected", 1, true)],
    [
      "refused for good, after failures",
      { outcome: "rejected", ended: { attempts: 2 } },
      dead("rejected", 3, true),
    ],
    ["too old", { outcome: "rejected", ended: { reading: { reason: "too-old" } } }, dead("too-old", 1, true)],
    [
      "its table is gone",
      { outcome: "rejected", ended: { reading: { reason: "table-gone" } } },
      dead("table-gone", 1, true),
    ],
    [
      "a reason that there is not, which no queue would take",
      { outcome: "rejected", ended: { reading: { reason: "boredom" as never } } },
      dead("rejected", 1, true),
    ],
    [
      "a reason with a failure that may pass",
      { outcome: "unavailable", ended: { reading: { reason: "too-old" } } },
      back(100),
    ],
    ["no cluster", { outcome: "unavailable" }, back(100)],
    ["no cluster, the next trial in 400.2 ms", { outcome: "unavailable", trialInMs: 400.2 }, back(501)],
    [
      "no replicas of its data",
      { outcome: "unavailable", ended: { reading: { scope: "replicas" } } },
      back(100),
    ],
    [
      "no replicas of its data, for the third time",
      {
        outcome: "unavailable",
        ended: { reading: { scope: "replicas" } },
        before: (h) =>
          void [
            h.ended("unavailable", { reading: { scope: "replicas" } }),
            h.ended("unavailable", { reading: { scope: "replicas" } }),
          ],
      },
      back(400),
    ],
    ["nobody knows what", { outcome: "uncertain" }, back(100)],
    [
      "nobody knows what, after it",
      { outcome: "uncertain", before: (h) => void h.ended("uncertain") },
      back(200),
    ],
    [
      "nobody knows what, of the trial",
      { outcome: "uncertain", ended: { trial: true }, trialInMs: 800 },
      back(900),
    ],
    [
      "the failure before is proved",
      { outcome: "uncertain", before: (h) => h.failedBetweenGood() },
      owed(1, 200),
    ],
    [
      "one that started later was applied meanwhile",
      { outcome: "uncertain", before: (h) => h.served(), ended: { order: 0 } },
      counted(1, 100),
    ],
    [
      "proved for the last time",
      { outcome: "uncertain", before: (h) => h.failedBetweenGood(), ended: { attempts: MAX_DELIVER - 1 } },
      dead("attempts", MAX_DELIVER, false),
    ],
    [
      "what is proved is another table's",
      { outcome: "uncertain", before: (h) => h.served("u"), ended: { order: 0 } },
      back(100),
    ],
    [
      "the first timeouts",
      {
        outcome: "uncertain",
        before: (h) => h.failedBetweenGood("timeout"),
        ended: { reading: { load: "timeout" } },
      },
      back(200),
    ],
    [
      "a timeout after two execute timeouts",
      {
        outcome: "uncertain",
        before: (h) =>
          h
            .failedBetweenGood("timeout")
            .pass(2 * EXECUTE_TIMEOUT_MS)
            .served(),
        ended: { reading: { load: "timeout" }, order: 0 },
      },
      counted(1, 200),
    ],
    [
      "a timeout of a message that has an attempt",
      {
        outcome: "uncertain",
        before: (h) => h.served(),
        ended: { reading: { load: "timeout" }, attempts: 1, order: 0 },
      },
      counted(2, 100),
    ],
    [
      "a connection that went, whatever is applied",
      {
        outcome: "uncertain",
        before: (h) => h.failedBetweenGood("connection-lost").failedBetweenGood("connection-lost"),
        ended: { reading: { load: "connection-lost" }, order: 0 },
      },
      back(400),
    ],
    [
      "a connection that went, of the trial",
      { outcome: "uncertain", ended: { reading: { load: "connection-lost" }, trial: true }, trialInMs: 800 },
      back(900),
    ],
    [
      "for long, its table is served now and then, and the cluster is there",
      {
        outcome: "uncertain",
        before: (h) => void [h.ended("uncertain"), h.pass(PATIENCE_MS).served().pass(5000)],
        isThere: true,
      },
      counted(1, 200),
    ],
    [
      "for long, its table is served now and then, and the cluster is not there",
      {
        outcome: "uncertain",
        before: (h) => void [h.ended("uncertain"), h.pass(PATIENCE_MS).served().pass(5000)],
      },
      back(200),
    ],
    [
      "for long, nothing is applied, and the cluster is there",
      {
        outcome: "uncertain",
        before: (h) => void [h.ended("uncertain"), h.pass(PATIENCE_MS)],
        isThere: true,
      },
      back(200),
    ],
  ])("%s", (_, { outcome, before, ended, trialInMs = 0, isThere = false }, expected) => {
    const history = new History();
    before?.(history);
    const noted = history.ended(outcome, ended);
    expect(history.judge.verdict(noted, trialInMs, isThere)).toEqual(expected);
  });

  it("is decided with a probe only where a message fails for long whose table is served", () => {
    const history = new History();
    const first = history.ended("uncertain");
    const late = history.pass(PATIENCE_MS).ended("uncertain");
    const served = history.served().pass(5000).ended("uncertain");
    const all = [first, late, served, history.ended("unavailable"), history.ended("applied")];
    expect(all.map((noted) => history.judge.wantsProbe(noted))).toEqual([false, false, true, false, false]);
  });
});
