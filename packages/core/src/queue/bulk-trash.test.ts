import { describe, expect, it } from "vitest";
import { helixError } from "../errors.ts";
import { discardDeadLetters } from "./bulk-dead-letters.ts";
import { emptyTrash, restoreDeadLetters } from "./bulk-trash.ts";
import type { DeadLetter } from "./dead-letters.ts";
import type { BulkTrash, TrashedLetter } from "./trash.ts";

/** A trash of nothing but ids, and what was asked of it. */
function trashOf(ids: readonly string[], act: (verb: string, id: string) => void = () => {}) {
  const calls: unknown[][] = [];
  const take = async (...call: [string, string, ...unknown[]]) => {
    calls.push(call);
    act(call[0], call[1]);
  };
  const trash: BulkTrash = {
    async *scan(filter, options) {
      calls.push(["scan", filter, options]);
      for (const id of ids) yield { id, raw: new Uint8Array(10) } as TrashedLetter;
    },
    restore: (id) => take("restore", id),
    delete: (id, options) => take("delete", id, options),
  };
  return { trash, calls };
}

const WHOLE = { failed: 0, skipped: 0, vanished: 0, errors: {}, ended: "done" };

describe("restoreDeadLetters", () => {
  it("restores what the filter finds up to a cut-off, and reports it", async () => {
    const { trash, calls } = trashOf(["a", "b"]);
    const report = await restoreDeadLetters(trash, { filter: { priority: "low" }, until: "then" });
    expect(report).toEqual({ ...WHOLE, matched: 2, restored: 2 });
    expect(calls).toEqual([
      ["scan", { priority: "low" }, { until: "then" }],
      ["restore", "a"],
      ["restore", "b"],
    ]);
  });

  it("obeys dry run and limit, and counts what somebody else has ended", async () => {
    const { trash, calls } = trashOf(["a", "b", "c"], (_, id) => {
      if (id === "a") throw helixError("HELIX_DEAD_LETTER_NOT_FOUND", "gone", { id });
    });
    expect(await restoreDeadLetters(trash, { dryRun: true })).toMatchObject({ restored: 3 });
    expect(calls).toHaveLength(1);
    const report = await restoreDeadLetters(trash, { limit: 1 });
    expect(report).toMatchObject({ restored: 1, vanished: 1, matched: 2, ended: "limit" });
  });

  it("is over as soon as the dead letters are full, since the next would fail as well", async () => {
    const full = helixError("HELIX_DEAD_LETTERS_FULL", "full", { lane: "high.A" });
    const { trash } = trashOf(["a", "b", "c"], () => {
      throw full;
    });
    const report = await restoreDeadLetters(trash);
    expect(report).toMatchObject({ restored: 0, failed: 1, ended: "error", error: full, remaining: 2 });
  });

  it("refuses an option that a discard has, and a redrive", async () => {
    const { trash } = trashOf([]);
    for (const option of ["by", "force"])
      await expect(restoreDeadLetters(trash, { [option]: true })).rejects.toThrow(`\`${option}\``);
  });

  it("hands over what the trash itself has just given, where it can do with that", async () => {
    const { trash, calls } = trashOf(["a"]);
    const taken: unknown[] = [];
    const scanned = {
      restore: async ({ id }: DeadLetter) => void taken.push(["restore", id]),
      delete: async ({ id }: DeadLetter, options: unknown) => void taken.push(["delete", id, options]),
    };
    await restoreDeadLetters({ ...trash, scanned });
    await emptyTrash({ ...trash, scanned }, { why: "old" });
    expect(taken).toEqual([
      ["restore", "a"],
      ["delete", "a", { why: "old" }],
    ]);
    expect(calls.filter(([verb]) => verb !== "scan")).toEqual([]);
  });
});

describe("emptyTrash", () => {
  it("deletes what the filter finds, for whom and why, and reports it", async () => {
    const { trash, calls } = trashOf(["a"]);
    const report = await emptyTrash(trash, { filter: { cluster: "A" }, by: "me", why: "obsolete" });
    expect(report).toEqual({ ...WHOLE, matched: 1, deleted: 1 });
    expect(calls.at(-1)).toEqual(["delete", "a", { by: "me", why: "obsolete" }]);
    await expect(emptyTrash(trash, { why: 1 as never })).rejects.toThrow("`why`");
  });
});

describe("discardDeadLetters", () => {
  it("is over as soon as the trash is full", async () => {
    const full = helixError("HELIX_TRASH_FULL", "full", { lane: "high.A" });
    const { scan } = trashOf(["a", "b"]).trash;
    const store = { scan, redrive: () => Promise.reject(full), discard: () => Promise.reject(full) };
    const report = await discardDeadLetters(store);
    expect(report).toMatchObject({ discarded: 0, failed: 1, ended: "error", error: full, remaining: 1 });
  });
});
