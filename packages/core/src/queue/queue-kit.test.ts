import { describe, expect, test } from "vitest";
import { helixError } from "../errors.ts";
import { createPayload, type Disposition } from "../payload/payload.ts";
import type { DeadLetterReason } from "./dead-letters.ts";
import { deathOf, recordAfter } from "./failure-record.ts";
import { redriven } from "./redriven.ts";

describe("the record of a message's failures", () => {
  test("keeps the first error that came with a count, and is as it was after a release without one", () => {
    const none = { attempts: 0 };
    expect(recordAfter(none, { error: new Error("not counted") })).toBe(none);
    const first = recordAfter(none, { attempts: 1, error: new TypeError("quotes"), errorText: "first" });
    expect(first).toEqual({ attempts: 1, firstError: { name: "TypeError", message: "first" } });
    const second = recordAfter(first, { attempts: 2, error: new Error("second") });
    expect(second).toEqual({ ...first, attempts: 2 });
    expect(recordAfter(none, { attempts: 0, error: new Error("of none") })).toEqual(none);
    const untold = recordAfter(none, { attempts: 1, error: new TypeError("quotes a value") });
    expect(untold.firstError).toEqual({ name: "TypeError", message: "TypeError" });
  });

  test("is in its dead letter, with the last failure and the count with which it died", () => {
    const before = { attempts: 4, firstError: { name: "TypeError", message: "first" } };
    const last = new RangeError("last");
    expect(deathOf({ reason: "attempts", outcome: "uncertain", error: last, attempts: 5 }, before)).toEqual({
      reason: "attempts",
      outcome: "uncertain",
      error: { name: "RangeError", message: "last" },
      toldError: { name: "RangeError", message: "RangeError" },
      firstError: before.firstError,
      attempts: 5,
    });
    expect(deathOf({ reason: "held" }, { attempts: 0 })).toEqual({ reason: "held", attempts: 0 });
  });
});

describe("redriven", () => {
  const payload = createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [1] },
    timestampMicros: 5n,
    tables: ["ks.t"],
    schema: { gcGraceSeconds: 864_000, tableIds: { "ks.t": null } },
  });
  const letter = (reason: DeadLetterReason, disposition?: Disposition) => ({
    id: "a.0",
    reason,
    content: { ok: true, payload: { ...payload, disposition } } as const,
  });

  test("is the same write with one life more, enqueued now", () => {
    const next = redriven(letter("attempts"), {}, 7_000);
    expect(next).toEqual({ ...payload, life: 1, enqueuedAtMs: 7_000 });
    const again = { ...letter("attempts"), content: { ok: true, payload: next } } as const;
    expect(redriven(again, {}, 8_000)).toEqual({ ...payload, life: 2, enqueuedAtMs: 8_000 });
  });

  test.each<[Disposition | undefined, boolean, Disposition | undefined]>([
    [undefined, false, undefined],
    ["replay", false, undefined],
    ["hold", false, "unsafe"],
    ["unsafe", false, "unsafe"],
    ["force", false, "unsafe"],
    [undefined, true, "force"],
    ["hold", true, "force"],
    ["unsafe", true, "force"],
    ["force", true, "force"],
  ])("of %s, with force %s, is %s", (before, force, after) => {
    expect(redriven(letter("attempts", before), { force }, 7_000).disposition).toBe(after);
  });

  test.each<[DeadLetterReason, boolean]>([
    ["rejected", false],
    ["attempts", false],
    ["expired", false],
    ["held", false],
    ["undecodable", false],
    ["too-old", true],
    ["table-gone", true],
    ["what only a newer version knows" as DeadLetterReason, true],
  ])("of %s needs force: %s", (reason, needed) => {
    const run = () => redriven(letter(reason), {}, 7_000);
    if (needed)
      expect(run).toThrow(expect.objectContaining({ code: "HELIX_REDRIVE_NEEDS_FORCE", id: "a.0", reason }));
    else expect(run()).toMatchObject({ life: 1 });
    expect(redriven(letter(reason), { force: true }, 7_000)).toMatchObject({ disposition: "force", life: 1 });
  });

  test("of bytes that are no payload is refused, by force as well", () => {
    const error = helixError("HELIX_PAYLOAD_INVALID", "no", {});
    const broken = {
      ...letter("undecodable"),
      content: { ok: false, raw: new Uint8Array(), error },
    } as const;
    expect(() => redriven(broken, { force: true }, 7_000)).toThrow(error);
  });
});
