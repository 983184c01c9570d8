import type { DeadLetterReason } from "@helix/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEpitaph, type Epitaph, encodeEpitaph } from "./dead-letter-format.ts";

const text = fc.string({ unit: "binary", maxLength: 3000 });
const word = fc.stringMatching(/^[\w$.-]{1,64}$/);
const failure = fc.record({ name: word, message: text, code: fc.option(word, { nil: undefined }) });

function epitaph(fields: Partial<Epitaph>): Epitaph {
  return { id: "a.0", lane: "high.A", reason: "rejected", attempts: 1, deadAtMs: 2, origin: {}, ...fields };
}

describe("the header of a dead letter", () => {
  test("is one line of ASCII that fits, and keeps as much of both errors as does", () => {
    fc.assert(
      fc.property(failure, failure, (error, firstError) => {
        const header = encodeEpitaph(epitaph({ error, firstError }));
        expect(header).toMatch(/^[ -~]*$/);
        expect(header.length).toBeLessThanOrEqual(12 * 1024);
        const read = decodeEpitaph(header);
        expect(error.message.startsWith(read?.error?.message ?? "?")).toBe(true);
        expect([read?.error?.name, read?.error?.code]).toEqual([error.name, error.code]);
        expect(firstError.message.startsWith(read?.firstError?.message ?? "?")).toBe(true);
      }),
    );
  });

  test("keeps everything that is short", () => {
    const whole = epitaph({
      reason: "attempts",
      outcome: "uncertain",
      error: { name: "TypeError", message: "é\n🙂", code: "17" },
      firstError: { name: "Error", message: "" },
      origin: { stream: "s", sequence: 7 },
    });
    const { id: _, lane: __, ...said } = whole;
    expect(decodeEpitaph(encodeEpitaph(whole))).toEqual(said);
  });

  test("keeps a reason that only a newer version knows", () => {
    const newer = epitaph({ reason: "eclipsed" as DeadLetterReason });
    expect(decodeEpitaph(encodeEpitaph(newer))?.reason).toBe("eclipsed");
  });

  test("is cut until it fits, however long the texts of both errors are", () => {
    const error = { name: "Error", message: "\u0000".repeat(50_000) };
    expect(encodeEpitaph(epitaph({ error, firstError: error })).length).toBeLessThanOrEqual(12 * 1024);
  });

  test.each(["", "{}", "null", "[1]", '{"reason":7}', '{"reason":"What?"}', undefined])(
    "that is something else, %s, is nothing",
    (header) => {
      expect(decodeEpitaph(header)).toBeUndefined();
    },
  );
});
