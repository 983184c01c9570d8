import { describe, expect, test } from "vitest";
import { Account } from "./account.ts";
import type { Entry } from "./application/call-book.ts";
import { countDoubles, doublesFigure } from "./executions.ts";
import { ReplayWatch } from "./replay-watch.ts";
import { writesOf } from "./writer.ts";

const begun = (call: number): Entry => ({ what: "begun", call, timestampMicros: `${1000 + call}` });
const queued = (call: number): Entry => ({
  what: "returned",
  call,
  ms: 20 + call,
  queuedFor: "B",
  replayId: `id-${call}`,
  repeats: call,
});

function accountOf(...entries: Entry[]): Account {
  const account = new Account(10);
  for (const entry of entries) account.add(entry);
  return account;
}

describe("Account", () => {
  test("knows the write behind the number of a call", () => {
    const [first] = writesOf(10);
    const id = first?.changes[0]?.id;
    const account = accountOf(begun(0), queued(0));
    expect([...account.ledger.rows().keys()]).toEqual([id]);
    expect(account.ledger.rows().get(id ?? -1)?.customer?.writeTime).toBe(1000n);
  });

  test("counts calls that are open, returned, made again and failed", () => {
    const account = accountOf(begun(0), begun(1), begun(2), queued(1), {
      what: "failed",
      call: 2,
      error: "no",
    });
    expect(account).toMatchObject({ begun: 3, open: 1, repeats: 1, isFinished: false });
    expect(account.tally).toMatchObject({ accepted: 1, errors: 1, queued: 1, slowestCallMs: 21 });
    expect(account.queued).toEqual(new Map([["id-1", "B 1001"]]));
  });

  test("takes a write for one that will be applied where its call failed and it is queued for both clusters", () => {
    const account = accountOf(
      begun(0),
      begun(1),
      { what: "failed", call: 1, error: "no" },
      {
        what: "failed",
        call: 0,
        error: "pending",
        queued: [
          { cluster: "A", replayId: "id-a" },
          { cluster: "B", replayId: "id-b" },
        ],
      },
    );
    expect([...account.ledger.rows().values()].map(({ customer }) => customer?.writeTime)).toEqual([1000n]);
    expect(account.tally).toMatchObject({ accepted: 0, errors: 2, queued: 2 });
    expect([...account.queued]).toEqual([
      ["id-a", "A 1000"],
      ["id-b", "B 1000"],
    ]);
  });

  test("counts a message that was applied twice as one", () => {
    const applied: Entry = { what: "applied", id: "id-0", lagMs: 5 };
    expect(accountOf(applied, { ...applied, lagMs: 9 }).tally).toMatchObject({
      replayed: 1,
      longestLagMs: 5,
    });
  });

  test.each([[[begun(1)]], [[begun(0), begun(0)]], [[queued(0)]], [[begun(0), queued(0), queued(0)]]])(
    "does not believe a book that makes no sense, such as %j",
    (entries) => {
      expect(() => accountOf(...entries)).toThrow(/^Call \d/);
    },
  );
});

describe("ReplayWatch", () => {
  const execution = (timestampMicros: bigint) => ({ timestampMicros, state: "applied" as const });

  test("counts a write for the pod that brought it first, and misses what nobody brought", () => {
    const account = accountOf(begun(0), begun(1), queued(0), queued(1));
    const watch = new ReplayWatch(account, 2);
    expect(watch.lost).toBe(2);
    watch.applied(1, "B", execution(1001n));
    watch.applied(0, "B", execution(1001n));
    watch.applied(0, "A", execution(1000n));
    expect(watch).toMatchObject({ shares: [1, 1], lost: 1 });
    expect(account.tally.replayed).toBe(2);
  });
});

describe("countDoubles", () => {
  const tap = (...executions: [bigint, "applied" | "refused" | "unanswered"][]) => ({
    executions: executions.map(([timestampMicros, state]) => ({ timestampMicros, state })),
  });
  const timestamps = new Set([1n, 2n, 3n, 4n]);
  const count = (...taps: ReturnType<typeof tap>[]) =>
    countDoubles(
      taps.map((one) => ({ cluster: "B", tap: one })),
      timestamps,
    );

  test("tells what was applied twice, over all pods, from what may have been", () => {
    const pod1 = tap([1n, "applied"], [2n, "unanswered"], [3n, "refused"], [4n, "applied"], [9n, "applied"]);
    const pod2 = tap([1n, "applied"], [2n, "applied"], [3n, "applied"], [9n, "applied"]);
    expect(count(pod1, pod2)).toEqual({ certain: 1, possible: 1 });
  });

  test("does not take the two clusters' copies of a write for one", () => {
    const once = tap([1n, "applied"]);
    const both = (["A", "B"] as const).map((cluster) => ({ cluster, tap: once }));
    expect(countDoubles(both, timestamps)).toEqual({ certain: 0, possible: 0 });
  });

  test("is shown as a range where it is not certain", () => {
    expect(doublesFigure("twice", { certain: 2, possible: 0 }).value).toBe("2");
    expect(doublesFigure("twice", { certain: 2, possible: 1001 }).value).toBe("2 to 1,003");
  });
});
