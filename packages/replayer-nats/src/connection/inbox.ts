import { randomBytes } from "node:crypto";
import type { Subscription } from "@nats-io/nats-core";

/** A reply subject that nobody else has: 16 random hexadecimal digits, so that it stays short on the wire. */
export function newInbox(prefix: string): string {
  return `${prefix}.${randomBytes(8).toString("hex")}`;
}

/** Ends a subscription, if there is one that has not ended. Never throws. */
export function unsubscribe(subscription: Subscription | undefined): void {
  if (subscription?.isClosed() !== false) return;
  try {
    subscription.unsubscribe();
  } catch {
    // The connection is closed.
  }
}
