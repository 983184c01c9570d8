import { duration, quantity } from "@helix/core/internal";

// What every command says of times and numbers.

export { duration, quantity };

/** `12,310 dead letters`, `1 dead letter`. */
export function counted(count: number, what: string): string {
  return `${quantity(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `2026-11-29 14:03:07 UTC`. */
export function moment(atMs: number): string {
  const text = isoOf(atMs);
  return text === undefined ? "?" : `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** `4 min ago`. */
export function ago(atMs: number, nowMs: number): string {
  return `${duration(Math.max(0, nowMs - atMs))} ago`;
}

/** What somebody else has stored may be no time. */
function isoOf(ms: number): string | undefined {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : undefined;
}
