import { duration, quantity } from "@helix/core/internal";

export { duration, quantity };

/** `12,310 dead letters`, `1 dead letter`. */
export function counted(count: number, what: string): string {
  return `${quantity(count)} ${what}${count === 1 ? "" : "s"}`;
}

/** `4 min ago`. */
export function ago(atMs: number, nowMs: number): string {
  return `${duration(Math.max(0, nowMs - atMs))} ago`;
}

/** `2026-11-29 14:03:07 UTC`: as the sentences of pods and the command line tell it. */
export function moment(atMs: number): string {
  // What somebody else has stored may be no time.
  if (!(Math.abs(atMs) <= 8.64e15)) return "?";
  const text = new Date(atMs).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} UTC`;
}

/** `14:03 UTC`; another day than today has its date. */
export function hour(atMs: number, nowMs: number): string {
  const [text, today] = [moment(atMs), moment(nowMs)];
  return text.slice(0, 10) === today.slice(0, 10) ? `${text.slice(11, 16)} UTC` : `${text.slice(0, 16)} UTC`;
}

/** Of the last minute, where that is known; or of a quarter of an hour. */
export function perSecond({
  last1Min,
  last15Min,
}: {
  readonly last1Min?: number | undefined;
  readonly last15Min?: number | undefined;
}): string {
  const known = last1Min ?? last15Min;
  return known === undefined ? "–" : quantity(known);
}
