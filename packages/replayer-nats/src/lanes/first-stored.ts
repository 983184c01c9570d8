import type { Msg } from "@nats-io/nats-core";
import { headerBlockOf, headerIn } from "../connection/stored-message.ts";

/** On a message that was brought back into its lane: when it was stored there for the first time. */
export const FIRST_STORED_HEADER = "Helix-First-Stored";

/**
 * Since when a message is in the lanes: by its header, if that says an earlier time than the one when this copy was stored. What
 * is brought back again and again would otherwise be young for ever. Milliseconds since 1970, by the server's clock.
 */
export function firstStoredMs(said: string | undefined, storedAtMs: number): number {
  if (said === undefined || !/^[1-9]\d{0,14}$/.test(said)) return storedAtMs;
  return Math.min(Number(said), storedAtMs);
}

/** What a message says of it. All messages are asked, so the library is not: it reads all headers of one, or throws for an odd one. */
export function firstStoredIn(message: Msg, data: Uint8Array): string | undefined {
  return headerIn({ headers: headerBlockOf(message, data) }, FIRST_STORED_HEADER);
}
