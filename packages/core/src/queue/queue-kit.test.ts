import { describe, expect, test } from "vitest";
import { createPayload } from "../payload/payload.ts";
import { deathOf, recordAfter } from "./failure-record.ts";
import { redriven } from "./redriven.ts";

describe("the record of a message's failures", () => {
  test("keeps the first error that came with a count, and is as it was after a release without one", () => {
    const none = { attempts: 0 };
    expect(recordAfter(none, { error: new Error("not counted") })).toBe(none);
    const first = recordAfter(none, { attempts: 1, error: new TypeError("first") });
    expect(first).toEqual({ attempts: 1, firstError: { name: "TypeError", message: "first" } });
    const second = recordAfter(first, { attempts: 2, error: new Error("second") });
    expect(second).toEqual({ ...first, attempts: 2 });
    expect(recordAfter(none, { attempts: 0, error: new Error("of none") })).toEqual(none);
  });

  test("is in its dead letter, with the last failure and the count with which it died", () => {
    const before = { attempts: 4, firstError: { name: "TypeError", message: "first" } };
    const last = new RangeError("last");
    expect(deathOf({ reason: "attempts", outcome: "uncertain", error: last, attempts: 5 }, before)).toEqual({
      reason: "attempts",
      outcome: "uncertain",
      error: { name: "RangeError", message: "last" },
      firstError: before.firstError,
      attempts: 5,
    });
    expect(deathOf({ reason: "held" }, { attempts: 0 })).toEqual({ reason: "held", attempts: 0 });
  });
});

test("a redriven payload is the same write with one life more, enqueued now, and not on hold", () => {
  const payload = createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: [1] },
    timestampMicros: 5n,
    disposition: "hold",
  });
  const next = redriven(payload, 7_000);
  const { disposition: _, ...rest } = payload;
  expect(next).toEqual({ ...rest, life: 1, enqueuedAtMs: 7_000 });
  expect(redriven(next, 8_000)).toMatchObject({ id: payload.id, life: 2, timestampMicros: 5n });
});
