import { createPayload, helixError, type Params } from "@helix/core";
import { expect, test } from "vitest";
import { heldBytes } from "./held-bytes.ts";

function costOf(params: Params, bytes: number): number {
  const payload = createPayload({
    targetCluster: "B",
    operation: { kind: "statement", query: "INSERT INTO ks.t (id, a) VALUES (?, ?)", params },
    timestampMicros: 1n,
  });
  return heldBytes({ content: { ok: true, payload }, bytes });
}

test("a blob costs its copies, a list what the driver makes of its elements", () => {
  expect(costOf(["id", Buffer.alloc(1_000_000)], 1_000_100)).toBeLessThan(3_100_000);
  const list = Array.from({ length: 200_000 }, (_, n) => n);
  expect(costOf(["id", list], 1_000_100)).toBeGreaterThan(50_000_000);
});

test("what cannot be decoded costs its bytes", () => {
  const error = helixError("HELIX_PAYLOAD_INVALID", "no", {});
  const raw = new Uint8Array(1000);
  expect(heldBytes({ content: { ok: false, raw, error }, bytes: 1000 })).toBe(3000);
});
