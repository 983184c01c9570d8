import type { ControlDocument } from "@helix/core";
import { decodeDocument } from "@helix/core/queue-kit";
import { headerIn, type StoredMessage } from "../connection/stored-message.ts";

/** By which key-value clients say that a key has no document any more (NATS ADR-8). */
export const OPERATION = "KV-Operation";

/** Undefined for the mark of a deletion. */
export function documentIn(key: string, message: StoredMessage): ControlDocument | undefined {
  if (headerIn(message, OPERATION) !== undefined) return undefined;
  const { seq: revision, storedAtMs, data } = message;
  return { key, revision, storedAtMs, value: decodeDocument(data) };
}
