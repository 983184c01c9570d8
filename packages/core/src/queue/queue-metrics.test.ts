import { expect, test } from "vitest";
import type { Metrics } from "../report/metrics.ts";
import type { DeadLetter, DeadLetterStore } from "./dead-letters.ts";
import { countDrained, countedDeadLetters, reportDepths, reportRoom } from "./queue-metrics.ts";
import type { TrashedLetter } from "./trash.ts";

const fail = (): never => {
  throw new Error("Metric has other labels");
};
const broken: Metrics = { increment: fail, gauge: fail, observe: fail };

test("metrics that throw do not make a redrive or a discard that worked look failed, nor depths unreadable", async () => {
  const done: string[] = [];
  const store = {
    get: async () => ({ lane: "high.A" }),
    redrive: async (id: string) => void done.push(`redrive ${id}`),
    discard: async (id: string) => void done.push(`discard ${id}`),
    trash: {
      get: async () => ({ lane: "high.A" }),
      restore: async (id: string) => void done.push(`restore ${id}`),
    },
  } as unknown as DeadLetterStore;
  const counted = countedDeadLetters(store, broken);
  await counted.redrive("one");
  await counted.discard("two");
  await counted.trash.restore("two");
  expect(done).toEqual(["redrive one", "discard two", "restore two"]);
  const depths = async () => [{ lane: "high.A" as const, pending: 1, inFlight: 0, delayed: 0, stuck: 0 }];
  await reportDepths({ depths }, broken);
  await reportRoom({ traits: { maxDemand: 1, retentionMs: 1000 } }, broken);
  countDrained([{ targetCluster: "A", priority: "high" } as never], broken);
});

test("a dead letter that cannot be looked at for its lane is redriven all the same, and not counted", async () => {
  const redriven: string[] = [];
  const store = {
    get: () => Promise.reject(new Error("cannot be read")),
    redrive: async (id: string) => void redriven.push(id),
  } as unknown as DeadLetterStore;
  let counted = 0;
  const metrics: Metrics = { increment: () => void counted++, gauge() {}, observe() {} };
  await countedDeadLetters(store, metrics).redrive("one");
  expect([redriven, counted]).toEqual([["one"], 0]);
});

test("what a scan has just given is counted by its own lane, and not read again", async () => {
  const done: string[] = [];
  const store = {
    get: () => Promise.reject(new Error("read again")),
    scanned: {
      redrive: async ({ id }: DeadLetter) => void done.push(`redrive ${id}`),
      discard: async () => Promise.reject(new Error("gone")),
    },
    trash: {
      scanned: {
        restore: async ({ id }: DeadLetter) => void done.push(`restore ${id}`),
        delete: async ({ id }: DeadLetter) => void done.push(`delete ${id}`),
      },
    },
  } as unknown as DeadLetterStore;
  const counts: unknown[] = [];
  const metrics: Metrics = { increment: (...count) => void counts.push(count), gauge() {}, observe() {} };
  const { scanned, trash } = countedDeadLetters(store, metrics);
  const letter = { id: "one", lane: "low.A" } as TrashedLetter;
  await scanned?.redrive(letter);
  await expect(scanned?.discard(letter)).rejects.toThrow("gone");
  await trash.scanned?.restore(letter);
  await trash.scanned?.delete(letter);
  const lane = { cluster: "A", priority: "low" };
  expect([done, counts]).toEqual([
    ["redrive one", "restore one", "delete one"],
    [
      ["helix_redriven_total", lane],
      ["helix_restored_total", lane],
    ],
  ]);
});
