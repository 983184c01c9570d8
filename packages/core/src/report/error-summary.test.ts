import { describe, expect, it } from "vitest";
import { helixError } from "../errors.ts";
import { errorSummary, toldSummary } from "./error-summary.ts";

describe("errorSummary", () => {
  it("keeps name, text and code", () => {
    expect(errorSummary(helixError("HELIX_QUEUE_CLOSED", "closed", {}))).toEqual({
      name: "HelixError",
      message: "closed",
      code: "HELIX_QUEUE_CLOSED",
    });
    expect(errorSummary(Object.assign(new Error("refused"), { code: 8704 }))?.code).toBe("8704");
  });

  it("has something to say of whatever was thrown, and nothing of nothing", () => {
    expect(errorSummary("text")).toEqual({ name: "string", message: "text" });
    expect(errorSummary({})).toEqual({ name: "Error", message: "" });
    expect(errorSummary(undefined)).toBeUndefined();
    const thrower = Object.defineProperty({}, "message", { get: () => expect.fail() });
    expect(errorSummary(thrower)).toEqual({ name: "Error", message: "" });
  });

  it("cuts a long text at 2 KiB, between characters", () => {
    const message = errorSummary(new Error(`x${"é".repeat(2000)}`))?.message ?? "";
    expect(Buffer.byteLength(message)).toBe(2047);
    expect(message.endsWith("é")).toBe(true);
  });
});

describe("toldSummary", () => {
  it("has the text of its reading, or one that quotes nothing", () => {
    const error = Object.assign(new TypeError("canary"), { code: 8704 });
    expect(toldSummary(error)).toEqual({ name: "TypeError", message: "TypeError 0x2200", code: "8704" });
    expect(toldSummary(error, "no number")).toEqual({
      name: "TypeError",
      message: "no number",
      code: "8704",
    });
    expect(toldSummary("canary")).toEqual({ name: "string", message: "a thrown string" });
    expect(toldSummary(null)).toBeUndefined();
  });
});
