import { encodePayload } from "@helix/codec";
import { createPayload, isHelixError, type MessageContent } from "@helix/core";
import { expect, test } from "vitest";
import { Bodies } from "./bodies.ts";
import { aesGcmEnvelope } from "./envelope/aes-gcm.ts";

const payload = createPayload({
  targetCluster: "B",
  operation: { kind: "statement", query: "INSERT INTO ks.t (id) VALUES (?)", params: ["a row"] },
  timestampMicros: 1n,
});
const envelope = aesGcmEnvelope({ current: "k", keys: { k: Buffer.alloc(32, 1) } });
const sealing = new Bodies({ envelope });
const plain = new Bodies();
const sealed = sealing.encode(payload, 10_000);

function faultOf(content: MessageContent): string | undefined {
  return content.ok ? undefined : content.error.code;
}

test("a sealed body shows no row, and is read by whoever has the envelope, in its lane", () => {
  expect(Buffer.from(sealed).includes("a row")).toBe(false);
  expect(sealing.read(sealed, "high.B")).toMatchObject({ ok: true, payload: { id: payload.id } });
});

test("a sealed body that is moved to another lane is none", () => {
  const moved = sealing.read(sealed, "low.B");
  expect(faultOf(moved)).toBe("HELIX_PAYLOAD_INVALID");
  expect(moved.ok || moved.raw).toEqual(new Uint8Array(sealed));
});

test("without an envelope a sealed body waits for one, and an unsealed one is read by who has one", () => {
  expect(faultOf(plain.read(sealed))).toBe("HELIX_ENVELOPE_KEY_UNKNOWN");
  expect(sealing.read(plain.encode(payload, 10_000)).ok).toBe(true);
});

test("what is not sealed is refused where nothing else is taken", () => {
  const strict = new Bodies({ envelope, sealedOnly: true });
  expect(faultOf(strict.read(plain.encode(payload, 10_000)))).toBe("HELIX_ENVELOPE_UNREADABLE");
  expect(strict.read(sealed).ok).toBe(true);
});

test("what was changed keeps its sealed bytes, to be looked at", () => {
  const changed = Uint8Array.from(sealed, (byte, at) => (at === sealed.length - 1 ? byte ^ 1 : byte));
  const content = sealing.read(changed);
  expect(content).toMatchObject({ ok: false, raw: changed, error: { keyId: "k" } });
  expect(faultOf(content)).toBe("HELIX_ENVELOPE_UNREADABLE");
});

test("what is taken at most is counted with the seal", () => {
  const bytes = encodePayload(payload).length;
  expect(() => sealing.encode(payload, bytes)).toThrow(/sealed payload has \d+ bytes/);
  expect(sealing.encode(payload, sealed.length).length).toBe(sealed.length);
});

test("the same write is the same, however often and with whatever key it was sealed", () => {
  const other = { ...payload, timestampMicros: 2n };
  expect(sealing.areSame(sealed, sealing.encode(payload, 10_000))).toBe(true);
  expect(sealing.areSame(sealed, plain.encode(payload, 10_000))).toBe(true);
  expect(sealing.areSame(sealed, sealing.encode(other, 10_000))).toBe(false);
});

test("an envelope that fails in its own way, or gives no bytes, has not opened anything, and has not sealed anything", () => {
  const open = () => {
    throw new Error("a row");
  };
  const failing = new Bodies({ envelope: { seal: () => "text" as never, open } });
  const content = failing.read(sealed);
  expect(faultOf(content)).toBe("HELIX_ENVELOPE_UNREADABLE");
  expect(content.ok || content.error.message).not.toContain("a row");
  expect(faultOf(new Bodies({ envelope: { ...envelope, open: () => "x" as never } }).read(sealed))).toBe(
    "HELIX_ENVELOPE_UNREADABLE",
  );
  expect(() => failing.encode(payload, 10_000)).toThrow(TypeError);
});

test("no payload begins as a sealed one does", () => {
  const heads = [...Array(256).keys()].filter((head) => {
    const content = plain.read(Uint8Array.of(head, 0x48, 0x45, 0x31));
    return !content.ok && isHelixError(content.error, "HELIX_ENVELOPE_KEY_UNKNOWN");
  });
  expect(heads).toEqual([0xc1]);
});

test("a text that may quote a row is sealed as the row is, and is none where it cannot be opened", () => {
  const text = "the canary is refused";
  const bytes = sealing.encodeText(text);
  expect(Buffer.from(bytes).includes("canary")).toBe(false);
  expect([sealing.readText(bytes), plain.readText(bytes)]).toEqual([text, undefined]);
  expect(sealing.readText(plain.encodeText(text))).toBe(text);
  expect(sealing.encodeText("").length).toBe(0);
});
