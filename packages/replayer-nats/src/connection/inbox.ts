import { randomBytes } from "node:crypto";

/** A reply subject that nobody else has: 16 random hexadecimal digits, so that it stays short on the wire. */
export function newInbox(prefix: string): string {
  return `${prefix}.${randomBytes(8).toString("hex")}`;
}
