import { createHash, randomBytes } from "node:crypto";
import { decodeContent, encodePayload } from "@helix/codec";
import { messageId, type ReplayPayload } from "@helix/core";
import type { Admin } from "./connection/admin.ts";
import type { StoredMessage } from "./connection/stored-message.ts";

/** Of SHA-256: 128 bits, which nobody meets by accident. */
const HEX_DIGITS = 32;

/** A name that only the same bytes have. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  // The lengths, so that no two lists of parts are one text.
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("hex").slice(0, HEX_DIGITS);
}

/**
 * Whether both are the same write: the same bytes, or payloads that differ in nothing but the time of their enqueue, as
 * copies of one redrive do. Id and life say nothing of that: whoever writes chooses them.
 */
export function isSameWrite(one: Uint8Array, other: Uint8Array): boolean {
  if (Buffer.compare(one, other) === 0) return true;
  const [a, b] = [decodeContent(one), decodeContent(other)];
  if (!a.ok || !b.ok) return false;
  const atTheSameTime = { ...b.payload, enqueuedAtMs: a.payload.enqueuedAtMs };
  return Buffer.compare(encodePayload(a.payload), encodePayload(atTheSameTime)) === 0;
}

/** What lies in a place that the stream has named: the same write, another, or nothing any more. */
export async function whatLies(
  admin: Admin,
  stream: string,
  seq: number,
  data: Uint8Array,
): Promise<"the same" | "another" | "nothing"> {
  const there = await admin.message(stream, { seq });
  if (there === undefined) return "nothing";
  return isSameWrite(there.data, data) ? "the same" : "another";
}

/**
 * Under which message id a dead letter is put back: the same for all who redrive this one, so that the stream takes one of
 * several at once, and known to nobody who cannot read the dead letters.
 */
export function redriveId(redriven: ReplayPayload, letter: StoredMessage): string {
  const { seq, storedAt, headers, data } = letter;
  return `${messageId(redriven)}.redrive-${digestOf(String(seq), storedAt, headers, data)}`;
}

/** A message id that nobody else has. */
export function newMessageId(prefix: string): string {
  return `${prefix}.copy-${randomBytes(HEX_DIGITS / 2).toString("hex")}`;
}
