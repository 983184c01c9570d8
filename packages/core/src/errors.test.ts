import { describe, expect, test, vi } from "vitest";
import { HelixError, helixError, isHelixError } from "./errors.ts";

describe("HelixError", () => {
  test("carries its code, the fields of the code and its cause", () => {
    const cause = new Error("below");
    const error = helixError(
      "HELIX_QUEUE_FULL",
      "full",
      { lane: "high.A", limit: "bytes", capacity: 7 },
      { cause },
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code: "HELIX_QUEUE_FULL",
      lane: "high.A",
      limit: "bytes",
      capacity: 7,
      cause,
    });
    expect((error.capacity ?? 0) + 1).toBe(8);
    expect(String(error)).toBe("HelixError: full");
  });

  test("becomes JSON with name, message and fields, a timestamp as text", () => {
    const clusters = { A: { applied: "no", queued: "no", cause: new Error("below") } } as const;
    const report = { clusters, timestampMicros: 1_764_000_000_123_456n };
    const error = helixError("HELIX_BOTH_CLUSTERS_FAILED", "both", report, { cause: new Error("below") });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({
      error: {
        name: "HelixError",
        message: "both",
        code: "HELIX_BOTH_CLUSTERS_FAILED",
        clusters: { A: { applied: "no", queued: "no", cause: {} } },
        timestampMicros: "1764000000123456",
      },
    });
  });

  test("is recognised by code", () => {
    const error: unknown = helixError("HELIX_QUEUE_CLOSED", "closed", {});
    expect(isHelixError(error)).toBe(true);
    expect(isHelixError(error, "HELIX_QUEUE_CLOSED")).toBe(true);
    expect(isHelixError(error, "HELIX_QUEUE_FULL")).toBe(false);
  });

  test.each([undefined, null, "HELIX_QUEUE_FULL", 5, new Error("x"), { code: "HELIX_QUEUE_FULL" }])(
    "does not take %s for one of ours",
    (value) => {
      expect(isHelixError(value)).toBe(false);
    },
  );

  test("is recognised across two copies of the package", async () => {
    vi.resetModules();
    const copy = await import("./errors.ts");
    const error = copy.helixError("HELIX_QUEUE_CLOSED", "closed", {});
    expect(error).not.toBeInstanceOf(HelixError);
    expect(isHelixError(error, "HELIX_QUEUE_CLOSED")).toBe(true);
  });
});
