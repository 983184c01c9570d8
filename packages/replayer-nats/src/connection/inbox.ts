import { randomBytes } from "node:crypto";
import type { Subscription } from "@nats-io/nats-core";

/** A reply subject that nobody else has: 16 random hexadecimal digits, so that it stays short on the wire. */
export function newInbox(prefix: string): string {
  return `${prefix}.${randomBytes(8).toString("hex")}`;
}

/** What a server has said against a subscription, and what cures it: all that the queue subscribes to are inboxes. */
export function unheardText(said: string, prefix: string): string {
  return `${said}: answers come to what begins with \`${prefix}\`. Give what this user may subscribe to as \`inboxPrefix\``;
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
