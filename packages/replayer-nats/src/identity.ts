import { createHash, randomBytes } from "node:crypto";
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

/** What lies in a place that the stream has named: the same write, another, or nothing any more. */
export async function whatLies(
  admin: Admin,
  stream: string,
  seq: number,
  isThat: (data: Uint8Array) => boolean,
): Promise<"the same" | "another" | "nothing"> {
  const there = await admin.message(stream, { seq });
  if (there === undefined) return "nothing";
  return isThat(there.data) ? "the same" : "another";
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
