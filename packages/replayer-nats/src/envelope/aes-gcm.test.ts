import { randomBytes } from "node:crypto";
import { isHelixError } from "@helix/core";
import { seededRandom } from "@helix/testkit";
import { describe, expect, test } from "vitest";
import { aesGcmEnvelope } from "./aes-gcm.ts";

/** Inputs of the fuzz; `HELIX_FUZZ_INPUTS` for a longer night, `HELIX_FUZZ_SEED` repeats a run. */
const INPUTS = Number(process.env.HELIX_FUZZ_INPUTS ?? 5000);
const SEED = Number(process.env.HELIX_FUZZ_SEED ?? Date.now() % 2 ** 31);

const OLD = randomBytes(32);
const NEW = randomBytes(32);
const BODY = Buffer.from("a row");

const refusalOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return isHelixError(error) ? { code: error.code, keyId: (error as { keyId?: string }).keyId } : error;
  }
  return undefined;
};

describe("an envelope by AES-256-GCM", () => {
  test("opens what it sealed, and shows nothing of it; the same is never sealed twice alike", () => {
    const envelope = aesGcmEnvelope({ current: "k1", keys: { k1: OLD } });
    for (const body of [Buffer.alloc(0), BODY, randomBytes(1_000_000)]) {
      const sealed = envelope.seal(body);
      expect(Buffer.compare(envelope.open(sealed), body)).toBe(0);
      expect(body.length > 0 && Buffer.from(sealed).includes(body)).toBe(false);
      expect(Buffer.compare(envelope.seal(body), sealed)).not.toBe(0);
      expect(sealed.length - body.length).toBe(2 + 2 + 12 + 16);
    }
  });

  test("seals with the current key and opens with each that it has, so that keys can be changed", () => {
    const before = aesGcmEnvelope({ current: "old", keys: { old: OLD } });
    const both = aesGcmEnvelope({ current: "new", keys: { old: OLD, new: NEW } });
    const after = aesGcmEnvelope({ current: "new", keys: { new: NEW } });
    const sealed = before.seal(BODY);
    expect(both.open(sealed)).toEqual(BODY);
    expect(after.open(both.seal(BODY))).toEqual(BODY);
    expect(refusalOf(() => after.open(sealed))).toEqual({ code: "HELIX_ENVELOPE_KEY_UNKNOWN", keyId: "old" });
  });

  test("asks for the keys again when one is missing, and keeps those it has while it is given none", () => {
    let keys: Record<string, Uint8Array> = { old: OLD };
    let fault: Error | undefined;
    const envelope = aesGcmEnvelope(() => {
      if (fault !== undefined) throw fault;
      return { current: "old", keys };
    });
    const sealed = aesGcmEnvelope({ current: "new", keys: { new: NEW } }).seal(BODY);
    expect(refusalOf(() => envelope.open(sealed))).toMatchObject({ keyId: "new" });
    fault = new Error("no such file");
    expect(refusalOf(() => envelope.open(sealed))).toMatchObject({ keyId: "new" });
    expect(envelope.open(envelope.seal(BODY))).toEqual(BODY);
    fault = undefined;
    keys = { old: OLD, new: NEW };
    expect(envelope.open(sealed)).toEqual(BODY);
  });

  test("opens nothing that was changed in any bit, cut, or sealed with another key of that id", () => {
    const envelope = aesGcmEnvelope({ current: "k1", keys: { k1: OLD } });
    const sealed = Buffer.from(envelope.seal(BODY));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(refusalOf(() => envelope.open(changed))).toHaveProperty("code");
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(refusalOf(() => envelope.open(sealed.subarray(0, length)))).toMatchObject({
        code: "HELIX_ENVELOPE_UNREADABLE",
      });
    }
    const other = aesGcmEnvelope({ current: "k1", keys: { k1: NEW } });
    expect(refusalOf(() => other.open(sealed))).toEqual({ code: "HELIX_ENVELOPE_UNREADABLE", keyId: "k1" });
  });

  test(
    `fails with a word of its own, whatever the bytes are (seed ${SEED})`,
    () => {
      const random = seededRandom(SEED);
      const envelope = aesGcmEnvelope({ current: "k1", keys: { k1: OLD } });
      const sealed = envelope.seal(BODY);
      for (let input = 0; input < INPUTS; input++) {
        const bytes = Buffer.from(sealed.subarray(0, Math.floor(random() * (sealed.length + 1))));
        for (let changes = Math.floor(random() * 4); changes > 0 && bytes.length > 0; changes--) {
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        }
        if (Buffer.compare(bytes, sealed) === 0) continue;
        const { code } = refusalOf(() => envelope.open(bytes)) as { code: string };
        if (!code.startsWith("HELIX_ENVELOPE_")) throw new Error(`${bytes.toString("hex")}: ${code}`);
      }
    },
    5000 + INPUTS,
  );

  test("takes keys as bytes, in hexadecimal and in base64", () => {
    const sealed = aesGcmEnvelope({ current: "k", keys: { k: OLD } }).seal(BODY);
    for (const k of [OLD.toString("hex"), OLD.toString("base64"), OLD.toString("hex").toUpperCase()]) {
      expect(aesGcmEnvelope({ current: "k", keys: { k } }).open(sealed)).toEqual(BODY);
    }
  });

  test.each<[string, unknown]>([
    ["no keys", { current: "k" }],
    ["a current one that is not there", { current: "j", keys: { k: OLD } }],
    ["a short key", { current: "k", keys: { k: "c2VjcmV0" } }],
    ["a key that is none", { current: "k", keys: { k: 7 } }],
    ["an id that is none", { current: "k y", keys: { "k y": OLD } }],
  ])("refuses %s, and quotes none", (_, keys) => {
    const refusal = refusalOf(() => aesGcmEnvelope(keys as never));
    expect(refusal).toBeInstanceOf(TypeError);
    expect((refusal as Error).message).not.toMatch(/c2VjcmV0|undefined/);
  });
});
